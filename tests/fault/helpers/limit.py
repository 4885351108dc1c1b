# SPDX-License-Identifier: MIT
"""limit.py KIB SECONDS COMMAND...: fail if it needs more memory or time.

Prints both.  The child counts the pages it got from this program, so this one
stays small: nothing else is imported.
"""

import os
import sys
import time

most, seconds, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
begun = time.monotonic()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
took = time.monotonic() - begun
line = "%d KiB, %.1f s: %s" % (usage.ru_maxrss, took, " ".join(command))
try:
    os.write(3, ("# %s\n" % line).encode())
except OSError:
    sys.stderr.write(line + "\n")
if usage.ru_maxrss > most or took > seconds:
    sys.exit(98)
sys.exit(os.waitstatus_to_exitcode(status))
