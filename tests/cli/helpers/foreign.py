# SPDX-License-Identifier: MIT
"""Give damaged files of other formats to gzip and to wdzip, and compare.

usage: foreign.py lzw|zip COUNT [SEED]

Status and output must be the same, but for what is said of each format below.
"""
import random
import subprocess
import sys

from wdtest import lzw, member, text
from wdzips import zipped


def run(command, data):
    """Status, output and messages."""
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


# ---- compress ----

def lzw_seeds(rng):
    noise = rng.randbytes(3000)
    for bits in (10, 12, 13, 16):
        for data in (text(300), text(20000), noise + text(3000) + noise):
            for every in (None, 0, 700):
                yield lzw(data, bits, every), None
    yield member(b"before") + lzw(text(3000)), None


def lzw_agrees(data, _, want, got):
    if got[:2] == want[:2]:
        return True
    # Half a code at the end: gzip does not mind.
    if got[0] == 1 and "unexpected end of file" in got[2]:
        return got[1] == want[1]
    # Codes that no compress ever had: gzip goes on a little.
    return got[0] == want[0] and data[:2] == b"\x1f\x9d" and data[2] & 0x1f < 10


# ---- zip ----

def zip_seeds(rng):
    for entries in ([text(20000)], [rng.randbytes(300)], [b""],
                    [text(300), b"second"]):
        for method in (0, 8):
            for pipe in (False, True):
                for zip64 in (False, True):
                    yield zipped(entries, method, pipe, zip64), entries[0]


def zip_agrees(_, plain, want, got):
    """gzip knows less of zip; but what is called good must be."""
    if got[0] in (0, 2):
        return got[1] == plain
    shorter, longer = sorted((got[1], want[1]), key=len)
    return bool(got[2]) and longer.startswith(shorter)


# ---- the whole ----

KINDS = {
    "lzw": (lzw_seeds, lzw_agrees),
    "zip": (zip_seeds, zip_agrees),
}


def compare(data, plain, agrees):
    want, got = (run([tool, "-dc"], data) for tool in ("gzip", "wdzip"))
    tested = run(["wdzip", "-t"], data)
    if not agrees(data, plain, want, got) or tested[0] != got[0] or tested[1]:
        sys.exit("%s... (%d bytes): gzip %r, wdzip %r, -t %r" % (
            data[:40].hex(), len(data), (want[0], len(want[1]), want[2]),
            (got[0], len(got[1]), got[2]), tested))


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    seeds, agrees = KINDS[kind]
    seeds = list(seeds(rng))
    for data, plain in seeds:
        compare(data, plain, agrees)
    for _ in range(count):
        data, plain = rng.choice(seeds)
        compare(damage(rng, data), plain, agrees)


main()
