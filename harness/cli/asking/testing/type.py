"""Runs a program at a terminal of its own and types: type.py '[["wait for", "keys"], ...]' program argument..."""

import json
import os
import pty
import sys
import termios

steps, program = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(program[0], program)

seen = b""
begin = 0
for wait, keys in steps:
    while wait.encode() not in seen[begin:]:
        seen += os.read(terminal, 4096)
    begin = seen.index(wait.encode(), begin) + len(wait.encode())
    os.write(terminal, keys.encode())
try:
    while True:
        seen += os.read(terminal, 4096)
except OSError:
    pass  # the program has ended
shows = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
_, status = os.waitpid(pid, 0)
print(json.dumps({"seen": seen.decode(), "shows": shows, "code": os.waitstatus_to_exitcode(status)}))
