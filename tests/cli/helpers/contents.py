# SPDX-License-Identifier: MIT
"""contents.py [--names]: the SHA-1 of what standard input holds, decompressed as often as
it can be; with --names that of each file whose name it has, a line each, and the name.
"""

import hashlib
import sys
import zlib


def inflate(data, wbits):
    out = b""
    while data:
        z = zlib.decompressobj(wbits)
        out += z.decompress(data)
        if not z.eof:
            raise zlib.error("cut")
        data = z.unused_data
    return out


def contents(data):
    for wbits in 31, 15:
        try:
            return contents(inflate(data, wbits)) if data else data
        except zlib.error:
            pass
    return data


def show(file, name=""):
    print(hashlib.sha1(contents(file.read())).hexdigest(), name)


if sys.argv[1:] == ["--names"]:
    for line in sys.stdin:
        with open(line.rstrip("\n"), "rb") as f:
            show(f, line.rstrip("\n"))
else:
    show(sys.stdin.buffer)
