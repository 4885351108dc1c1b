# SPDX-License-Identifier: MIT
"""Round trips in bulk, for roundtrip.bats.

roundtrip.py all LEVEL         every format, thread count, chunk size and way of
                               input at this level
roundtrip.py kind KIND SIZE    one kind of data at several levels
roundtrip.py edges             sizes around the borders of chunks
roundtrip.py pieces            input that comes in pieces of odd sizes
roundtrip.py repeat LEVEL N    N runs with each of several thread counts
roundtrip.py small LEVEL       sizes 0 to 2000 against gzip
"""

import concurrent.futures
import os
import random
import subprocess
import sys

import wdtest

SLOW = int(os.environ.get("WD_SLOW", "1"))
# The ZIP engine makes what it makes, at all levels alike; where the CPU works beside it,
# which of them does a chunk is a matter of time.
ENGINE = os.environ.get("WD_TEST_ENGINE")

# Options for compression, options for decompression.
FORMATS = [
    (["-n"], []),
    (["-z"], ["-z"]),
    (["--format=deflate"], ["--format=deflate"]),
    (["-n", "--members=qz"], []),
    (["-n", "--members=mz"], []),
    (["-n", "--members=bgzf"], []),
]


def run(args, data=None, path=None):
    """Standard output of a command that must succeed without a word.

    Its input is data, through a pipe, or the file path, as standard input.
    """
    if path is not None:
        with open(path, "rb") as f:
            done = subprocess.run(args, stdin=f, capture_output=True)
    elif data is not None:
        done = subprocess.run(args, input=data, capture_output=True)
    else:
        done = subprocess.run(args, stdin=subprocess.DEVNULL,
                              capture_output=True)
    if done.returncode or done.stderr:
        sys.exit("%s: status %d, %r" % (" ".join(args), done.returncode,
                                        done.stderr[:500]))
    return done.stdout


def check(what, got, want):
    if got != want:
        at = next((n for n in range(min(len(got), len(want)))
                   if got[n] != want[n]), min(len(got), len(want)))
        sys.exit("%s: %d bytes, expected %d, differ at %d" %
                 (what, len(got), len(want), at))


def check_packed(what, got, want, back):
    """The same bytes as ever, or at least the same data."""
    if ENGINE == "hybrid":
        got, want = (run(["wdunzip"] + back, data=packed)
                     for packed in (got, want))
    check(what, got, want)


def in_parallel(function, cases):
    """The first failure ends the program."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(function, *case) for case in cases]:
            try:
                done.result()
            except SystemExit as failure:
                pool.shutdown(cancel_futures=True)
                print(failure, file=sys.stderr)
                os._exit(1)


def there_and_back(options, back, data, path):
    """All ways to compress give the same, all ways to decompress too.

    Only the default chunk size may differ where the size of the input is not
    known beforehand.
    """
    by_name = by_pipe = None
    for threads in ("-p1", "-p2", "-p3"):
        args = ["wdzip", threads] + options
        what = " ".join(args)
        out = run(args + ["-c", path])
        by_name = by_name or out
        check_packed(what + " against -p1", out, by_name, back)
        out = run(args, data=data)
        by_pipe = by_pipe or (by_name if "-b" in options else out)
        check_packed(what + " from a pipe", out, by_pipe, back)

    name = write_temp(by_name)
    for threads in ("-p1", "-p3"):
        args = ["wdunzip", threads] + back
        what = "wdunzip %s after wdzip %s" % (threads, " ".join(options))
        check(what + " from a file", run(args, path=name), data)
        check(what + " from a pipe", run(args, data=by_pipe), data)
    return by_name


temps = []


def write_temp(data):
    name = "temp%d" % len(temps)
    temps.append(name)
    wdtest.write(name, data)
    return name


def do_all(level):
    data = wdtest.mixed(100000, 3)
    wdtest.write("m", data)
    cases = []
    for options, back in FORMATS:
        for chunk in ([], ["-b", "32K"], ["-b", "50000"]):
            cases.append((["--level=" + level] + options + chunk, back, data,
                          "m"))
    in_parallel(there_and_back, cases[::SLOW])


def do_kind(kind, size):
    data = wdtest.KINDS[kind](int(size), 7)
    wdtest.write("d", data)

    def one(options):
        out = there_and_back(options, [], data, "d")
        check("zlib after " + " ".join(options),
              wdtest.zlib.decompress(out, 31), data)

    cases = [(["-n", "-" + level] + chunk,) for level in "1369"
             for chunk in ([], ["-b", "256K"])]
    in_parallel(one, cases[::min(SLOW, 3)])


def do_edges():
    sizes = sorted({size + more for size in (0, 32 << 10, 64 << 10, 96 << 10,
                                             128 << 10, 65535, 2 * 65535)
                    for more in (-2, -1, 0, 1, 2, 3) if size + more >= 0})
    data = wdtest.mixed(max(sizes), 5)
    for size in sizes:
        wdtest.write("f%06d" % size, data[:size])
    names = ["f%06d" % size for size in sizes]
    for level in ("1", "2", "3", "6", "8", "9"):
        run(["wdzip", "-nkf", "-" + level, "-b", "32K", "-p3"] + names)
        for size, name in zip(sizes, names):
            check("zlib, level %s, size %d" % (level, size),
                  wdtest.zlib.decompress(wdtest.read(name + ".gz"), 31),
                  data[:size])
        for threads in ("-p1", "-p3"):
            check("level %s, all sizes, %s" % (level, threads),
                  run(["wdunzip", threads, "-c"] +
                      [name + ".gz" for name in names]),
                  b"".join(data[:size] for size in sizes))


def feed(args, data, seed):
    """Write data to a pipe in pieces of 1 to 100000 bytes."""
    rng = random.Random(seed)
    proc = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def write_pieces():
        at = 0
        while at < len(data):
            size = int(10 ** rng.uniform(0, 5)) if at > 300 else 1
            os.write(proc.stdin.fileno(), data[at:at + size])
            at += size
        proc.stdin.close()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(write_pieces)
        got = proc.stdout.read()
        done.result()
    if proc.wait():
        sys.exit("%s: status %d" % (" ".join(args), proc.returncode))
    return got


def do_pieces():
    data = wdtest.mixed(1 << 20, 9)
    wdtest.write("m", data)
    for options, back in FORMATS:
        args = options + ["-b", "64K"]
        want = run(["wdzip", "-c"] + args + ["m"])
        for seed in range(3):
            check_packed("pieces to wdzip %s" % " ".join(args),
                         feed(["wdzip"] + args, data, seed), want, back)
            check("pieces to wdunzip %s" % " ".join(back),
                  feed(["wdunzip", "-p%d" % (seed + 1)] + back, want, seed),
                  data)


def do_repeat(level, runs):
    data = wdtest.mixed(200000, 13)
    wdtest.write("m", data)
    args = ["wdzip", "-nc", "--level=" + level, "-b", "32K", "m"]
    want = run(args)
    for threads in ("-p1", "-p2", "-p3", "-p8"):
        in_parallel(lambda n: check_packed("level %s, %s, run %d" % (level, threads, n),
                                           run(args + [threads]), want, []),
                    [(n,) for n in range(max(int(runs) // SLOW, 3))])


def do_small(level):
    sources = {"text": 1, "noise": 13, "zeros": 13, "records": 13, "mixed": 7}
    names = []
    for kind, step in sources.items():
        data = wdtest.KINDS[kind](2000, 11)
        for size in range(0, 2001, step * SLOW):
            name = "%s%04d" % (kind, size)
            wdtest.write(name, data[:size])
            names.append(name)
    run(["gzip", "-nk", "-S", ".ref", "-" + level] + names)
    run(["wdzip", "-nk", "-" + level] + names)
    larger = []
    for name in names:
        mine, ref = (os.stat(name + suffix).st_size for suffix in (".gz", ".ref"))
        if mine > ref:
            larger.append("%s: %d, gzip: %d" % (name, mine, ref))
        check(name, wdtest.zlib.decompress(wdtest.read(name + ".gz"), 31),
              wdtest.read(name))
    if larger and not ENGINE:
        sys.exit("level %s: %d of %d larger than gzip's:\n%s" % (
            level, len(larger), len(names), "\n".join(larger[:20])))


globals()["do_" + sys.argv[1]](*sys.argv[2:])
