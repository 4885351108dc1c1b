# SPDX-License-Identifier: MIT
"""limit.py KIB SECONDS COMMAND...: status 98 if it takes more memory or CPU time.

Prints both.  The child counts the pages it got from this program, so this one
stays small: nothing else is imported.  With WD_SLOW, for sanitizers, which take
time and memory of their own, nothing is too much.
"""

import os
import sys

most, seconds, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
took = usage.ru_utime + usage.ru_stime
line = "%d KiB, %.1f s: %s" % (usage.ru_maxrss, took, " ".join(command))
too_much = usage.ru_maxrss > most or took > seconds
try:
    os.write(3, ("# %s\n" % line).encode())
except OSError:
    sys.stderr.write(line + "\n")
if too_much and os.environ.get("WD_SLOW", "1") == "1":
    sys.exit(98)
sys.exit(os.waitstatus_to_exitcode(status))
