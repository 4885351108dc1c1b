# SPDX-License-Identifier: MIT
"""The files a command finds, and what has become of them afterwards.

A world is a dictionary of names, as bytes, and what they are.  It is built in an
empty directory once for each tool.
"""

import os
import stat
from dataclasses import dataclass, field

MTIME = 1_100_000_000_123_456_789
ATIME = 1_000_000_000_987_654_321
ROOT = os.getuid() == 0


@dataclass
class File:
    content: bytes = b""
    mode: int = 0o644
    mtime: int = MTIME
    atime: int = ATIME
    owner: tuple = ()


@dataclass
class Dir:
    mode: int = 0o755
    owner: tuple = ()


@dataclass
class Link:
    target: bytes


@dataclass
class Hard:
    """Another name of a file that comes before it."""
    target: bytes


@dataclass
class Fifo:
    mode: int = 0o644


# ---- before ----

def build_file(path, node):
    with open(path, "wb", buffering=0) as f:
        f.write(node.content)
    if node.owner:
        os.chown(path, *node.owner)
    os.chmod(path, node.mode)
    os.utime(path, ns=(node.atime, node.mtime))


def build_one(path, node):
    if isinstance(node, File):
        build_file(path, node)
    elif isinstance(node, Dir):
        os.mkdir(path)
    elif isinstance(node, Link):
        os.symlink(node.target, path)
    elif isinstance(node, Hard):
        os.link(node.target, path)
    elif isinstance(node, Fifo):
        os.mkfifo(path, node.mode)


def build(world):
    """Make it in the current directory."""
    for path, node in world.items():
        build_one(path, node)
    # Now that nothing more is made in them.
    for path, node in reversed(world.items()):
        if isinstance(node, Dir):
            if node.owner:
                os.chown(path, *node.owner)
            os.chmod(path, node.mode)


# ---- afterwards ----

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link",
         stat.S_IFIFO: "FIFO"}


@dataclass
class Found:
    kind: str
    about: dict = field(default_factory=dict)   # what is compared as it stands
    content: bytes = None


def when(ns, begun):
    """The time of the run itself is not the same twice."""
    return "now" if ns >= begun else "%d.%09d" % divmod(ns, 10 ** 9)


def look_at(path, entry, node, begun):
    st = entry.stat(follow_symlinks=False)
    found = Found(KINDS.get(stat.S_IFMT(st.st_mode), "other"))
    found.about["owner"] = "%d:%d" % (st.st_uid, st.st_gid)
    if found.kind == "link":
        found.about["target"] = os.readlink(path)
        return found
    found.about["mode"] = "%04o" % stat.S_IMODE(st.st_mode)
    if found.kind == "file":
        found.about["names"] = str(st.st_nlink)
        found.about["mtime"] = when(st.st_mtime_ns, begun)
        # A file that was there may have been read or not.
        if not isinstance(node, File):
            found.about["atime"] = when(st.st_atime_ns, begun)
        if not ROOT:
            os.chmod(path, 0o600)
        with open(path, "rb", buffering=0) as f:
            found.content = f.read()
    return found


def observe(world, begun, where=b"."):
    """What is in the current directory, and below it."""
    found = {}
    with os.scandir(where) as entries:
        for entry in entries:
            path = entry.path[2:] if entry.path[:2] == b"./" else entry.path
            found[path] = look_at(path, entry, world.get(path), begun)
    for path in [p for p in found if found[p].kind == "directory"]:
        if not ROOT:
            os.chmod(path, 0o700)
        found.update(observe(world, begun, path))
    return found
