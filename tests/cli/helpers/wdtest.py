# SPDX-License-Identifier: MIT
"""Generated data, and readers and writers of the formats, for the tests.

Everything here is straightforward rather than fast, and shares nothing with
the programs under test.
"""

import random
import struct
import zlib

FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT = 1, 2, 4, 8, 16

MARKER = bytes.fromhex("0000ffff000000ffff")
BGZF_EOF = bytes.fromhex(
    "1f8b08040000000000ff0600424302001b0003000000000000000000")

WORDS = ("the of and to queue in is that for it device as was with be by on "
         "not he his but at are this have from or had an they which one "
         "request were all we when there can more if no out so up said what "
         "doorbell chunk member header window length distance literal "
         "compression hardware software process address pointer page fault "
         "memory table driver library option message status warning error "
         "0 1 2 4 8 16 32 64 128 256 512 1024 65536 ( ) { } ; : == != -> "
         "return int void char static const struct unsigned").split()


# ---- data ----

def text(size, seed=1):
    """Words, the first ones more often, in lines."""
    rng = random.Random(seed)
    weights = [1 / (n + 1) for n in range(len(WORDS))]
    parts, have = [], 0
    while have < size:
        line = " ".join(rng.choices(WORDS, weights, k=rng.randint(5, 15)))
        # A few words of its own keep lines from repeating too well.
        line += " %x\n" % rng.getrandbits(24)
        parts.append(line)
        have += len(line)
    return "".join(parts).encode()[:size]


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def zeros(size, seed=1):
    return bytes(size)


def records(size, seed=1):
    """Fixed-size binary records with slowly changing fields."""
    rng = random.Random(seed)
    parts, n, value = [], 0, 0
    while n * 24 < size:
        value += rng.randint(-50, 60)
        parts.append(struct.pack("<IqHHd", n, value, rng.getrandbits(4),
                                 rng.getrandbits(12) & 0xf0f, value / 8))
        n += 1
    return b"".join(parts)[:size]


def mixed(size, seed=1):
    """Pieces of all of the above, of all sizes."""
    rng = random.Random(seed)
    parts, have = [], 0
    while have < size:
        make = rng.choice([text, noise, zeros, records])
        part = make(min(int(2 ** rng.uniform(3, 18)), size - have),
                    rng.getrandbits(30))
        parts.append(part)
        have += len(part)
    return b"".join(parts)


KINDS = {"text": text, "noise": noise, "zeros": zeros, "records": records,
         "mixed": mixed}


# ---- writers ----

def deflate(data, level=6, wbits=-15):
    z = zlib.compressobj(level, zlib.DEFLATED, wbits)
    return z.compress(data) + z.flush()


def stored(data, final=True, block=65535):
    """DEFLATE stored blocks only."""
    out = b""
    pieces = [data[i:i + block] for i in range(0, len(data), block)] or [b""]
    for n, piece in enumerate(pieces):
        last = final and n == len(pieces) - 1
        out += struct.pack("<BHH", last, len(piece), len(piece) ^ 0xffff)
        out += piece
    return out


def chunked(pieces, level=6):
    """Raw DEFLATE: a chunk for each piece, with the marker between them."""
    out = b""
    for n, piece in enumerate(pieces):
        z = zlib.compressobj(level, zlib.DEFLATED, -15)
        out += z.compress(piece)
        if n == len(pieces) - 1:
            out += z.flush()
        else:
            # A sync flush ends with one empty stored block; then another.
            out += z.flush(zlib.Z_SYNC_FLUSH) + b"\x00\x00\x00\xff\xff"
    return out


def subfield(si, data):
    return si.encode() + struct.pack("<H", len(data)) + data


def header(name=None, comment=None, hcrc=False, extra=None, mtime=0, xfl=0,
           os=3, flags=0):
    flags |= ((FHCRC if hcrc else 0) | (FEXTRA if extra is not None else 0) |
              (FNAME if name is not None else 0) |
              (FCOMMENT if comment is not None else 0))
    out = struct.pack("<BBBBIBB", 0x1f, 0x8b, 8, flags, mtime, xfl, os)
    if extra is not None:
        out += struct.pack("<H", len(extra)) + extra
    if name is not None:
        out += name + b"\0"
    if comment is not None:
        out += comment + b"\0"
    if hcrc:
        out += struct.pack("<H", zlib.crc32(out) & 0xffff)
    return out


def trailer(data, crc=None, isize=None):
    return struct.pack("<II", zlib.crc32(data) if crc is None else crc,
                       (len(data) if isize is None else isize) & 0xffffffff)


def member(data, raw=None, level=6, crc=None, isize=None, **fields):
    """One gzip member; raw is the DEFLATE data if not made by zlib."""
    if raw is None:
        raw = deflate(data, level)
    return header(**fields) + raw + trailer(data, crc, isize)


def sized(kind, data, lie=None, level=6, raw=None):
    """A member with a size in its extra field.

    lie: a function from the true size to the one to write.
    """
    if raw is None:
        raw = deflate(data, level)
    lie = lie or (lambda size: size)

    def u32(n):
        return struct.pack("<I", lie(n) & 0xffffffff)

    if kind == "BC":
        # header 18 bytes, trailer 8; the field is the whole size less one
        size = lie(18 + len(raw) + 8 - 1) & 0xffff
        extra, xfl, os = subfield("BC", struct.pack("<H", size)), 0, 255
    elif kind == "QZ":
        extra = subfield("QZ", struct.pack("<I", len(data)) + u32(len(raw)))
        xfl, os = 0, 255
    elif kind == "QZsrc":
        # the lie is in the uncompressed size
        extra = subfield("QZ", u32(len(data)) + struct.pack("<I", len(raw)))
        xfl, os = 0, 255
    elif kind == "IG":
        extra, xfl, os = subfield("IG", u32(20 + len(raw) + 8)), 2, 255
    elif kind == "MZ":
        extra, xfl, os = subfield("MZ", u32(len(raw))), 2, 0
    elif kind == "Hi":
        extra, xfl, os = subfield("Hi", u32(len(raw) + 8)), 0, 3
    else:
        raise ValueError(kind)
    return member(data, raw=raw, extra=extra, xfl=xfl, os=os)


def lzw(data, maxbits=16, clear_every=0):
    """A .Z file as compress makes it; it clears the table after that many codes,
    or, with None, has no code for that."""
    has_clear = clear_every is not None
    out = bytearray(b"\x1f\x9d" + bytes([maxbits | (0x80 if has_clear else 0)]))
    acc = fill = group = 0
    width = 9

    def put(code):
        nonlocal acc, fill, group
        acc |= code << fill
        fill += width
        group = (group + 1) % 8
        while fill >= 8:
            out.append(acc & 255)
            acc >>= 8
            fill -= 8

    def pad():
        """Codes come in groups of eight of the same width."""
        while group:
            put(0)

    def empty():
        # 256 is the code that clears the table
        return {bytes([n]): n for n in range(256)}, 257 if has_clear else 256

    if not data:
        return bytes(out)
    table, free = empty()
    have = data[:1]
    codes = 0
    for n in range(1, len(data)):
        more = have + data[n:n + 1]
        if more in table:
            have = more
            continue
        put(table[have])
        codes += 1
        # The reader is one entry behind: it widens one code later.
        if free > (1 << width) - 1 and width < maxbits:
            pad()
            width += 1
        if clear_every and codes % clear_every == 0:
            put(256)
            pad()
            width = 9
            table, free = empty()
        elif free < 1 << maxbits:
            table[more] = free
            free += 1
        have = data[n:n + 1]
    put(table[have])
    if fill:
        out.append(acc & 255)
    return bytes(out)


# ---- readers ----

class Member:
    """One gzip member: its header fields, where things are, and the data."""

    def __init__(self, buf, at):
        self.at = at
        magic, self.method, self.flags, self.mtime, self.xfl, self.os = \
            struct.unpack_from("<HBBIBB", buf, at)
        assert magic == 0x8b1f, "no member at byte %d" % at
        assert self.method == 8 and self.flags < 32
        pos = at + 10
        self.extra = self.name = self.comment = None
        if self.flags & FEXTRA:
            length, = struct.unpack_from("<H", buf, pos)
            self.extra = buf[pos + 2:pos + 2 + length]
            pos += 2 + length
        if self.flags & FNAME:
            end = buf.index(b"\0", pos)
            self.name = buf[pos:end]
            pos = end + 1
        if self.flags & FCOMMENT:
            end = buf.index(b"\0", pos)
            self.comment = buf[pos:end]
            pos = end + 1
        if self.flags & FHCRC:
            pos += 2
        self.header_len = pos - at

        z = zlib.decompressobj(-15)
        self.data = z.decompress(buf[pos:]) + z.flush()
        assert z.eof, "the DEFLATE data has no final block"
        self.deflate_len = len(buf) - pos - len(z.unused_data)
        self.deflate = buf[pos:pos + self.deflate_len]
        pos += self.deflate_len
        self.crc, self.isize = struct.unpack_from("<II", buf, pos)
        assert self.crc == zlib.crc32(self.data), "wrong CRC"
        assert self.isize == len(self.data) & 0xffffffff, "wrong ISIZE"
        self.end = pos + 8
        self.size = self.end - at

    def subfields(self):
        fields, pos = {}, 0
        while self.extra and pos < len(self.extra):
            length, = struct.unpack_from("<H", self.extra, pos + 2)
            si = self.extra[pos:pos + 2].decode()
            fields[si] = self.extra[pos + 4:pos + 4 + length]
            pos += 4 + length
        assert not self.extra or pos == len(self.extra)
        return fields


def members(buf):
    """All members of a file that has nothing else."""
    found, at = [], 0
    while at < len(buf):
        found.append(Member(buf, at))
        at = found[-1].end
    return found


def read(name):
    with open(name, "rb") as f:
        return f.read()


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
