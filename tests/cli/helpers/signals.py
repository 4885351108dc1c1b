# SPDX-License-Identifier: MIT
"""signals.py default|ignore NAMES COMMAND...: run COMMAND with these signals so.

NAMES are separated by commas.  The shell ignores SIGINT for what it starts in
the background, and cannot undo what it inherited.  The process id stays.
"""

import os
import signal
import sys

how = {"default": signal.SIG_DFL, "ignore": signal.SIG_IGN}[sys.argv[1]]
for name in sys.argv[2].split(","):
    signal.signal(signal.Signals["SIG" + name], how)
os.execvp(sys.argv[3], sys.argv[3:])
