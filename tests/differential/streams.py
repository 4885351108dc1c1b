# SPDX-License-Identifier: MIT
"""Files made by hand: DEFLATE data bit by bit, headers field by field, and damage."""

import zlib

import wdtest
from wdtest import deflate, header, member, stored, subfield, trailer

TEXT = wdtest.text(700, seed=3)
LONG = wdtest.text(90000, seed=4)


class Bits:
    """DEFLATE's order: values from their lowest bit on, codes from their highest."""

    def __init__(self):
        self.out, self.acc, self.fill = bytearray(), 0, 0

    def value(self, value, count):
        self.acc |= value << self.fill
        self.fill += count
        while self.fill >= 8:
            self.out.append(self.acc & 255)
            self.acc >>= 8
            self.fill -= 8
        return self

    def code(self, code, count):
        for bit in reversed(range(count)):
            self.value(code >> bit & 1, 1)
        return self

    def align(self, padding=0):
        if self.fill:
            self.value(padding & (1 << (8 - self.fill)) - 1, 8 - self.fill)
        return self

    def bytes(self, padding=0):
        return bytes(self.align(padding).out)


def put_fixed(bits, symbol):
    """A literal or length in the fixed code."""
    if symbol < 144:
        bits.code(0x30 + symbol, 8)
    elif symbol < 256:
        bits.code(0x190 + symbol - 144, 9)
    elif symbol < 280:
        bits.code(symbol - 256, 7)
    else:
        bits.code(0xc0 + symbol - 280, 8)


def fixed(items, final=1, end=True, padding=0):
    """A block of numbers, literals, and of (symbol, extra bits, their value) codes.

    A distance is a tuple that begins with None.
    """
    bits = Bits().value(final, 1).value(1, 2)
    for item in items:
        if isinstance(item, int):
            put_fixed(bits, item)
        elif item[0] is None:
            bits.code(item[1], 5).value(item[3], item[2])
        else:
            put_fixed(bits, item[0])
            bits.value(item[2], item[1])
    if end:
        put_fixed(bits, 256)
    return bits.bytes(padding)


ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


def codes(lengths):
    """The codes that belong to code lengths, as RFC 1951 has it."""
    result, code = {}, 0
    for length in range(1, 16):
        code <<= 1
        for symbol, have in enumerate(lengths):
            if have == length:
                result[symbol] = (code, length)
                code += 1
    return result


def dynamic(lengths, distances, items, hclen=19, meta=None, final=1, hlit=None,
            hdist=None):
    """A block with these code lengths, written one by one; meta are those of the
    code lengths' own code."""
    bits = Bits().value(final, 1).value(2, 2)
    bits.value(len(lengths) - 257 if hlit is None else hlit, 5)
    bits.value(len(distances) - 1 if hdist is None else hdist, 5)
    bits.value(hclen - 4, 4)
    meta = meta or [4] * 16 + [0] * 3
    for symbol in ORDER[:hclen]:
        bits.value(meta[symbol], 3)
    table = codes(meta)
    for length in [*lengths, *distances]:
        if length in table:
            bits.code(*table[length])
    table, far = codes(lengths), codes(distances)
    for item in items:
        if isinstance(item, int):
            bits.code(*table[item])
        elif item[0] is None:
            bits.code(*far[item[1]]).value(item[3], item[2])
        else:
            bits.code(*table[item[0]]).value(item[2], item[1])
    return bits.bytes()


def some_lengths(used, size=257):
    """Code lengths where only some symbols are used."""
    return [used.get(n, 0) for n in range(size)]


# ---- DEFLATE data ----

def blocks():
    """Good data, of all kinds of blocks, and what it holds."""
    a, b = 97, 98
    yield "stored", stored(TEXT), TEXT
    yield "stored-empty", stored(b""), b""
    yield "stored-many", stored(TEXT, block=7), TEXT
    yield "stored-largest", stored(bytes(65535)), bytes(65535)
    yield "empty-blocks", stored(b"", False) * 300 + stored(b"x"), b"x"
    yield "fixed-empty", fixed([]), b""
    yield "fixed-empty-many", Bits().value(
        sum(2 << 10 * n for n in range(50)), 500).value(3, 10).bytes(), b""
    yield "fixed", fixed(TEXT), TEXT
    yield "fixed-all", fixed(range(256)), bytes(range(256))
    yield "fixed-run", fixed([a, (285, 0, 0), (None, 0, 0, 0)]), b"a" * 259
    yield "length-258-twice", fixed([a, (284, 5, 31), (None, 0, 0, 0)]), b"a" * 259
    yield "padding-ones", fixed([a], padding=255), b"a"
    far = stored(LONG[:32768], False)
    yield "farthest", far + fixed([(257, 0, 0), (None, 29, 13, 8191)]), \
        LONG[:32768] + LONG[:3]
    yield "one-code", dynamic(some_lengths({a: 1, 256: 1}), [0], [a, a, 256]), b"aa"
    yield "no-distances", dynamic(some_lengths({a: 2, b: 2, 256: 1}), [0],
                                  [a, b, 256]), b"ab"
    yield "one-distance", dynamic(
        some_lengths({a: 2, 257: 2, 256: 1}, 258), [1],
        [a, (257, 0, 0), (None, 0, 0, 0), 256]), b"aaaa"
    yield "longest-codes", dynamic(
        some_lengths({n: n + 1 for n in range(14)} | {14: 15, 256: 15}), [0],
        [*range(15), 256]), bytes(range(15))
    yield "all-lengths", dynamic([8] * 254 + [9] * 4, [5] * 30 + [0] * 0,
                                 [1, 2, 256], hdist=29), b"\1\2"
    yield "mixed-blocks", stored(b"abc", False) + fixed(b"def", 0) + b"", None
    for wbits in (9, 10, 12, 15):
        yield "window-%d" % wbits, deflate(LONG, wbits=-wbits), LONG


def bad_blocks():
    a = 97
    yield "reserved-type", b"\x07"
    yield "stored-wrong-length", b"\x01\x05\x00\xfb\xff" + b"hello"
    yield "stored-cut", b"\x01\x05\x00\xfa\xffhel"
    yield "stored-length-cut", b"\x01\x05"
    yield "too-far", fixed([a, (257, 0, 0), (None, 1, 0, 0)])
    yield "far-at-once", fixed([(257, 0, 0), (None, 0, 0, 0)])
    yield "much-too-far", fixed([*TEXT, (285, 0, 0), (None, 29, 13, 8191)])
    yield "length-286", fixed([a, (286, 0, 0), (None, 0, 0, 0)])
    yield "length-287", fixed([a, (287, 0, 0), (None, 0, 0, 0)])
    yield "distance-30", fixed([a, (257, 0, 0), (None, 30, 0, 0)])
    yield "distance-31", fixed([a, (257, 0, 0), (None, 31, 0, 0)])
    yield "no-end", fixed([a], end=False)
    yield "too-many-codes", dynamic(some_lengths({n: 1 for n in (1, 2, 256)}), [0], [256])
    yield "too-few-codes", dynamic(some_lengths({a: 3, 256: 3}), [0], [a, 256])
    yield "no-end-code", dynamic(some_lengths({a: 1, 98: 1}), [0], [a])
    yield "no-codes", dynamic(some_lengths({}), [0], [])
    yield "only-end-code", dynamic(some_lengths({256: 1}), [0], [256])
    yield "too-few-distances", dynamic(some_lengths({a: 1, 256: 1}), [2, 2], [a, 256])
    yield "too-many-distances", dynamic(some_lengths({a: 1, 256: 1}), [1, 1, 1],
                                        [a, 256])
    yield "hlit-31", dynamic([8] * 256, [0], [], hlit=31)
    yield "hdist-31", dynamic(some_lengths({a: 1, 256: 1}), [5] * 32, [a, 256])
    yield "meta-too-many", dynamic(some_lengths({}), [0], [], meta=[1] * 3 + [0] * 16)
    yield "meta-empty", dynamic(some_lengths({}), [0], [], meta=[0] * 19 + [])
    yield "repeat-first", Bits().value(5, 3).value(0, 14).value(
        0, 3).value(0xffff, 16).bytes()


# ---- members ----

def from_blocks():
    for name, raw, data in blocks():
        if data is not None:
            yield "block-" + name, member(data, raw=raw)
    for name, raw in bad_blocks():
        yield "bad-" + name, header(name=b"n") + raw + trailer(b"a")
        yield "bad-later-" + name, header() + stored(LONG[:40000], False) + raw + \
            trailer(b"a")


def headers():
    yield "hcrc", member(TEXT, hcrc=True)
    yield "text-flag", member(TEXT, flags=1)
    yield "everything", member(TEXT, name=b"n", comment=b"c", hcrc=True,
                               extra=subfield("ab", b"cd"), flags=1, mtime=99)
    for size in (0, 1, 4, 255, 65535):
        yield "extra-%d" % size, member(TEXT, extra=bytes(size))
    yield "extra-lies", member(TEXT, extra=b"ab\xff\xffx")
    for size in (0, 1, 200, 4096, 70000):
        yield "comment-%d" % size, member(TEXT, comment=b"c" * size)
    for name in (b"", b"n", b"a/b", b"\xff", b"x" * 300, b"n" * 1023):
        yield "name-%d-%s" % (len(name), name[:3].hex()), member(TEXT, name=name)
    for mtime in (0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1):
        yield "mtime-%d" % mtime, member(TEXT, mtime=mtime)
    for xfl in (0, 1, 2, 4, 255):
        yield "xfl-%d" % xfl, member(TEXT, xfl=xfl)
    for system in (0, 1, 7, 11, 13, 255):
        yield "os-%d" % system, member(TEXT, os=system)


def bad_headers():
    good = member(TEXT, name=b"n")
    for method in (0, 1, 7, 9, 255):
        yield "method-%d" % method, good[:2] + bytes([method]) + good[3:]
    for flags in (0x20, 0x40, 0x80, 0xe0, 0xff, 0x28):
        yield "flags-%02x" % flags, good[:3] + bytes([flags]) + good[4:]
        yield "later-flags-%02x" % flags, member(b"first") + good[:3] + \
            bytes([flags]) + good[4:]
    for magic in (b"\x1f\x8c", b"\x1f\x9e", b"\x1e\x8b", b"\x8b\x1f"):
        yield "magic-" + magic.hex(), magic + good[2:]
    hcrc = bytearray(member(TEXT, hcrc=True))
    hcrc[10] ^= 1
    yield "wrong-hcrc", bytes(hcrc)
    yield "later-wrong-hcrc", member(TEXT) + bytes(hcrc)
    yield "later-method", member(TEXT) + good[:2] + b"\x07" + good[3:]
    yield "crc", member(TEXT, crc=0)
    yield "size", member(TEXT, isize=1)
    yield "crc-and-size", member(TEXT, crc=0, isize=1)
    yield "later-crc", member(TEXT) + member(LONG, crc=1)
    yield "later-size", member(TEXT) + member(LONG, isize=1)
    yield "first-crc", member(TEXT, crc=1) + member(LONG)
    yield "name-without-end", header()[:3] + b"\x08" + header()[4:] + b"name"


def cuts():
    """A member with all there can be, cut at each byte of its header and trailer."""
    whole = member(TEXT, name=b"name", comment=b"comment", hcrc=True,
                   extra=subfield("ab", b"cdef"))
    head = len(whole) - 8 - len(deflate(TEXT))
    places = [*range(head + 3), head + 100, *range(len(whole) - 10, len(whole))]
    for place in places:
        yield "cut-%d" % place, whole[:place]
    for place in (1, 2, 3, 9, 10, 11, 50, len(whole) - 1):
        yield "later-cut-%d" % place, member(b"first") + whole[:place]


def sequences():
    one, two, none = member(TEXT), member(LONG, level=1), member(b"")
    yield "two", one + two
    yield "empty-and-one", none + one
    yield "empty-ones", none * 1000
    yield "many", b"".join(member(b"%d\n" % n, name=b"n%d" % n) for n in range(200))
    yield "names", member(TEXT, name=b"first") + member(TEXT, name=b"second")
    yield "times", member(TEXT, mtime=5) + member(TEXT, mtime=77)
    for size in (1, 2, 3, 511, 512, 513, 70000):
        yield "zeros-%d" % size, one + bytes(size)
        yield "zeros-between-%d" % size, one + bytes(size) + one
    for rest in (b"x", b"xy", b"\0x", b"x\0", b"\0\0x", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08",
                 b"\x1f\x00", b"\x1f\x1f\x8b", b"\x1f\x9d", b"\x1f\x1e", b"\x1f\xa0",
                 b"PK\3\4", b"BZh", b"\0\x1f", b"\0\x1f\x8b", b"\n", b"\r\n", b"\x1a",
                 b"some text\n", b"\xff" * 10, bytes(5) + b"text", b"\x8b\x1f",
                 b"\x1f\x8b" * 10, b"\x1f\x8b\x00"):
        yield "rest-" + rest[:12].hex(), one + rest
    yield "rest-long", one + LONG
    yield "rest-then-member", one + b"xx" + one
    yield "before-x", b"x" + one
    yield "before-zero", b"\0" + one
    yield "before-line", b"\n" + one


def others():
    """What is no gzip data."""
    yield "nothing", b""
    for data in (b"x", b"\0", b"\x1f", b"\x1f\x8b", b"\n", b"xy", b"text\n", bytes(100),
                 b"BZh91AY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08",
                 b"\x78\x9c\x03\0\0\0\0\1", b"\x1f\xa1\0"):
        yield "no-" + data[:6].hex(), data
    yield "zlib", zlib.compress(TEXT)
    yield "raw", deflate(TEXT)


def files():
    """All of them: a name and the bytes."""
    for part in (from_blocks, headers, bad_headers, cuts, sequences, others):
        yield from part()

