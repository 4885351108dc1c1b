# SPDX-License-Identifier: MIT
"""A mount namespace of our own: files in memory, and devices that nobody else uses."""

import os
import subprocess
import sys

MARK = "WD_DIFFERENTIAL_PRIVATE"
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8),
           "urandom": (1, 9), "tty": (5, 0)}


def enter():
    """Start again in a namespace, where that is possible; whether we are in one."""
    if MARK in os.environ:
        return True
    command = ["unshare", "--mount", "--propagation", "private"]
    try:
        if os.getuid() != 0 or subprocess.call([*command, "true"]) != 0:
            return False
    except OSError:
        return False
    os.environ[MARK] = "1"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def prepare(top):
    """Files in memory below top, and devices."""
    mount("-t", "tmpfs", "-o", "mode=755", "files", top)
    dev = os.path.join(top, "dev")
    os.mkdir(dev)
    mount("-t", "tmpfs", "-o", "mode=755", "devices", dev)
    for name, numbers in DEVICES.items():
        path = os.path.join(dev, name)
        os.mknod(path, 0o20666, os.makedev(*numbers))
        os.chmod(path, 0o666)
    for name in ("pts", "shm"):
        os.mkdir(os.path.join(dev, name))
        mount("--bind", "/dev/" + name, os.path.join(dev, name))
    os.symlink("pts/ptmx", os.path.join(dev, "ptmx"))
    os.symlink("/proc/self/fd", os.path.join(dev, "fd"))
    mount("--rbind", dev, "/dev")
