#!/usr/bin/env python3
"""Runs a command on a terminal of 80 columns and 24 lines, and types Ctrl-C once it shows something.

    terminal.py WORDS COMMAND…    Ctrl-C comes when the output has WORDS twice
    -> {"status": the exit status, "screen": the output without what moves the cursor, "widest": columns of its longest line}
"""
import fcntl, json, os, pty, re, signal, struct, sys, termios

words, command = sys.argv[1], sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    # Who starts this script may have blocked signals.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(command[0], command)
output, is_interrupted = b"", False
while True:
    try:
        if not (more := os.read(terminal, 65536)): break
    except OSError: break  # the last process has closed the terminal
    output += more
    if not is_interrupted and output.count(words.encode()) >= 2:
        os.write(terminal, b"\x03")
        is_interrupted = True
_, status = os.waitpid(process, 0)
screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode(errors="replace")).replace("\r", "")
print(json.dumps({"status": os.waitstatus_to_exitcode(status), "screen": screen,
                  "widest": max(len(line) for line in screen.split("\n"))}))
