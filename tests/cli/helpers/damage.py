# SPDX-License-Identifier: MIT
"""Damaged input in bulk, for corrupt.bats.

damage.py cut FILE ORIGINAL      every truncation of FILE
damage.py flip FILE ORIGINAL     every single bit of FILE inverted
damage.py noise FILE ORIGINAL N  N random changes of FILE

Each damaged file goes through wdunzip with one and with three threads, and, for
comparison, through gzip.  A truncated file must give status 1 and a prefix of the
original that is no shorter than gzip's.  Whatever else happens to a file,
the status is gzip's, and if it is not 1 the bytes are gzip's, too.  One
exception: decoders differ in whether they mind a code that is impossible but not
used; then the original bytes, all of them, with status 0 will do.
"""

import concurrent.futures
import os
import random
import subprocess
import sys

import wdtest

SLOW = int(os.environ.get("WD_SLOW", "1"))
TOOLS = [["wdunzip", "-p1", "-c"], ["wdunzip", "-p3", "-c"]]
failures = []


def run(args, data):
    done = subprocess.run(args, input=data, capture_output=True)
    return done.returncode, done.stdout, done.stderr


def cut(data, original, size):
    damaged = data[:size]
    ref_status, ref_out, _ = run(["gzip", "-dc"], damaged)
    complete = ref_status == 0      # the cut is between two members
    for tool in TOOLS:
        status, out, err = run(tool, damaged)
        if status != ref_status:
            failures.append("%s, cut at %d: status %d, gzip's %d: %r" %
                            (tool[1], size, status, ref_status, err))
        elif not original.startswith(out):
            failures.append("%s, cut at %d: wrong bytes" % (tool[1], size))
        elif len(out) < len(ref_out) or (complete and out != ref_out):
            failures.append("%s, cut at %d: %d bytes, gzip gives %d" %
                            (tool[1], size, len(out), len(ref_out)))
        elif not complete and b"unexpected end of file" not in err:
            failures.append("%s, cut at %d: says %r" % (tool[1], size, err))


def compare(what, damaged, original):
    ref_status, ref_out, ref_err = run(["gzip", "-dc"], damaged)
    for tool in TOOLS:
        status, out, err = run(tool, damaged)
        if status == 0 and ref_status == 1 and out == original:
            continue
        if status != ref_status:
            failures.append("%s, %s: status %d, gzip's %d; %r; gzip: %r" %
                            (tool[1], what, status, ref_status, err, ref_err))
        elif status != 1 and out != ref_out:
            failures.append("%s, %s: status %d and wrong bytes" %
                            (tool[1], what, status))


def flip(data, original, bit):
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    compare("byte %d, bit %d" % (bit // 8, bit % 8), bytes(damaged), original)


def change(data, original, seed):
    rng = random.Random(seed)
    damaged = bytearray(data)
    for n in range(rng.randint(1, 4)):
        at = rng.randrange(10, len(damaged))
        how = rng.randrange(4)
        if how == 0:
            damaged[at] = rng.randrange(256)
        elif how == 1:
            del damaged[at:at + rng.randint(1, 20)]
        elif how == 2:
            damaged[at:at] = rng.randbytes(rng.randint(1, 20))
        else:
            size = rng.randint(1, 50)
            source = rng.randrange(len(damaged))
            damaged[at:at + size] = damaged[source:source + size]
        if len(damaged) < 20:
            break
    compare("change %d" % seed, bytes(damaged), original)


def main():
    how, name, original = sys.argv[1:4]
    data, original = wdtest.read(name), wdtest.read(original)
    if how == "cut":
        function, cases = cut, range(0, len(data))
    elif how == "flip":
        function, cases = flip, range(0, len(data) * 8)
    else:
        function, cases = change, range(int(sys.argv[4]))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(function, data, original, case)
                     for case in cases[::SLOW]]:
            done.result()
    for line in failures[:20]:
        print(line)
    if failures:
        sys.exit("%d of %d cases failed" % (len(failures),
                                            len(cases[::SLOW]) * len(TOOLS)))


main()
