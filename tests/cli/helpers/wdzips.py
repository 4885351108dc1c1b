# SPDX-License-Identifier: MIT
"""Zip archives of all kinds, and what damages their headers."""
import io
import struct
import zipfile

# Where things are in the header of the first entry.
FLAGS = 6
METHOD = 8
CRC = 14
PACKED = 18
UNPACKED = 22


class Pipe(io.RawIOBase):
    """Where zipfile cannot go back to fill in what it learns later."""

    def __init__(self):
        super().__init__()
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data
        return len(data)


def zipped(entries, method, pipe=False, zip64=False):
    """An archive of these entries, stored (0) or deflated (8)."""
    file = Pipe() if pipe else io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for n, data in enumerate(entries):
            with archive.open("entry%d" % n, "w", force_zip64=zip64) as entry:
                entry.write(data)
    return bytes(file.data) if pipe else file.getvalue()


def put(data, at, value, form="<I"):
    """The same with another number in it."""
    data = bytearray(data)
    struct.pack_into(form, data, at, value)
    return bytes(data)
