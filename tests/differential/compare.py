# SPDX-License-Identifier: MIT
"""What differs between two runs, and the table of what may.

A difference is four words: the case, what it is in, and what is there with each
of the tools.  An entry of the table has a regular expression for each, and the
reason; that of gzip can tell what is the same as ours.
"""

import difflib
import re
import struct
import sys
import zlib
from dataclasses import dataclass

from wdtest import FCOMMENT, FEXTRA, FHCRC, FNAME

SEPARATOR = " // "      # between the lines of a message
# What begins as -l begins, with -v, with -q, or sorted.
LIST = re.compile(rb"method  crc |\n? +(\d+ +\d+|compressed) |\n?defla ")
NAMES = rb"(?:wdzip|wdunzip|wdzcat|gzip|gunzip|zcat)"


@dataclass(frozen=True)
class Difference:
    case: str
    what: str
    ours: str
    gzip: str


# ---- bytes ----

def show(data, most=200):
    text = data.decode("utf-8", "backslashreplace") if data.isascii() else \
        data.decode("latin-1")
    text = text.encode("unicode_escape").decode()
    text = re.sub(r"(.)\1{40,}", lambda m: "%s{%d}" % (m[1], len(m[0])), text)
    if len(text) > most:
        return "%s... (%d bytes, sum %08x)" % (text[:120], len(data),
                                               zlib.crc32(data))
    return text


def header_end(buf, at, flags):
    pos = at + 10
    if flags & FEXTRA:
        pos += 2 + struct.unpack_from("<H", buf, pos)[0]
    if flags & FNAME:
        pos = buf.index(b"\0", pos) + 1
    if flags & FCOMMENT:
        pos = buf.index(b"\0", pos) + 1
    return pos + 2 if flags & FHCRC else pos


def describe_member(buf, at):
    """What does not depend on how well it was compressed, and where it ends."""
    magic, flags = struct.unpack_from("<H1xB", buf, at)
    if magic != 0x8b1f or flags & 0xe0:
        raise ValueError("no member")
    start = header_end(buf, at, flags)
    z = zlib.decompressobj(-15)
    data = z.decompress(buf[start:])
    if not z.eof:
        raise ValueError("incomplete")
    end = len(buf) - len(z.unused_data)
    crc, size = struct.unpack_from("<II", buf, end)
    if crc != zlib.crc32(data) or size != len(data):
        raise ValueError("wrong sums")
    return "gzip(%s: %s)" % (show(buf[at + 2:start]), show(data)), end + 8


def describe(buf, unordered=False):
    """Compressed data by its header and content, anything else as it is."""
    parts, at = [], 0
    try:
        while at < len(buf):
            part, at = describe_member(buf, at)
            parts.append(part)
    except (ValueError, struct.error, zlib.error):
        rest = buf[at:]
        # A list is to be seen as a whole.
        parts.append(show(b"\n".join(sorted(rest.split(b"\n"))) if unordered else rest,
                          1000 if LIST.match(rest) else 200))
    return " ".join(sorted(parts) if unordered else parts)


def compare_bytes(case, what, ours, gzip, unordered=False):
    if ours == gzip:
        return []
    ours, gzip = describe(ours, unordered), describe(gzip, unordered)
    return [Difference(case, what, ours, gzip)] if ours != gzip else []


# ---- messages ----

def message_lines(err, case):
    """The lines, without what the program is called."""
    err = re.sub(rb"(?m)(?:^|(?<=\t)|(?<=\? ))(?:[^ \n:]*/)?" + NAMES + rb"(?=: )", b"PROG", err)
    err = re.sub(rb"(?<=Try `)(?:[^ ]*/)?" + NAMES, b"PROG", err)
    err = re.sub(rb"(?<=For help, type: )" + NAMES, b"PROG", err)
    if case.loose:
        err = re.sub(rb"(?m)(?<=[\t ])[ \d-]+\.\d%", b"N%", err)
    lines = [show(line, 1000) for line in err.split(b"\n")]
    return sorted(lines) if case.unordered else lines


def compare_messages(case, ours, gzip):
    ours, gzip = message_lines(ours, case), message_lines(gzip, case)
    if ours == gzip:
        return []
    found = []
    # Also whole lines that only one of them has, and that are wanted.
    ours = [line for line in ours
            if line in gzip or not TABLE.listed(case.name, line, "", found)]
    gzip = [line for line in gzip
            if line in ours or not TABLE.listed(case.name, "", line, found)]
    matcher = difflib.SequenceMatcher(None, ours, gzip, autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        # Of what was taken out only blank lines may be left.
        if kind != "equal" and any(ours[i1:i2] + gzip[j1:j2] + [not found]):
            found.append(Difference(case.name, "stderr",
                                    SEPARATOR.join(ours[i1:i2]).strip(),
                                    SEPARATOR.join(gzip[j1:j2]).strip()))
    return found


# ---- files ----

def compare_file(case, name, ours, gzip):
    what = "file " + show(name)
    if not ours or not gzip or ours.kind != gzip.kind:
        return [Difference(case, what, ours.kind if ours else "absent",
                           gzip.kind if gzip else "absent")]
    found = []
    for key, value in ours.about.items():
        if value != gzip.about.get(key):
            found.append(Difference(case, "%s of %s" % (key, what), str(value),
                                    str(gzip.about.get(key))))
    if ours.content is not None:
        found += compare_bytes(case, "content of " + what, ours.content,
                               gzip.content)
    return found


def compare(case, ours, gzip):
    """Everything about two runs; each is a result and the files afterwards."""
    found = []
    if ours[0].status != gzip[0].status:
        found.append(Difference(case.name, "status", ours[0].status,
                                gzip[0].status))
    found += compare_bytes(case.name, "stdout", ours[0].out, gzip[0].out,
                           case.unordered)
    found += compare_messages(case, ours[0].err, gzip[0].err)
    for name in sorted(ours[1].keys() | gzip[1].keys()):
        found += compare_file(case.name, name, ours[1].get(name),
                              gzip[1].get(name))
    return found


# ---- the table ----

FIELDS = ("case", "what", "ours", "gzip", "why")


class Entry:
    def __init__(self, fields, line):
        self.line = line
        self.fields = fields
        self.case, self.what, self.ours = (
            re.compile(fields[name], re.DOTALL) for name in FIELDS[:3])

    def gzip(self, ours):
        """What gzip may have where we have this, a match."""
        return re.sub(r"\\g<(\w+)>", lambda m: re.escape(ours[m[1]] or ""),
                      self.fields["gzip"])

    def matches(self, d):
        if not self.what.fullmatch(d.what) or not self.case.fullmatch(d.case):
            return False
        ours = self.ours.fullmatch(d.ours)
        return ours and re.fullmatch(self.gzip(ours), d.gzip, re.DOTALL)


class Table:
    def __init__(self):
        self.entries = []

    def read(self, path):
        fields, begun = {}, 0
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate([*f, "\n"], 1):
                line = line.rstrip("\n")
                if line.startswith("#"):
                    continue
                if line:
                    begun = begun or number
                    self.field(fields, line, "%s:%d" % (path, number))
                elif fields:
                    self.add(fields, path, begun)
                    fields, begun = {}, 0

    @staticmethod
    def field(fields, line, where):
        name, colon, value = line.partition(":")
        if line.startswith(" ") and fields:
            fields[list(fields)[-1]] += " " + line.strip()
        elif colon and name in FIELDS and name not in fields:
            fields[name] = value.strip()
        else:
            sys.exit("%s: not understood: %s" % (where, line))

    def add(self, fields, path, line):
        missing = [name for name in FIELDS if name not in fields]
        if missing or not fields["why"]:
            sys.exit("%s:%d: %s is missing" % (path, line, missing or "why"))
        self.entries.append(Entry(fields, line))

    def find(self, difference):
        """The number of the entry that has it, or None."""
        for number, entry in enumerate(self.entries):
            if entry.matches(difference):
                return number
        return None

    def listed(self, case, ours, gzip, found):
        """Whether there is an entry for such a line of one alone; then it is put
        into found."""
        difference = Difference(case, "stderr", ours, gzip)
        if not (ours or gzip):
            return False
        for entry in self.entries:
            if "" in (entry.fields["ours"], entry.fields["gzip"]) and \
                    entry.matches(difference):
                found.append(difference)
                return True
        return False


TABLE = Table()
