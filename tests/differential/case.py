# SPDX-License-Identifier: MIT
"""A case: a command line, what it finds and what its standard streams are."""

import shlex
from dataclasses import dataclass, field


@dataclass
class Case:
    group: str
    tool: str               # gzip, gunzip or zcat, and ours beside it
    args: list              # of bytes
    world: dict
    label: str = ""         # which world, where the arguments do not tell
    env: dict = field(default_factory=dict)
    stdin: object = None
    stdout: object = None
    stderr_closed: bool = False
    nobody: bool = False            # run by a user without rights
    file_limit: int = None          # bytes
    umask: int = 0o022
    loose: bool = True      # whether messages may have other ratios
    same_name: bool = False         # ours is called by gzip's name
    unordered: bool = False         # files of a directory come in any order
    name: str = ""

    def __post_init__(self):
        self.args = [a if isinstance(a, bytes) else a.encode()
                     for a in self.args]
        self.name = self.make_name()

    def make_name(self):
        words = ["%s=%s" % (k, v) for k, v in self.env.items()]
        words.append(self.tool)
        words += [readable(a) for a in self.args]
        if self.stdin is not None:
            words.append("<" + (str(self.stdin) if not isinstance(self.stdin, bytes)
                                else "pipe"))
        if self.stdout is not None:
            words.append(">" + str(self.stdout))
        if self.stderr_closed:
            words.append("2>closed")
        if self.label:
            words.append("(%s)" % self.label)
        return self.group + ": " + " ".join(words)

    def needs_root(self):
        owners = any(getattr(node, "owner", ()) for node in self.world.values())
        return self.nobody or owners

    def needs_device(self):
        """What a mistake would do to the machine's own must not happen."""
        return any(arg.startswith(b"/dev/") for arg in self.args)


def readable(arg):
    text = shlex.quote(arg.decode("latin-1"))
    text = text.encode("unicode_escape").decode()
    return text if len(text) <= 60 else "%s...%d" % (text[:30], len(arg))

