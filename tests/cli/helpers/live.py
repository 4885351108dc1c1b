# SPDX-License-Identifier: MIT
"""A terminal on which a program moves the cursor, and who sits in front of it."""

import fcntl
import os
import re
import signal
import struct
import termios
import time

from screen import DEADLINE, Screen

SEQUENCE = re.compile(r"\033\[(\??)([0-9;]*)([A-Za-z])")


class Live(Screen):
    """@cells: the text of each row of the screen that is shown; @alternate: whether that
    is the second one; @cursor: whether it is shown; @frames: how often something was
    written from the first row on; @attributes: whether any were used."""

    def __init__(self, width=80, height=25):
        self.height, self.columns_max, self.rows_max = height, 0, 0
        super().__init__(width)
        self.before = termios.tcgetattr(self.tty)

    def resize(self, width, height=None):
        self.width, self.height = width, height or self.height
        # What is on its way may be of the size before.
        self.columns_max = max(self.columns_max, self.width)
        self.rows_max = max(self.rows_max, self.height)
        fcntl.ioctl(self.tty, termios.TIOCSWINSZ,
                    struct.pack("4H", self.height, width, 0, 0))

    def clear(self):
        self.sequence = ""
        self.alternate, self.cursor, self.attributes = False, True, False
        self.frames = 0
        self.raw = b""
        self.wipe()

    def wipe(self):
        self.cells, self.row, self.column = [""], 0, 0

    def put(self, char):
        if self.sequence or char == "\033":
            self.sequence += char
            if SEQUENCE.fullmatch(self.sequence):
                self.obey(*SEQUENCE.fullmatch(self.sequence).groups())
                self.sequence = ""
            assert len(self.sequence) < 16, repr(self.sequence)
        elif char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
            # Only what is on the second screen never moves up.
            assert self.row < self.rows_max or not self.alternate, self.text()
        else:
            assert " " <= char <= "~", "%r on the terminal" % char
            self.show(char)

    def cells_of_row(self):
        while len(self.cells) <= self.row:
            self.cells.append("")
        return self.cells[self.row]

    def show(self, char):
        # The last column is left alone, as some terminals begin a row after it.
        assert self.column < self.columns_max - 1 or not self.alternate, self.text()
        old = self.cells_of_row().ljust(self.column)
        self.cells[self.row] = old[:self.column] + char + old[self.column + 1:]
        self.column += 1

    def obey(self, private, number, letter):
        if private:
            assert (number, letter) in (("25", "h"), ("25", "l"), ("1049", "h"),
                                        ("1049", "l")), (number, letter)
            if number == "25":
                self.cursor = letter == "h"
            else:
                self.alternate = letter == "h"
                self.wipe()
        elif letter == "H":
            assert not number
            self.row = self.column = 0
            self.frames += 1
        elif letter == "K":
            self.cells[self.row] = self.cells_of_row()[:self.column]
        elif letter == "J":
            self.cells[self.row] = self.cells_of_row()[:self.column]
            del self.cells[self.row + 1:]
        else:
            assert letter == "m", letter
            self.attributes |= number != "0"

    def run(self, command, **streams):
        """In the foreground, but perhaps not from its first moment on."""
        child = self.start(command, **streams)
        self.go_on(child)
        return child

    def text(self):
        return "\n".join(self.cells)

    def until(self, done, child=None):
        """Until it is so; a child must not end before."""
        end = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < end, self.text()
            if not self.look(0.05) and child:
                assert child.poll() is None, (child.returncode, self.text())

    def shown(self, text, child):
        self.until(lambda: text in self.text(), child)

    def new_frames(self, child, count=2):
        """The last but one of them began after this call, and is complete."""
        want = self.frames + count
        self.until(lambda: self.frames >= want, child)

    def hurry(self, child, count=2):
        """The same, without waiting until it is time for them."""
        want = self.frames + count

        def enough():
            os.kill(child.pid, signal.SIGWINCH)
            return self.frames >= want

        self.until(enough, child)

    def rest(self):
        while self.look():
            pass

    def is_as_before(self):
        """Everything that a program may have changed."""
        self.rest()
        assert not self.alternate and self.cursor
        assert termios.tcgetattr(self.tty) == self.before

    def settle(self, child):
        """Everything that is shown from now on is of the new size."""
        self.rest()
        self.hurry(child)
        self.columns_max, self.rows_max = self.width, self.height
        self.hurry(child)

    def type(self, text):
        os.write(self.master, text)

    def end(self, child, status=0):
        got = child.wait(DEADLINE)
        assert got == status, (got, self.text())
        self.is_as_before()
        self.foreground()

    def stopped(self, child):
        pid, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        return os.WSTOPSIG(status)

    def go_on(self, child):
        self.foreground(child)
        os.kill(child.pid, signal.SIGCONT)
