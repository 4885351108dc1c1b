# SPDX-License-Identifier: MIT
"""Run the tools while something goes wrong, and judge what they leave behind.

A Case is a command, the files it starts from and those it should make.  After
each run, whatever happened in it, the directory must be in one of these
states, and the status must fit:

    kept    the input as it was, no output            1 (or the signal)
    done    the output complete, the input gone       0, 2
    both    the output complete, the input as it was  2 (or 0 if asked to keep)

Anything else is a failure of the test: an incomplete output, a lost input, a
file that nobody asked for, a crash, no message, no end.
"""

import collections
import errno
import functools
import os
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import time
import zlib

import wdtest

SHIM = os.environ["WD_FAULTIO"]
SLOW = int(os.environ.get("WD_SLOW", "1"))
DEADLINE = 120 * min(SLOW, 6)    # seconds for one run, else it hangs
KINDS = ("read write open close fsync chmod chown utimens unlink rename poll "
         "thread mmap alloc any").split()
STATE = os.path.join(os.environ["BATS_TEST_TMPDIR"], "counts")
LOG = os.path.join(os.environ["BATS_TEST_TMPDIR"], "calls")

Result = collections.namedtuple("Result", "status stdout stderr")

# The shell may have started us with SIGINT ignored.  SIGPIPE, which Python
# ignores, it sets to the default for what it starts.
for name in "SIGINT SIGTERM SIGHUP SIGUSR1".split():
    signal.signal(signal.Signals[name], signal.SIG_DFL)


def say(text):
    """A line that is seen also if the test passes."""
    try:
        os.write(3, ("# %s\n" % text).encode())
    except OSError:
        print(text)


# ---- running ----

@functools.lru_cache(None)
def runtimes(tool):
    """Sanitizers' libraries: they insist on being first."""
    out = subprocess.run(["ldd", shutil.which(tool)], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False).stdout.decode()
    return re.findall(r"=> (\S*/lib[at]san\.so\S*)", out)


def environment(tool, **faults):
    """fail=(kind, n, errno[, "+"]), at=(kind, n, signal), short=(max, seed),
    storm=(errno, per cent, seed), flip=(call, byte, bit), log=True, cpus=(n,)"""
    env = dict(os.environ)
    env["LD_PRELOAD"] = ":".join(runtimes(tool) + [SHIM])
    env["FAULTIO_STATE"] = STATE
    for name in (STATE, LOG):
        if os.path.exists(name):
            os.unlink(name)
    if faults.pop("log", False):
        env["FAULTIO_LOG"] = LOG
    for name, value in faults.items():
        if value:
            env["FAULTIO_" + name.upper()] = ":".join(map(str, map(number, value)))
    return env


def number(value):
    return int(value) if isinstance(value, int) else value


def start(command, env=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
    return subprocess.Popen(command, env=env, stdin=stdin, stdout=stdout,
                            stderr=subprocess.PIPE)


def finish(child, data=None):
    try:
        out, err = child.communicate(data, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise AssertionError("%s does not end" % child.args) from None
    return Result(child.returncode, out, err)


def run(command, data=None, **faults):
    stdin = subprocess.DEVNULL if data is None else subprocess.PIPE
    return finish(start(command, environment(command[0], **faults), stdin), data)


def counts():
    """Calls of each kind in the last run with the shim."""
    with open(STATE, "rb") as f:
        return dict(zip(KINDS, struct.unpack("=%dQ" % len(KINDS), f.read())))


def calls():
    """What the last run with log=True called: pairs of kind and base name."""
    with open(LOG, "rb") as f:
        lines = f.read().decode(errors="replace").splitlines()
    pairs = [line.partition(" ")[::2] for line in lines]
    return [(kind, os.path.basename(path)) for kind, path in pairs]


def spin(seconds, child):
    """Let so much time pass, or the child end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and child.poll() is None:
        pass


# ---- as the first process ----

def container():
    """The command that makes another the first process of a namespace."""
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if os.getuid():
        command[1:1] = ["--user", "--map-root-user"]
    return command


def parent(pid):
    try:
        with open("/proc/%s/stat" % pid, "rb") as f:
            return int(f.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def catches(pid, sig):
    try:
        with open("/proc/%d/status" % pid, "rb") as f:
            mask = re.search(rb"SigCgt:\s*(\w+)", f.read())
    except OSError:
        return False
    return bool(mask and int(mask[1], 16) >> (sig - 1) & 1)


def first_process(child, sig):
    """Its number, here, once it is prepared for the signal."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and child.poll() is None:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            # In unshare's own child nothing is caught yet.
            if parent(pid) == child.pid and catches(int(pid), sig):
                return int(pid)
        time.sleep(0.01)
    raise AssertionError("%s has not begun" % child.args)


# ---- judging ----

def gunzip(buf):
    """What is in all members, or None if anything is missing or wrong."""
    out = []
    while buf:
        z = zlib.decompressobj(31)
        try:
            out.append(z.decompress(buf))
        except zlib.error:
            return None
        if not z.eof:
            return None
        buf = z.unused_data
    return b"".join(out)


def complete(name, data):
    """Whether the file holds the data, compressed if its name says so."""
    found = wdtest.read(name)
    if name.endswith(".gz"):
        return found != b"" and gunzip(found) == data
    return found == data


def another_owner():
    """User and group that a file can be given to, other than those that a new one
    gets; None if there are none."""
    groups = [-1] + [g for g in os.getgroups() if g != os.getegid()]
    for owner in (1234, 2345), (-1, groups[-1]):
        with open("owned", "wb"):
            pass
        before = os.stat("owned")
        try:
            os.chown("owned", *owner)
        except OSError:
            continue
        after = os.stat("owned")
        if (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid):
            return owner
    return None


class Case:
    """tool and options, the data, and which file becomes which."""

    def __init__(self, command, data, name="f", keep=False):
        self.command, self.data, self.keep = command.split(), data, keep
        self.plain, self.packed = name, name + ".gz"
        self.unpack = self.command[0] == "wdunzip" or "-d" in self.command
        if self.unpack:
            self.before, self.after = self.packed, self.plain
            self.content = wdtest.member(data, mtime=1500000000)
        else:
            self.before, self.after = self.plain, self.packed
            self.content = data
        self.owner = None
        self.chatty = any(o[:2] in ("-v", "--") and o[2:] in ("", "f", "stats")
                          for o in self.command)
        self.command.append(self.before)
        self.tally = collections.Counter()

    def prepare(self):
        for name in os.listdir("."):
            os.unlink(name)
        wdtest.write(self.before, self.content)
        os.chmod(self.before, 0o640)
        if self.owner:
            os.chown(self.before, *self.owner)
        os.utime(self.before, (1500000000, 1500000000))

    def state(self):
        """As the module's comment has it."""
        files = set(os.listdir("."))
        assert files <= {self.before, self.after}, files
        is_done = False
        if self.after in files:
            assert complete(self.after, self.data), \
                "%s is not complete" % self.after
            is_done = True
        if self.before not in files:
            assert is_done, "everything is gone"
            return "done"
        assert wdtest.read(self.before) == self.content, \
            "%s has changed" % self.before
        return "both" if is_done else "kept"

    def statuses(self, state):
        if state == "kept":
            return [1]
        if state == "done":
            return [0, 2]
        return [0, 2] if self.keep else [2]

    def judge(self, result, also=(), silent=False):
        """also: further statuses that are right whatever the state."""
        state = self.state()
        status = result.status
        assert status in self.statuses(state) + list(also), \
            "status %d while %s" % (status, state)
        tool = self.command[0].encode() + b": "
        if status > 0 and not silent:
            assert tool in result.stderr, "no message"
        if status == 0 and not self.chatty:
            assert result.stderr == b"", "a message for a success"
        self.tally[state] += 1
        return state

    def run(self, also=(), silent=False, **faults):
        """Run with these faults, return the state."""
        self.prepare()
        result = run(self.command, **faults)
        self.result = result
        try:
            return self.judge(result, also, silent)
        except AssertionError as e:
            raise AssertionError("%s, %s: %s\n%s\n%s" % (
                " ".join(self.command), faults, e, result,
                {n: os.path.getsize(n) for n in os.listdir(".")})) from None

    def count(self, kind):
        assert self.run() == ("both" if self.keep else "done")
        return counts()[kind]

    def sweep(self, kind, err, want=None, onward=False, **how):
        """Let each call of this kind fail in turn; want: the only right state."""
        total = self.count(kind)
        assert total, "no call of %s to fail" % kind
        self.tally.clear()
        for n in range(1, total + 1, SLOW):
            fault = (kind, n, err) + (("+",) if onward else ())
            state = self.run(fail=fault, **how)
            assert want in (None, state), "%s when %s failed: %s" % (
                state, fault, self.result)
        self.report("%s%s fails with %s" % (kind, " for good" if onward else "",
                                            errno.errorcode[err]))
        return total

    def report(self, what):
        tally = ", ".join("%d %s" % (n, s) for s, n in sorted(self.tally.items()))
        say("%s, %s: %d runs: %s" % (" ".join(self.command), what,
                                     sum(self.tally.values()), tally))


def stop(command, at, **faults):
    """Start it, and return when it has stopped before the call at=(kind, n).

    None if it ended before.
    """
    faults["at"] = at + (signal.SIGSTOP,)
    child = start(command, environment(command[0], **faults))
    signal.alarm(DEADLINE)      # the end of this program, and of the test
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    signal.alarm(0)
    if os.WIFSTOPPED(status):
        return child
    child.returncode = os.waitstatus_to_exitcode(status)
    child.communicate()
    return None


def go_on(child):
    child.send_signal(signal.SIGCONT)
    return finish(child)


def random_numbers(seed):
    return random.Random(seed)
