# SPDX-License-Identifier: MIT
"""Compressed files by other programs and by hand, and what is done with each."""

import concurrent.futures
import gzip
import io
import os
import shutil
import subprocess
import zlib

import streams
import wdtest
from case import Case
from world import File, MTIME

DATA = {
    "empty": b"", "byte": b"a", "line": b"hello world\n",
    "text": wdtest.text(3000, seed=5), "long": wdtest.text(250000, seed=6),
    "noise": wdtest.noise(70000), "zeros": wdtest.zeros(300000),
    "records": wdtest.records(50000), "mixed": wdtest.mixed(150000),
}
SOME = ("empty", "byte", "text", "noise", "mixed")
ALL = tuple(DATA)


# ---- other programs ----

def programs():
    """Names of the producer and of the variant, the data, the command."""
    for level, kind in [(n, "long") for n in range(1, 10)] + \
            [(n, k) for n in (1, 6, 9) for k in ALL]:
        yield "gzip", str(level), kind, ["gzip", "-c%d" % level]
    for kind in SOME:
        yield "gzip", "no-name", kind, ["gzip", "-cn"]
        yield "gzip", "rsyncable", kind, ["gzip", "-c", "--rsyncable"]
    for level in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9):
        yield "pigz", str(level), "mixed", ["pigz", "-c%d" % level]
    for option in ("-i", "-n", "-R", "-H", "-U", "-11", "-m", "-p1", "-M",
                   "-C comment", "-b 128", "-i -p 4", "-C comment -i", "-i -b 128 -1"):
        for kind in ("long", "empty") if option != "-11" else ("text",):
            yield "pigz", option, kind, ["pigz", "-c", *option.split()]
    for level, kind in [(n, k) for n in range(4) for k in ("long", "mixed", "empty")]:
        yield "igzip", str(level), kind, ["igzip", "-c", "-%d" % level]
    yield "igzip", "name", "text", ["igzip", "-c", "-N"]
    yield "igzip", "threads", "mixed", ["igzip", "-c", "-T", "2"]
    for level in range(1, 13):
        yield "libdeflate", str(level), "records", ["libdeflate-gzip", "-c", "-%d" % level]
    for kind in SOME:
        yield "libdeflate", "6", kind, ["libdeflate-gzip", "-c"]
    for level in range(10):
        yield "bgzip", str(level), "mixed", ["bgzip", "-c", "-l", str(level)]
    for kind in SOME:
        yield "bgzip", "default", kind, ["bgzip", "-c"]
    yield "bgzip", "threads", "long", ["bgzip", "-c", "-@2"]
    for kind in ALL:
        yield "busybox", "default", kind, ["busybox", "gzip", "-c"]
    for level in (0, 1, 6, 9):
        yield "bsdtar", str(level), "mixed", [
            "bsdtar", "-cz", "--options", "gzip:compression-level=%d" % level, "-f", "-"]
    for kind in SOME:
        yield "bsdtar", "tar", kind, ["bsdtar", "-czf", "-"]
    yield "bsdtar", "no-time", "text", [
        "bsdtar", "-cz", "--options", "gzip:!timestamp", "-f", "-"]
    for kind in SOME:
        yield "perl", "plain", kind, perl("")
        yield "perl", "minimal", kind, perl("-Minimal => 1")
    for options in ("-Name => 'stored', -Time => 1234567890, -Comment => 'words'",
                    "-HeaderCRC => 1", "-TextFlag => 1", "-OS_Code => 7", "-Level => 0",
                    "-ExtraField => [ab => 'cd', ef => '']", "-Strategy => Z_HUFFMAN_ONLY",
                    "-ExtraFlags => 4, -Time => 0"):
        yield "perl", options[1:8], "text", perl(options)
    for options in ("", "{level: 0}", "{level: 1}", "{level: 9}", "{strategy: 2}",
                    "{strategy: 4}", "{memLevel: 1}", "{windowBits: 9}"):
        yield "node", options, "mixed", ["node", "-e", """
            const fs = require("fs"), zlib = require("zlib");
            fs.writeSync(1, zlib.gzipSync(fs.readFileSync(process.argv[1]), %s));
            """ % (options or "{}")]


def perl(options):
    return ["perl", "-e", """
        use IO::Compress::Gzip qw(:all);
        binmode STDOUT;
        gzip($ARGV[0], "-", %s) or die;
        """ % (options or "-Append => 0")]


# What the tests do not ask for: left out without harm where it is missing.
OPTIONAL = ("node", "perl")


def produce(top, command, kind):
    """Run it on a file of that name, in a directory where it is alone."""
    result = subprocess.run([*command, kind], cwd=top, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), result.stderr.decode()))
    return result.stdout


def by_programs(top):
    """Pairs of a name and the bytes, and what is missing."""
    for kind, data in DATA.items():
        path = os.path.join(top, kind)
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, ns=(MTIME, MTIME))
    wanted, missing = [], set()
    for producer, variant, kind, command in programs():
        if shutil.which(command[0]):
            wanted.append((producer, "%s %s" % (variant, kind), command, kind))
        elif producer not in OPTIONAL:
            missing.add(command[0])
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        made = list(pool.map(lambda w: (w[0], w[1], produce(top, w[2], w[3])), wanted))
    return made, sorted(missing)


# ---- Python ----

STRATEGIES = {"default": zlib.Z_DEFAULT_STRATEGY, "filtered": zlib.Z_FILTERED,
              "huffman": zlib.Z_HUFFMAN_ONLY, "rle": zlib.Z_RLE, "fixed": zlib.Z_FIXED}
FLUSHES = {"sync": zlib.Z_SYNC_FLUSH, "full": zlib.Z_FULL_FLUSH,
           "partial": zlib.Z_PARTIAL_FLUSH, "block": zlib.Z_BLOCK}


def compressed(data, level=6, wbits=31, memory=8, strategy=0, flush=None, step=0):
    z = zlib.compressobj(level, zlib.DEFLATED, wbits, memory, strategy)
    out = b""
    for at in range(0, len(data), step or len(data) or 1):
        out += z.compress(data[at:at + (step or len(data))])
        if flush is not None:
            out += z.flush(flush)
    return out + z.flush()


def by_python():
    for strategy, level in [(s, n) for s in STRATEGIES for n in (0, 1, 6, 9)]:
        yield "zlib", "%s %d" % (strategy, level), \
            compressed(DATA["mixed"], level, strategy=STRATEGIES[strategy])
    for wbits in range(25, 32):
        yield "zlib", "window %d" % (wbits - 16), compressed(DATA["long"], wbits=wbits)
    for memory in (1, 2, 5, 9):
        yield "zlib", "memory %d" % memory, compressed(DATA["long"], memory=memory)
    for name, step in [(n, s) for n in FLUSHES for s in (1, 100, 20000)]:
        data = DATA["text" if step == 1 else "mixed"]
        yield "zlib", "%s flush each %d" % (name, step), \
            compressed(data, flush=FLUSHES[name], step=step)
    for kind in ALL:
        yield "python", kind, gzip.compress(DATA[kind], mtime=5)
        buf = io.BytesIO()
        with gzip.GzipFile("some/name.gz", "wb", 6, buf, mtime=1234567890) as f:
            f.write(DATA[kind])
        yield "python", "name " + kind, buf.getvalue()


# ---- what is done with them ----

def cases_of(name, data):
    world = {b"x.gz": File(data)}
    for args in (["-dc"], ["-tv"], ["-l"], ["-lv"], ["-lvN"], ["-dv"], ["-dN"], ["-dkNv"]):
        yield Case("file", "gzip", args + ["x.gz"], world, label=name, loose=False)
    yield Case("file", "gunzip", [], {}, stdin=data, label=name, loose=False)
    yield Case("file", "zcat", ["-f", "x.gz"], world, label=name, loose=False)


def cases(top):
    """The cases, their number of files by producer, and what is missing."""
    where = os.path.join(top, "data")
    os.mkdir(where)
    made, missing = by_programs(where)
    made += by_python()
    made += [("by hand", name, data) for name, data in streams.files()]
    counts, result, seen = {}, [], set()
    for producer, variant, data in made:
        name = "%s: %s" % (producer, variant)
        if name in seen:
            continue
        seen.add(name)
        counts[producer] = counts.get(producer, 0) + 1
        result += cases_of(name, data)
    return result, counts, missing
