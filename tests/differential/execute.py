# SPDX-License-Identifier: MIT
"""Running a tool in the current directory, with the standard streams a case asks for.

Standard input: None for an empty one, bytes for a pipe that has them (or a file, if
they are too many for a pipe), or one of the classes below.  Standard output: None to be told what was written, or one of
the classes.
"""

import os
import pty
import select
import signal
import termios
import time
from dataclasses import dataclass

DEADLINE = 300      # seconds, for what hangs
NOBODY = 65534
PIPE_ROOM = 60000


@dataclass
class Open:
    """A file, opened by whoever starts the tool."""
    path: bytes
    flags: int = os.O_RDONLY
    offset: int = 0

    def __str__(self):
        return os.fsdecode(self.path) + (
            "@%d" % self.offset if self.offset else "")


@dataclass
class Closed:
    def __str__(self):
        return "closed"


@dataclass
class Terminal:
    """A terminal on which this was typed.  Then it is the standard input."""
    typed: bytes = b""
    stdout: bool = False    # whether it is standard output, too

    def __str__(self):
        return "terminal(%s)" % repr(self.typed)[2:-1]


@dataclass
class Pipe:
    """As standard output: told what was written, but through a pipe."""
    def __str__(self):
        return "pipe"


@dataclass
class Broken:
    """As standard output: a pipe that nobody reads."""
    ignored: bool = False   # whether SIGPIPE is

    def __str__(self):
        return "broken pipe" + (", SIGPIPE ignored" if self.ignored else "")


@dataclass
class Result:
    status: str
    out: bytes
    err: bytes


# ---- streams ----

def open_file(spec):
    fd = os.open(spec.path, spec.flags, 0o666)
    if spec.offset:
        os.lseek(fd, spec.offset, os.SEEK_SET)
    return fd


def open_stdin(spec):
    if spec is None:
        return os.open("/dev/null", os.O_RDONLY)
    if isinstance(spec, Closed):
        return None
    if isinstance(spec, Open):
        return open_file(spec)
    if len(spec) > PIPE_ROOM:
        reader = os.memfd_create("stdin")
        os.write(reader, spec)
        os.lseek(reader, 0, os.SEEK_SET)
        return reader
    reader, writer = os.pipe()
    os.write(writer, spec)
    os.close(writer)
    return reader


def open_stdout(spec):
    """What the tool gets, and what to read its output from."""
    if spec is None:
        fd = os.memfd_create("stdout")
        return fd, fd
    if isinstance(spec, Closed):
        return None, None
    if isinstance(spec, Open):
        return open_file(spec), None
    reader, writer = os.pipe()
    if isinstance(spec, Broken):
        os.close(reader)
        return writer, None
    return writer, reader


def read_all(fd):
    """From the beginning, where there is one."""
    try:
        os.lseek(fd, 0, os.SEEK_SET)
    except OSError:
        pass
    parts = []
    while part := os.read(fd, 1 << 20):
        parts.append(part)
    return b"".join(parts)


# ---- processes ----

def wait(pid):
    """The status in words; what takes for ever is ended."""
    pidfd = os.pidfd_open(pid)
    ended = select.select([pidfd], [], [], DEADLINE)[0]
    os.close(pidfd)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not ended:
        return "did not end"
    return signal.Signals(-code).name if code < 0 else str(code)


def spawn(path, argv, env, fds, broken):
    actions = []
    for number, fd in enumerate(fds):
        if fd is None:
            actions.append((os.POSIX_SPAWN_CLOSE, number))
        else:
            actions.append((os.POSIX_SPAWN_DUP2, fd, number))
    # Python ignores this one, and what it starts would, too.
    default = [] if broken else [signal.SIGPIPE, signal.SIGXFSZ]
    return os.posix_spawn(path, argv, env, file_actions=actions,
                          setsigdef=default)


def run_with_files(case, path, argv, env):
    stdin = open_stdin(case.stdin)
    stdout, result = open_stdout(case.stdout)
    stderr = os.memfd_create("stderr")
    ignored = isinstance(case.stdout, Broken) and case.stdout.ignored
    given = None if case.stderr_closed else stderr
    pid = spawn(path, argv, env, (stdin, stdout, given), ignored)
    status = wait(pid)
    if stdin is not None:
        os.close(stdin)
    if stdout is not None and stdout != result:
        os.close(stdout)
    out = b"" if result is None else read_all(result)
    err = read_all(stderr)
    if result is not None:
        os.close(result)
    os.close(stderr)
    return Result(status, out, err)


def run_on_terminal(case, path, argv, env):
    out, err = os.memfd_create("stdout"), os.memfd_create("stderr")
    go_reader, go_writer = os.pipe()
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.read(go_reader, 1)
            if not case.stdin.stdout:
                os.dup2(out, 1)
            os.dup2(err, 2)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execve(path, argv, env)
        finally:
            os._exit(126)
    modes = termios.tcgetattr(terminal)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, modes)
    os.write(terminal, case.stdin.typed + b"\x04\x04")
    os.write(go_writer, b"x")
    shown = read_terminal(terminal)
    status = wait(pid)
    result = Result(status, read_all(out) + shown, read_all(err))
    for fd in (out, err, go_reader, go_writer, terminal):
        os.close(fd)
    return result


def read_terminal(terminal):
    shown, end = b"", time.monotonic() + DEADLINE
    while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:     # how Linux says that nobody has it open any more
            break
        if not part:
            break
        shown += part
    return shown


def prefix(case):
    """What the tool is started by, if anything."""
    if case.nobody:
        return ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY,
                "--clear-groups", "--"]
    if case.file_limit is not None:
        return ["prlimit", "--fsize=%d" % case.file_limit, "--"]
    return []


def run(case, path, name, args, env):
    """One run; path is the program, name what it is called by."""
    before = prefix(case)
    if before:
        argv = [*before, path, *args]
        path = "/usr/bin/" + before[0]
    else:
        argv = [name, *args]
    mask = os.umask(case.umask)
    try:
        if isinstance(case.stdin, Terminal):
            return run_on_terminal(case, path, argv, env)
        return run_with_files(case, path, argv, env)
    finally:
        os.umask(mask)
