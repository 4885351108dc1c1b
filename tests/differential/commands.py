# SPDX-License-Identifier: MIT
"""The command lines.

Each function gives the cases of a group.  They are made by rule: an option in all
its forms, every pair of options, every kind of file with every way to use it.
"""

import itertools
import os
import random

import wdtest
from case import Case
from execute import Broken, Closed, Open, Pipe, Terminal
from world import Dir, Fifo, File, Hard, Link

TOOLS = ("gzip", "gunzip", "zcat")
# Whole lines, as outputs of files in any order are compared by their lines.
TEXT = wdtest.text(2999).rpartition(b"\n")[0] + b"\n"
OTHER = wdtest.text(700, seed=2).rpartition(b"\n")[0] + b"\n"
GZ = wdtest.member(TEXT, name=b"stored", mtime=1234567890)
PLAIN_GZ = wdtest.member(OTHER)

LONGS = ("ascii to-stdout stdout decompress uncompress force help keep list "
         "license no-name name quiet silent recursive rsyncable synchronous "
         "test verbose version fast best lzw").split()
SHORTS = "acdfhklLnNqrtvV19"
# Those of our own; gzip has an old -b and hidden -m and -M.
OWN = {"-b": "64K", "-p": "2", "-i": None, "-z": None, "-o": "out", "-m": None,
       "-M": None, "--level": "3", "--processes": "2", "--zlib": None,
       "--chunk-size": "64K", "--format": "gzip", "--members": "qz",
       "--independent": None, "--no-time": None, "--time": None,
       "--verify": None, "--no-verify": None, "--no-progress": None,
       "--output": "out", "--engine": "sw"}


def basic():
    """A file of each sort that most cases need."""
    return {b"f": File(TEXT, mode=0o640), b"g.gz": File(GZ, mode=0o604)}


def tree():
    # The link leads out, so that the order does not matter.
    return {b"away": File(OTHER), b"d": Dir(0o750), b"d/a": File(TEXT), b"d/b.gz": File(GZ),
            b"d/c": Dir(0o700), b"d/c/e": File(OTHER), b"d/c/h.tgz": File(GZ),
            b"d/link": Link(b"../away"), b"d/pipe": Fifo(), b"d/x.txt": File(OTHER)}


# ---- options ----

def abbreviations():
    """Every long option, and every beginning of one."""
    words = {name[:n] for name in LONGS + ["suffix", "bits"]
             for n in range(1, len(name) + 1)}
    for word in sorted(words):
        args = ["--" + word, "f", "g.gz"]
        yield Case("long", "gzip", args, basic())
        yield Case("long", "gunzip", args, basic())
        yield Case("long", "gzip", ["--" + word + "=1", "f"], basic())
        yield Case("long", "gzip", ["-k", "--" + word], basic(), stdin=TEXT)


def single():
    """Each short option, with files and without, of each tool."""
    for tool, letter in itertools.product(
            TOOLS, SHORTS + "2345678Z0bSxyeEGHKTmM?.=,#%_"):
        args = ["-" + letter]
        yield Case("short", tool, args + ["f", "g.gz"], basic())
        yield Case("short", tool, ["f", "g.gz"] + args, basic())
        yield Case("short", tool, args, {}, stdin=GZ)
        yield Case("short", tool, args, {}, stdin=TEXT, label="text")
        yield Case("short", tool, args + ["g"], basic())


def pairs():
    for a, b in itertools.product(SHORTS, repeat=2):
        args = ["-" + a + b, "f", "g.gz"]
        yield Case("pair", "gzip", args, basic())
        yield Case("pair", "gunzip", args, basic())
        if a < b:
            yield Case("pair", "zcat", args, basic())


def several(count=700):
    """Some combinations of more options, files and orders."""
    rng = random.Random(12)
    names = ["f", "g.gz", "g", "d", "d/", "l", "no", "no.gz", "-", "s.gz", "e",
             "b.gz", "two", "t.tgz", "--"]
    world = {**tree(), **basic(), b"l": Link(b"f"), b"s.gz": File(GZ[:-9]),
             b"e": File(b""), b"b.gz": File(b"text"), b"two": File(TEXT),
             b"three": Hard(b"two"), b"t.tgz": File(GZ), b"f.gz": File(b"old")}
    del world[b"d/pipe"]    # which would make them wait
    seen = set()
    while len(seen) < count:
        options = ["-" + o for o in rng.choices("acdfklnNqrtv19", k=rng.randint(1, 4))]
        words = options + rng.sample(names, rng.randint(1, 4))
        rng.shuffle(words)
        line = (rng.choice(TOOLS), *words)
        if line not in seen:
            seen.add(line)
            yield Case("several", line[0], words, world, stdin=GZ, unordered=True)


def own_options():
    for option, arg in OWN.items():
        forms = [[option] if arg is None else [option, arg]]
        if arg is not None:
            forms.append([option + ("=" if option[:2] == "--" else "") + arg])
            forms.append([option])
        for form, tool in itertools.product(forms, ("gzip", "gunzip")):
            yield Case("own", tool, form + ["f", "g.gz"], basic())


def levels():
    """Of several levels the last counts; which shows in the header."""
    choices = ["-1", "-6", "-9", "--fast", "--best", "-19", "-91", "-12",
               "-1c9", "-k1", "-99", "-0", "-10"]
    for a, b in itertools.product(choices, repeat=2):
        yield Case("level", "gzip", [a, b, "f"], basic())
    for choice in choices:
        yield Case("level", "gzip", [choice], {}, stdin=TEXT)
        yield Case("level", "gzip", [choice], {}, stdin=b"", label="empty")
        yield Case("level", "gunzip", [choice, "g.gz"], basic())


def positions():
    """Options before, after and between files; -- and -."""
    orders = set(itertools.permutations(["-k", "f", "--", "g.gz"]))
    orders |= set(itertools.permutations(["-c", "-", "f"]))
    orders |= set(itertools.permutations(["-d", "-", "g.gz"]))
    orders |= set(itertools.permutations(["--", "-f", "f"]))
    orders |= {("-",), ("-", "-"), ("-", "-", "-"), ("--",), ("--", "-"),
               ("-k", "--", "--"), ("", "f"), ("",), ("-", ""), ("-f", ""),
               ("--", "--"), ("---",), ("--=",), ("-f-",), ("./-",), ("-d", ""),
               ("-c", "", "f"), ("-r", ""), ("f", "f"), ("f", "./f"),
               ("-k", "f", "f"), ("-c", "f", "f"), ("g.gz", "g.gz"),
               ("-d", "g.gz", "g.gz"), ("-d", "g", "g"), ("-t", "g", "g.gz")}
    for order in sorted(orders):
        for tool in TOOLS:
            yield Case("order", tool, order, basic(), stdin=GZ)
            yield Case("order", tool, order, basic(), stdin=GZ,
                       env={"POSIXLY_CORRECT": "1"})


def called_by_other_names():
    """Ours, where it stands in gzip's place under its name."""
    for tool in TOOLS:
        for args in (["f"], ["g.gz"], ["g"], ["-c", "f"], ["-d", "g.gz"],
                     ["-x"], ["--nix"], ["-l", "g.gz"], ["-tv", "g.gz"],
                     ["-t", "f"], ["no"], [], ["-v", "f"], ["-q", "f"],
                     ["-S"], ["-f", "g.gz"], ["--list", "--verbose", "g.gz"]):
            yield Case("called", tool, args, basic(), stdin=GZ, same_name=True)


def environment():
    values = ["", " ", "-1", "-9", "-1 -9", "--fast", "--best", "-9\t-1",
              "-c", "-k", "-d", "-v", "-f", "-q", "-r", "-n", "-N", "-S .x",
              "-x", "--", "f", "-", "--rsyncable", "--synchronous", "-h", "-V",
              "--help", "-l", "-t", "-a", "-12", "-b 5", "--fa", "-1v", "-0",
              "--nix", "--suffix", "-1 f", "-- -1"]
    for value in values:
        env = {"GZIP": value}
        yield Case("environment", "gzip", ["f"], basic(), env=env)
        yield Case("environment", "gzip", ["-5", "f"], basic(), env=env)
        yield Case("environment", "gzip", [], {}, env=env, stdin=TEXT)
        yield Case("environment", "gunzip", ["g.gz"], basic(), env=env)
        yield Case("environment", "zcat", ["g.gz"], basic(), env=env)
        yield Case("environment", "gzip", ["-l", "g.gz"], basic(), env=env)
    for name in ("GZIP_OPT", "GUNZIP", "ZCAT", "gzip"):
        yield Case("environment", "gzip", ["f"], basic(), env={name: "-9"})


# ---- names ----

SUFFIXES = [b".gz", b".z", b".Z", b"-gz", b"-z", b"_z", b".tgz", b".taz",
            b".GZ", b".Gz", b".TGZ", b".Taz", b"-Z", b"_Z", b".tar.gz",
            b".gz.gz", b".taZ", b".tz", b"_gz", b"gz", b".gzip", b".", b"..gz",
            b".gz.", b".tar", b".zip", b".bz2", b".x"]


def known_suffixes():
    for suffix in SUFFIXES:
        for base in (b"n", b"", b".n", b"a.b", b"d/n", b"d/"):
            name = base + suffix
            if name in (b".", b"d/."):
                continue
            world = {b"d": Dir(), name: File(GZ)}
            for args in ([], ["-k"], ["-f"], ["-v"], ["-q"], ["-S", ".x"]):
                if args and base not in (b"n", b""):
                    continue
                yield Case("suffix", "gzip", args + ["--", name], world)
                yield Case("suffix", "gunzip", args + ["--", name], world)
            for args in (["-l"], ["-t"], ["-tv"], ["-N"], ["-lN"], ["-c"], ["-rl"],
                         ["-rt"], ["-r"]):
                if base in (b"n", b""):
                    yield Case("suffix", "gunzip", args + ["--", name], world)
        # The name without it is looked for.
        world = {b"n" + suffix: File(GZ)}
        for args in ([], ["-c"], ["-l"], ["-t"], ["-f"], ["-S", ".x"],
                     ["-r"]):
            yield Case("looked for", "gunzip", args + ["n"], world,
                       label=suffix.decode())


def looked_for():
    """What is missing, with suffixes and without, and what is taken instead."""
    world = {b"both": File(TEXT), b"both.gz": File(GZ), b"a.gz": File(GZ),
             b"a.z": File(PLAIN_GZ), b"dir.gz": Dir(), b"link.gz": Link(b"a.gz"),
             b"lost.gz": Link(b"nowhere"), b"z.z": File(GZ), b"m-z": File(GZ),
             b"two.gz": File(GZ), b"more.gz": Hard(b"two.gz"),
             b"u.gz": File(GZ, mode=0o4755), b"q.Z": File(GZ), b"w": Dir()}
    names = ["both", "a", "dir", "link", "lost", "z", "m", "two", "u", "q", "w",
             "no", "no.gz", "no.z", "no.x", "no/no", "both/x", "a.gz/x", "w/",
             "both/", "a/", "no/", "a.gz/"]
    for name in names:
        for args in ([], ["-d"], ["-dc"], ["-df"], ["-l"], ["-t"], ["-dr"],
                     ["-dk"], ["-dq"], ["-dv"], ["-c"], ["-f"], ["-r"], ["-q"]):
            yield Case("lookup", "gzip", args + [name], world)


def own_suffix():
    values = ["", ".", ".x", "x", ".gz", "gz", ".GZ", ".z", ".Z", ".tgz", "/",
              "a/b", "x" * 29, "x" * 30, "x" * 31, "x" * 300, "-", "--", " ",
              ".tar.gz", "\n", "*", ".x.y", b"\xff", "\u00e9", "..", "_", "-gz",
              ".tar", "%s", ".gz.gz", "f", "/x", "x/", "X", ".X", "Z", "GZ"]
    for value in values:
        raw = value if isinstance(value, bytes) else value.encode()
        packed = b"g" + raw.replace(b"/", b"_")[:250]
        world = {b"f": File(TEXT), b"h.gz": File(GZ), packed: File(GZ)}
        for args in (["f"], ["-d", packed], ["-d", "g"], ["-d", "h.gz"], ["h.gz"],
                     ["-l", packed], ["-dN", packed], ["-f", packed], ["-c", "f"],
                     ["-d", "f"], ["-dv", packed], [packed]):
            yield Case("own suffix", "gzip", [b"-S", raw] + args, world)
        yield Case("own suffix", "gzip", [b"--suffix=" + raw, b"f"], world)
        yield Case("own suffix", "gzip", [b"f", b"-S" + raw], world)


def stored_names():
    names = [b"", b"x", b"a/b", b"/a/b", b"../x", b"..", b".", b"/", b"x/",
             b"x/..", b"d", b"d/y", b"a b", b"a\nb", b"\x1b[1m", b"\xff\xfe",
             "\u00e9".encode(), b"-f", b"g", b"g.gz", b"there", b"x" * 255,
             b"x" * 256, b"x" * 5000, b"\\", b"C:\\x", b"x.gz", b".x", b"...",
             b"//", b"./x", b"link", b"lost", b"x//", b"./"]
    for name in names:
        content = wdtest.member(TEXT, name=name, mtime=1234567890)
        world = {b"g.gz": File(content), b"there": File(OTHER), b"d": Dir(),
                 b"link": Link(b"there"), b"lost": Link(b"nowhere"),
                 b"d/h.gz": File(content)}
        for args in (["-dN"], ["-d"], ["-lN"], ["-lvN"], ["-l"], ["-dcN"], ["-tN"],
                     ["-dNf"], ["-dNk"], ["-dNv"], ["-dNq"], ["-tvN"], ["-tv"]):
            yield Case("stored name", "gzip", args + ["g.gz"], world,
                       label=repr(name)[2:-1][:40] + "/%d" % len(name))
        yield Case("stored name", "gzip", ["-dN", "d/h.gz"], world,
                   label=repr(name)[2:-1][:40] + "/%d" % len(name))
        yield Case("stored name", "gzip", ["-drN", "d"], world,
                   label=repr(name)[2:-1][:40] + "/%d" % len(name))


def strange_names():
    names = [b"-f", b"--", b"-", b"a b", b"a\nb", b"a\tb", b"\x1b[31m", b"\x7f",
             b"\xff\xfe", "\u00e9".encode(), "\u4e2d".encode(), b"'", b'"',
             b"$x", b"%s", b"*", b"\\n", b" ", b".", b"x" * 255,
             b"x" * 253, b"x" * 252, b"x" * 250, b"x" * 251 + b".tar",
             b"a." + b"x" * 253, b"x" * 240 + b"." + b"y" * 14]
    for name in names:
        if name == b".":
            continue
        world = {name: File(TEXT)}
        for args in (["--"], ["-c", "--"], ["-k", "--"], ["-d", "--"], ["-t", "--"],
                     ["-l", "--"], ["-v", "--"], ["-kv", "--"]):
            yield Case("name", "gzip", args + [name], world)
            yield Case("name", "gzip", args + [b"./" + name], world)
        yield Case("name", "gzip", ["--", name + b"!"], world, label="missing")
        yield Case("name", "gzip", ["-r", "."], world, label=repr(name)[:40])
        if len(name) < 253:
            world = {name + b".gz": File(GZ)}
            for args in (["-d", "--"], ["-l", "--"], ["-t", "--"], ["-tv", "--"],
                         ["-dv", "--"], ["--"], ["-dN", "--"]):
                yield Case("name", "gzip", args + [name + b".gz"], world)
            world[name] = File(OTHER)
            yield Case("name", "gzip", ["-d", "--", name + b".gz"], world,
                       label="output exists")
    deep = b"/".join([b"x" * 200] * 25)
    for name in (b"x" * 256, b"x" * 5000, deep, b"/" * 300 + b"no", b"d/" + b"x" * 255):
        for args in ([], ["-d"], ["-c"], ["-r"], ["-t"]):
            yield Case("name", "gzip", args + [name], {b"d": Dir()})


# ---- kinds of files ----

USES = [[], ["-c"], ["-f"], ["-k"], ["-r"], ["-v"], ["-q"], ["-cf"], ["-kf"],
        ["-rf"], ["-rc"], ["-n"]]
BACK = [["-d"], ["-dc"], ["-df"], ["-dk"], ["-t"], ["-l"], ["-lv"], ["-dr"], ["-rt"],
        ["-rl"], ["-dcf"], ["-tv"], ["-dv"], ["-dq"], ["-dN"], ["-drf"], ["-tr"],
        ["-tf"], ["-lf"], ["-lr"], ["-qt"], ["-ql"]]


def kinds():
    """Every kind of file, used in every way."""
    for suffix, content in ((b"", TEXT), (b".gz", GZ)):
        world = {
            b"plain" + suffix: File(content), b"empty" + suffix: File(b""),
            b"link" + suffix: Link(b"plain" + suffix),
            b"lost" + suffix: Link(b"nowhere"), b"loop" + suffix: Link(b"loop" + suffix),
            b"linkdir" + suffix: Link(b"dir" + suffix), b"dir" + suffix: Dir(),
            b"dir" + suffix + b"/in" + suffix: File(content),
            b"two" + suffix: File(content), b"other" + suffix: Hard(b"two" + suffix),
            b"more" + suffix: File(content), b"more2" + suffix: Hard(b"more" + suffix),
            b"more3" + suffix: Hard(b"more" + suffix),
            b"setuid" + suffix: File(content, mode=0o4755),
            b"setgid" + suffix: File(content, mode=0o2755),
            b"sticky" + suffix: File(content, mode=0o1644),
            b"all" + suffix: File(content, mode=0o7777),
            b"two bits" + suffix: File(content, mode=0o3755),
            b"stickytwo" + suffix: File(content, mode=0o1644),
            b"stickytwo2" + suffix: Hard(b"stickytwo" + suffix),
            b"text" + suffix: File(TEXT), b"short" + suffix: File(b"\x1f"),
            b"linklink" + suffix: Link(b"link" + suffix),
        }
        for name in [n for n in world if b"/" not in n]:
            for args in USES + BACK:
                yield Case("kind", "gzip", args + [name], world)
        # A FIFO would wait for a writer, where it is read.
        fifo = {b"fifo" + suffix: Fifo()}
        for args in ([], ["-f"], ["-k"], ["-r"], ["-d"], ["-df"], ["-dr"], ["-q"]):
            yield Case("kind", "gzip", args + [b"fifo" + suffix], fifo)
    for name in ("/dev/null", "/dev/full"):
        for args in ([], ["-f"], ["-d"], ["-r"], ["-k"]):
            yield Case("kind", "gzip", args + [name], {})
    for args in USES + BACK:
        yield Case("kind", "gzip", args + ["-S", "", "/dev/null"], {})
        if args not in ([], ["-k"], ["-v"], ["-n"], ["-f"], ["-kf"], ["-q"]):
            yield Case("kind", "gzip", args + ["/dev/null"], {}, label="read")


def modes():
    for mode in (0o000, 0o400, 0o600, 0o644, 0o755, 0o777, 0o222, 0o077, 0o111,
                 0o666, 0o4644, 0o2644, 0o1600, 0o6777):
        for umask in (0o000, 0o022, 0o077, 0o777):
            world = {b"f": File(TEXT, mode=mode), b"g.gz": File(GZ, mode=mode)}
            for args in (["f"], ["-d", "g.gz"], ["-k", "f"]):
                yield Case("mode", "gzip", args, world, umask=umask,
                           label="%04o, umask %03o" % (mode, umask))
    for owner in ((0, 0), (1, 2), (65534, 0), (0, 65534), (12345, 54321)):
        world = {b"f": File(TEXT, owner=owner), b"g.gz": File(GZ, owner=owner)}
        for args in (["f"], ["-d", "g.gz"], ["-k", "f"], ["-c", "f"]):
            yield Case("owner", "gzip", args, world, label="%d:%d" % owner)


def times():
    second = 10 ** 9
    for mtime in (0, 1, second - 1, second, -1, -second, -second - 1, 123456789,
                  (2 ** 31 - 1) * second, 2 ** 31 * second, (2 ** 32 - 1) * second,
                  2 ** 32 * second, 2 ** 32 * second + 1, 2 ** 33 * second,
                  2 ** 32 * second - 1, -(2 ** 31) * second):
        world = {b"f": File(TEXT, mtime=mtime), b"g.gz": File(GZ, mtime=mtime)}
        for args in ([], ["-n"], ["-N"], ["-k"], ["-c"], ["-q"], ["-cn"], ["-d"], ["-dN"],
                     ["-lv"], ["-dn"], ["-lvN"], ["-v"]):
            name = "g.gz" if "d" in str(args) or "l" in str(args) else "f"
            yield Case("time", "gzip", args + [name], world, label=str(mtime))
        yield Case("time", "gzip", [], world, stdin=Open(b"f"), label=str(mtime))
        yield Case("time", "gzip", ["-n"], world, stdin=Open(b"f"), label=str(mtime))
        yield Case("time", "gzip", ["-N"], world, stdin=Open(b"f"), label=str(mtime))
    for stored in (0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1):
        world = {b"g.gz": File(wdtest.member(TEXT, name=b"n", mtime=stored))}
        for args in (["-d"], ["-dN"], ["-lv"], ["-lvN"], ["-dn"], ["-dNk"], ["-dNc"],
                     ["-lvn"]):
            yield Case("time", "gzip", args + ["g.gz"], world,
                       label="stored %d" % stored)


# ---- outputs ----

def existing_outputs():
    """Whatever there may be under the name of the output."""
    for source, output, content, options in (
            (b"f", b"f.gz", TEXT, [""]), (b"g.gz", b"g", GZ, ["-d"]),
            (b"g.gz", b"stored", GZ, ["-dN"])):
        things = {
            "file": {output: File(OTHER, mode=0o600)},
            "empty": {output: File(b"")},
            "read-only": {output: File(OTHER, mode=0o400)},
            "directory": {output: Dir()},
            "full directory": {output: Dir(), output + b"/x": File(OTHER)},
            "link": {b"to": File(OTHER), output: Link(b"to")},
            "lost link": {output: Link(b"nowhere")},
            "link to itself": {output: Link(source)},
            "link to directory": {b"to": Dir(), output: Link(b"to")},
            "hard link": {b"to": File(OTHER), output: Hard(b"to")},
            "FIFO": {output: Fifo()},
            "same file": {output: Hard(source)},
        }
        for label, thing in things.items():
            world = {source: File(content), **thing}
            for more in ([], ["-f"], ["-k"], ["-kf"], ["-c"], ["-q"], ["-v"], ["-fq"],
                         ["-fv"], ["-t"], ["-r"], ["-n"]):
                args = [o for o in options if o] + more + [source]
                yield Case("output exists", "gzip", args, world, label=label)
            yield Case("output exists", "gzip",
                       [o for o in options if o] + [source, source], world,
                       label=label)


def no_rights():
    """By a user who may not do everything."""
    me, root = (65534, 65534), (0, 0)

    def owned(owner, **more):
        return {b"d": Dir(owner=me, **more.pop("dir", {})),
                b"d/f": File(TEXT, owner=owner, **more),
                b"d/g.gz": File(GZ, owner=owner, **more),
                b"d/s": Dir(owner=me), b"d/s/h": File(TEXT, owner=me)}
    worlds = {
        "all mine": owned(me),
        "unreadable": owned(me, mode=0),
        "root's": owned(root),
        "root's, unreadable": owned(root, mode=0o600),
        "read-only directory": owned(me, dir={"mode": 0o555}),
        "directory without x": owned(me, dir={"mode": 0o644}),
        "directory without r": owned(me, dir={"mode": 0o311}),
        "directory without rights": owned(me, dir={"mode": 0}),
        "other group": owned((65534, 0), mode=0o640),
        "sticky directory": {**owned(root), b"d": Dir(0o1777, root)},
    }
    for label, world in worlds.items():
        for args in (["d/f"], ["-d", "d/g.gz"], ["-c", "d/f"], ["-dc", "d/g.gz"],
                     ["-f", "d/f"], ["-df", "d/g.gz"], ["-k", "d/f"], ["-t", "d/g.gz"],
                     ["-l", "d/g.gz"], ["-r", "d"], ["-dr", "d"], ["-rt", "d"],
                     ["-rc", "d"], ["-d", "d/g"], ["-v", "d/f", "d/g.gz"],
                     ["-q", "d/f"], ["-r", "d/s"], ["d/no"], ["-d", "d/no"], ["d"],
                     ["-rf", "d"], ["-dq", "d/g.gz"]):
            yield Case("rights", "gzip", args, world, label=label, nobody=True,
                       unordered=True)
        exists = {**world, b"d/f.gz": File(OTHER, owner=root, mode=0o600)}
        for args in (["d/f"], ["-f", "d/f"]):
            yield Case("rights", "gzip", args, exists, nobody=True,
                       label=label + ", output exists")


def file_limits():
    big = wdtest.noise(300000)
    world = {b"f": File(big), b"g.gz": File(wdtest.member(big)), b"h": File(TEXT)}
    for args in (["f"], ["-d", "g.gz"], ["-k", "f"], ["f", "h"], ["-t", "g.gz"]):
        yield Case("limit", "gzip", args, world, file_limit=100000)


# ---- standard streams ----

def standard_input():
    world = {b"f": File(TEXT), b"g.gz": File(GZ), b"d": Dir(), b"out": File(b"")}
    inputs = {
        "text": TEXT, "gzip": GZ, "nothing": b"", "a byte": b"x", "two": b"xy",
        "half": GZ[:-4], "members": GZ + PLAIN_GZ, "rest": GZ + b"rest",
        "text file": Open(b"f"), "gzip file": Open(b"g.gz"),
        "middle": Open(b"f", offset=100), "end": Open(b"f", offset=len(TEXT)),
        "past the end": Open(b"f", offset=5000), "closed": Closed(),
        "directory": Open(b"d"), "write-only": Open(b"out", os.O_WRONLY),
        "read and write": Open(b"g.gz", os.O_RDWR),
        "null": Open(b"/dev/null"),
    }
    for label, stdin in inputs.items():
        for args in ([], ["-c"], ["-d"], ["-dc"], ["-t"], ["-l"], ["-lv"], ["-f"],
                     ["-df"], ["-dcf"], ["-v"], ["-dv"], ["-tv"], ["-n"], ["-N"], ["-k"],
                     ["-dN"], ["-r"], ["-q"], ["-9"], ["-"], ["-d", "-"],
                     ["-c", "-", "f"], ["-d", "-", "g.gz"], ["-", "-"], ["-lN"],
                     ["-lvN"], ["-tq"], ["-dq"], ["-l", "-", "g.gz"], ["-S.x"]):
            yield Case("stdin", "gzip", args, world, stdin=stdin, label=label)
        for tool in ("gunzip", "zcat"):
            yield Case("stdin", tool, [], world, stdin=stdin, label=label)


def standard_output():
    world = {b"f": File(TEXT), b"g.gz": File(GZ), b"d": Dir(), b"out": File(OTHER)}
    outputs = [Closed(), Open(b"/dev/full", os.O_WRONLY), Open(b"/dev/null", os.O_WRONLY),
               Open(b"d"), Open(b"f"), Pipe(), Broken(), Broken(ignored=True),
               Open(b"out", os.O_WRONLY), Open(b"out", os.O_WRONLY | os.O_APPEND),
               Open(b"out", os.O_RDWR, 10), Open(b"f", os.O_RDWR | os.O_APPEND),
               Open(b"g.gz", os.O_RDWR | os.O_APPEND)]
    for number, stdout in enumerate(outputs):
        for args in (["-c", "f"], ["-dc", "g.gz"], ["-l", "g.gz"], ["-t", "g.gz"], ["f"],
                     ["-d", "g.gz"], ["-h"], ["-V"], ["-L"], ["-cf", "f", "g.gz"],
                     ["-lv", "g.gz", "g.gz"], ["-dcf", "f"], ["-q", "-c", "f"],
                     ["-vc", "f"], ["-dc", "g.gz", "no", "g.gz"], ["-kc", "f", "f"],
                     ["-tv", "g.gz"], ["-ql", "g.gz"]):
            if args == ["-dcf", "f"] and str(stdout) == "f":
                continue    # gzip would read for ever what it has written
            yield Case("stdout", "gzip", args, world, stdout=stdout,
                       label=str(number))
        yield Case("stdout", "gzip", [], world, stdin=TEXT, stdout=stdout,
                   label=str(number))
        yield Case("stdout", "gunzip", [], world, stdin=GZ, stdout=stdout,
                   label=str(number))
        yield Case("stdout", "gzip", [], world, stdin=Open(b"f"), stdout=stdout,
                   label=str(number))
    for args in (["f"], ["-d", "g.gz"], ["no"], ["f", "no"], ["-v", "f"], ["-c", "f"],
                 ["-dv", "g.gz"], ["-x"]):
        yield Case("stderr", "gzip", args, world, stderr_closed=True)
        yield Case("stderr", "gzip", args, world, stderr_closed=True,
                   stdin=Closed())
        yield Case("stderr", "gzip", args, world, stderr_closed=True,
                   stdin=Closed(), stdout=Closed())
        yield Case("stdout", "gzip", args, world, stdout=Closed(),
                   stdin=Closed())


def terminals():
    world = {b"f": File(TEXT), b"g.gz": File(GZ), b"f.gz": File(OTHER),
             b"g": File(OTHER), b"h": File(TEXT), b"h.gz": File(OTHER)}
    for typed in (b"y\n", b"n\n", b"\n", b"Y\n", b"yes\n", b"no\n", b" y\n", b"",
                  b"y\ny\n", b"n\ny\n", b"y", b"j\n", b"yn\n"):
        for args in (["f"], ["-d", "g.gz"], ["f", "h"], ["-k", "f"], ["-q", "f"],
                     ["-f", "f"], ["-v", "f"]):
            yield Case("question", "gzip", args, world, stdin=Terminal(typed))
    for args in ([], ["-c"], ["-d"], ["-dc"], ["-q"], ["-dq"], ["-f"], ["-t"], ["-l"],
                 ["-"], ["-d", "-"], ["-v"], ["-df"], ["-tf"], ["-lf"]):
        for stdout in (False, True):
            terminal = Terminal(b"hello\n", stdout)
            label = "output to it" if stdout else "output elsewhere"
            yield Case("terminal", "gzip", args, world, stdin=terminal, label=label)
    for args in (["-c", "f"], ["-cq", "f"], ["-cf", "f"], ["-dc", "g.gz"], ["-l", "g.gz"],
                 ["-lv", "g.gz"], ["-t", "g.gz"], ["-kf", "f"], ["-h"], ["-V"],
                 ["-c", "f", "h"]):
        yield Case("terminal", "gzip", args, world, stdin=Terminal(b"", True))


# ---- directories and several files ----

def trees():
    odd = {b"d": Dir(), b"d/a": File(TEXT), b"d/a.gz": File(OTHER), b"d/.h": File(TEXT),
           b"d/bad.gz": File(b"text"), b"d/g.gz": File(GZ),
           b"d/lost": Link(b"nowhere"), b"d/s": Dir(),
           b"d/s/s": Dir(), b"d/s/s/s": File(TEXT), b"d/u": File(TEXT, mode=0o4755),
           b"d/two": File(TEXT), b"d/two2": Hard(b"d/two")}
    worlds = {
        "usual": tree(), "odd": odd,
        "loop": {b"d": Dir(), b"d/a.gz": File(GZ), b"d/up": Link(b"..")},
        "cut": {b"d": Dir(), b"d/cut.gz": File(GZ[:-9])},
        "empty file": {b"d": Dir(), b"d/e.gz": File(b"")},
        "empty": {b"d": Dir()}, "dirs": {b"d": Dir(), b"d/d": Dir(), b"d/d/d": Dir()},
        "not readable": {b"d": Dir(), b"d/a": File(TEXT), b"d/c.gz": Dir(),
                         b"d/c.gz/x.gz": File(GZ)},
    }
    optional = ["", "c", "d", "f", "k", "l", "t", "v", "q", "n", "N", "df", "dc", "dk",
                "lv", "tv", "dv", "dN", "cf", "kf", "fv", "dq", "lq", "tq", "dcf", "S.x",
                "dS.x", "lN", "9", "1", "dkf", "dcq"]
    for (label, world), options in itertools.product(worlds.items(), optional):
        if "f" in options and label == "odd":
            # One becomes the other, in either order.
            world = {k: v for k, v in world.items()
                     if k not in (b"d/a.gz", b"d/two", b"d/two2")}
        if label in ("usual",) and set("cltf") & set(options):
            # These open the FIFO, and would wait.
            world = {k: v for k, v in world.items() if k != b"d/pipe"}
        yield Case("tree", "gzip", ["-r" + options, "d"], world, label=label,
                   unordered=True)
        if label in ("usual", "odd") and not ("f" in options):
            yield Case("tree", "gzip", ["-r" + options, "d/"], world, label=label,
                       unordered=True)
    for args in (["-r"], ["-r", "-"], ["-r", "."], ["-r", "d", "d"], ["-r", "d/a", "d"],
                 ["-r", "no"], ["-r", "d", "no"], ["-dr", "no"], ["-r", "--", "d"], ["d"],
                 ["d", "d/a"], ["-k", "d"], ["-f", "d"], ["-c", "d"], ["-d", "d"],
                 ["-t", "d"], ["-l", "d"], ["-q", "d"], ["-v", "d"], ["-kf", "d/"],
                 ["d/c/../a"], ["./d/a"], ["d//a"], ["-r", "d//"], ["-r", "./d/."],
                 ["-r", "d/.."], ["-dr", "d/.."], ["-r", "*"]):
        yield Case("tree", "gzip", args, tree(), stdin=TEXT, unordered=True)


def orders():
    """What one file does to those after it."""
    world = {b"a.gz": File(GZ), b"z.gz": File(PLAIN_GZ), b"text.gz": File(TEXT),
             b"cut.gz": File(GZ[:200]), b"crc.gz": File(GZ[:-8] + b"abcd" + GZ[-4:]),
             b"size.gz": File(GZ[:-4] + b"abcd"), b"rest.gz": File(GZ + b"rest"),
             b"nul.gz": File(GZ + bytes(9)), b"dir.gz": Dir(), b"empty.gz": File(b""),
             b"data.gz": File(GZ[:17] + b"\xff" * 20 + GZ[37:]),
             b"method.gz": File(b"\x1f\x8b\x07" + GZ[3:]), b"link.gz": Link(b"a.gz"),
             b"flags.gz": File(GZ[:3] + b"\x28" + GZ[4:]), b"there.gz": File(GZ),
             b"there": File(OTHER), b"plain": File(TEXT),
             b"half.gz": File(GZ + GZ[:5]), b"head.gz": File(GZ[:15]),
             b"byte.gz": File(GZ + b"x"), b"bits.gz": File(GZ, mode=0o4644)}
    middle = sorted(n.decode() for n in world if n not in (b"a.gz", b"z.gz"))
    for name in middle + ["no.gz", "no", "-"]:
        files = ["a.gz", name, "z.gz"]
        for args in (["-d"], ["-dc"], ["-t"], ["-l"], ["-lv"], ["-tv"], ["-df"], ["-dk"],
                     ["-dq"], ["-dv"], ["-tq"], ["-lq"], ["-dcf"], ["-dN"], ["-dcv"],
                     ["-dcq"], ["-lN"], ["-lvN"], ["-c"], ["-k"], ["-f"], [], ["-kv"],
                     ["-tf"], ["-lf"], ["-dr"], ["-kf"]):
            yield Case("order of files", "gzip", args + files, world, stdin=GZ)
        for args in (["-d"], ["-dc"], ["-t"], ["-l"], ["-dv"], ["-dcf"]):
            yield Case("one file", "gzip", args + [name], world, stdin=GZ)
            yield Case("twice", "gzip", args + [name, name], world, stdin=GZ)


def compressed_output():
    """What is compressed, by size and how it comes."""
    sizes = [0, 1, 2, 100, 4096, 32768, 65535, 65536, 65537, 200000]
    for size, make in itertools.product(sizes, (wdtest.text, wdtest.noise, wdtest.zeros)):
        world = {b"f": File(make(size))}
        label = "%s, %d" % (make.__name__, size)
        for args in (["f"], ["-c", "f"], ["-9", "-n", "f"], ["-1", "f"],
                     ["--rsyncable", "f"], ["-kN", "f"]):
            yield Case("content", "gzip", args, world, label=label)
        yield Case("content", "gzip", [], world, stdin=Open(b"f"), label=label)


# ---- all ----

GROUPS = (abbreviations, single, pairs, several, own_options, levels, positions,
          called_by_other_names, environment, known_suffixes, looked_for, own_suffix,
          stored_names, strange_names, kinds, modes, times, existing_outputs,
          no_rights, file_limits, standard_input, standard_output, terminals, trees,
          orders, compressed_output)


def cases():
    for group in GROUPS:
        yield from group()
