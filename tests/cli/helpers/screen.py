# SPDX-License-Identifier: MIT
"""A terminal with jobs on it: what somebody in front of it would see.

This process becomes the shell: leader of a session whose terminal is a pty, of which
it holds the other end, too.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata

DEADLINE = 120      # seconds for what happens at once unless it hangs

# As shells do, so as not to be stopped themselves.
for name in "SIGTTOU SIGTTIN SIGHUP".split():
    signal.signal(signal.Signals[name], signal.SIG_IGN)


def columns(char):
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    """@rows: the text of each; @raw: all bytes that came."""

    def __init__(self, width):
        # A leader of a group cannot begin a session.
        child = os.fork()
        if child:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os.setsid()
        self.master, self.tty = os.openpty()
        fcntl.ioctl(self.tty, termios.TIOCSCTTY, 0)
        self.resize(width)
        self.raw = b""
        self.clear()

    def resize(self, width):
        self.width = width
        fcntl.ioctl(self.tty, termios.TIOCSWINSZ, struct.pack("4H", 25, width, 0, 0))

    def clear(self):
        self.rows, self.column, self.updates, self.rest = [[]], 0, 0, b""
        self.raw = b""

    def tostop(self, on):
        mode = termios.tcgetattr(self.tty)
        if on:
            mode[3] |= termios.TOSTOP
        else:
            mode[3] &= ~termios.TOSTOP
        termios.tcsetattr(self.tty, termios.TCSANOW, mode)

    def start(self, command, **streams):
        """In the background, with a process group of its own."""
        def prepare():
            os.setpgid(0, 0)
            # A job of a script has some ignored, also those of tests.
            for name in "SIGTTOU SIGTTIN SIGHUP SIGPIPE SIGINT SIGQUIT".split():
                signal.signal(signal.Signals[name], signal.SIG_DFL)

        streams.setdefault("stdin", self.tty)
        streams.setdefault("stdout", self.tty)
        return subprocess.Popen(command, stderr=self.tty, preexec_fn=prepare, **streams)

    def foreground(self, child=None):
        os.tcsetpgrp(self.tty, child.pid if child else os.getpgrp())

    def put(self, char):
        if char == "\r":
            self.column = 0
            self.updates += 1
        elif char == "\n":
            self.rows.append([])
            self.column = 0
        elif char == "\t":
            self.column = (self.column // 8 + 1) * 8
        elif char >= " ":
            w = columns(char)
            if self.column + w > (self.width or 80):
                self.rows.append([])
                self.column = 0
            row = self.rows[-1]
            row += [" "] * (self.column - len(row))
            if w:
                row[self.column:self.column + w] = [char] + [""] * (w - 1)
            elif self.column:
                row[self.column - 1] += char
            self.column += w
        else:
            raise AssertionError("%r on the terminal" % char)

    def look(self, seconds=0.0):
        """Take in what is shown meanwhile; whether there was anything."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        part = os.read(self.master, 65536)
        self.raw += part
        for char in part.decode("utf-8", "replace"):
            self.put(char)
        return True

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.rows)


class Feed:
    """Input that comes in small pieces, as long as it is wanted."""

    def __init__(self, screen, name=None):
        self.screen, self.sent = screen, 0
        if name is None:
            self.out, self.fd = os.pipe()
            return
        os.mkfifo(name)
        # Both ends, so that opening does not wait.
        self.fd = os.open(name, os.O_RDWR)

    def until(self, done, child, seconds=DEADLINE):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= end:
                return False
            pid, status = os.waitpid(child.pid, os.WNOHANG | os.WUNTRACED)
            assert not pid, "status %#x" % status
            self.piece()
            self.screen.look(0.01)
        return True

    def piece(self):
        """Unless there is something left of the one before."""
        left = fcntl.ioctl(self.fd, termios.FIONREAD, b"\0" * 4)
        if struct.unpack("i", left)[0] == 0:
            os.write(self.fd, b"some input " * 1000)
            self.sent += 1

    def some(self, child, count=10):
        """Until so many more were taken."""
        want = self.sent + count
        assert self.until(lambda: self.sent >= want, child), "input is not read"

    def silence(self, child, seconds=1.5):
        """For longer than it takes until progress is shown, and shown again."""
        self.until(lambda: False, child, seconds)
