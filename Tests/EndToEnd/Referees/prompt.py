#!/usr/bin/env python3
"""Types into a program on a terminal of its own, and prints what the terminal got, as JSON.

    prompt.py KEYS PROGRAM ARGUMENT…

KEYS is a JSON list of pairs [text to wait for, keys to type]; after the last one the program must end by itself.
"""
import json, os, pty, select, signal, sys, time

keys, command = json.loads(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0: os.execvp(command[0], command)
seen, screen = b"", []
limit = time.monotonic() + 600


def read():
    """More of what the program writes; False at its end."""
    global seen
    if not select.select([terminal], [], [], max(0, limit - time.monotonic()))[0]:
        os.kill(child, signal.SIGKILL)
        sys.exit(f"nothing more came after {seen[-2000:]!r}")
    try: piece = os.read(terminal, 65536)
    except OSError: return False
    seen += piece
    return bool(piece)


for awaited, typed in keys:
    while awaited.encode() not in seen:
        if not read(): sys.exit(f"the program ended without {awaited!r} after {seen[-2000:]!r}")
    screen.append(seen.decode(errors="replace"))
    seen = b""
    os.write(terminal, typed.encode())
while read(): pass
screen.append(seen.decode(errors="replace"))
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"status": status, "screen": screen}))
