# SPDX-License-Identifier: MIT
"""terminal.py ANSWER COMMAND...: run COMMAND on a terminal of its own.

ANSWER is typed once the command has printed something and fallen silent, or at
once if it begins with "!"; then the end of file.  What appears on the terminal goes to standard
output, with plain newlines; the status is the command's.
"""

import os
import pty
import select
import sys
import time

answer, command = sys.argv[1], sys.argv[2:]
at_once = answer.startswith("!")
answer = answer.lstrip("!").encode().decode("unicode_escape").encode()
end = time.monotonic() + 300

pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

seen, typed = b"", False
while time.monotonic() < end:
    silent = not select.select([fd], [], [], 0 if at_once else 0.1)[0]
    if not typed and (at_once or (seen and silent)):
        os.write(fd, answer + b"\x04")
        typed, at_once = True, False
    if silent:
        continue
    try:
        part = os.read(fd, 65536)
    except OSError:         # how Linux says that nobody has it open any more
        break
    if not part:
        break
    seen += part
else:
    os.kill(pid, 9)
    sys.exit("the command did not end")

status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen.replace(b"\r\n", b"\n"))
sys.exit(128 - status if status < 0 else status)
