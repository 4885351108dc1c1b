# SPDX-License-Identifier: MIT
"""Give damaged files of other formats to gzip and to wdzip, and compare.

usage: foreign.py lzw|zip COUNT [SEED]

Status and output must be the same, but where wdzip is known to see more: its
status may then be 1 instead of 0 or 2, for one of the reasons in `SEES_MORE`.
"""
import random
import subprocess
import sys

from wdtest import deflate, lzw, member, text


def run(command, data):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr.decode("latin1")


def damage(rng, data):
    """One of the things that happen to files."""
    data = bytearray(data)
    at = rng.randrange(len(data))
    kind = rng.randrange(6)
    if kind == 0:
        del data[at:]
    elif kind == 1:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        data[rng.randrange(min(len(data), 40))] = rng.randrange(256)
    elif kind == 3:
        data[at:at] = rng.randbytes(rng.randint(1, 9))
    elif kind == 4:
        del data[at:at + rng.randint(1, 9)]
    else:
        data += rng.choice((b"\0", bytes(16), rng.randbytes(3), bytes(data)))
    return bytes(data)


def lzw_seeds(rng):
    noise = rng.randbytes(3000)
    for bits in (10, 12, 13, 16):
        for data in (text(300), text(20000), noise + text(3000) + noise):
            for every in (None, 0, 700):
                yield lzw(data, bits, every)
    yield member(b"before") + lzw(text(3000))


# The header tells of codes that compress never had; nothing can be said of them.
def lzw_is_nonsense(data):
    return len(data) > 2 and data[:2] == b"\x1f\x9d" and data[2] & 0x1f < 10


def compare(data, sees_more, is_nonsense):
    for how in "-dc", "-t":
        want = run(["gzip", how], data)
        got = run(["wdzip", how], data)
        if got[:2] == want[:2] or is_nonsense(data) and got[0] == want[0]:
            continue
        if got[0] == 1 and got[1] == want[1] and \
                any(why in got[2] for why in sees_more):
            continue
        sys.exit("%s of %s... (%d bytes): gzip %r, wdzip %r" % (
            how, data[:40].hex(), len(data),
            (want[0], len(want[1]), want[2]), (got[0], len(got[1]), got[2])))


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    seeds, sees_more, is_nonsense = KINDS[kind]
    seeds = list(seeds(rng))
    for _ in range(count):
        compare(damage(rng, rng.choice(seeds)), sees_more, is_nonsense)


KINDS = {
    "lzw": (lzw_seeds, ("unexpected end of file",), lzw_is_nonsense),
}

main()
