#!/usr/bin/env python3
"""Kills `cupel erase` between two of its requests, starts it again, and looks at what is left. Prints one JSON document.

    erase_rounds.py ENDPOINT CUPEL TABLE NAME ROUNDS SEED KEY…   -> {"requests": of one erasure, "kills": [after so many requests]}

The rounds erase one key each, of which every text that names it has NAME followed by `-KEY-`. A proxy counts the requests; it kills the command
before it sends one, or when its answer comes. All places between two requests are tried if there are as many rounds, else some, evenly.
"""
import json, os, random, re, signal, socket, subprocess, sys, threading

endpoint, cupel, table, name, rounds, seed, *keys = sys.argv[1:]
chance, rounds = random.Random(int(seed)), int(rounds)
assert len(keys) > rounds, "a key for each round, and one to count with"
host, port = re.fullmatch(r"http://([\d.]+):(\d+)", endpoint).groups()


class Proxy:
    """Passes requests on, and kills a process at one of them."""

    def __init__(self, limit=None, sends=True):
        self.limit, self.sends, self.count, self.process, self.lock = limit, sends, 0, None, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try: client, _ = self.listener.accept()
            except OSError: return
            server = socket.create_connection((host, int(port)))
            threading.Thread(target=self.pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, False), daemon=True).start()

    def pump(self, source, target, isRequest):
        try:
            while piece := source.recv(1 << 16):
                if isRequest and re.match(rb"(GET|HEAD|PUT|POST|DELETE) /", piece):
                    with self.lock: self.count += 1
                    if self.count == self.limit and not self.sends: return self.kill()
                if not isRequest and self.limit is not None and self.sends and self.count >= self.limit: return self.kill()
                target.sendall(piece)
        except OSError: pass
        finally:
            for end in (source, target):
                try: end.shutdown(socket.SHUT_RDWR)
                except OSError: pass

    def kill(self):
        if self.process and self.process.poll() is None: self.process.send_signal(signal.SIGKILL)


def erase(key, proxy=None):
    """The exit status and the report."""
    command = [cupel, "erase", "--table", table, "--json", "--yes", "--endpoint", proxy.endpoint if proxy else endpoint]
    for part in key.split(","): command += ["--key", part]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if proxy: proxy.process = process
    output, errors = process.communicate(timeout=600)
    if proxy: proxy.listener.close()
    assert process.returncode in (0, -signal.SIGKILL), (process.returncode, errors)
    return process.returncode, json.loads(output) if output else {}


def left(key):
    text = f"{name}-{key.split(',')[-1]}-"
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "erasure.py")
    run = subprocess.run([sys.executable, script, endpoint, "find", text], capture_output=True, text=True, check=True)
    return [place for place in json.loads(run.stdout)["found"][text] if "/raw/" not in place]


assert all(left(key) for key in keys), "a key is nowhere before"
counting = Proxy()
status, report = erase(keys[0], counting)
assert status == 0 and not left(keys[0]), (status, left(keys[0]))
total, kills = counting.count, []
places = range(1, total + 1) if rounds >= total else [1 + (number * total + chance.randrange(total)) // rounds for number in range(rounds)]
for key, place in zip(keys[1:], places):
    status, _ = erase(key, Proxy(place, sends=chance.random() < 0.5))
    if status: kills.append(place)
    status, report = erase(key)
    assert status == 0, (key, place, status)
    assert not left(key), f"{key}, killed after {place} of {total} requests: {left(key)}"
    # Nothing is left to do, whatever the first one did.
    again = erase(key)[1]
    assert again["silver"]["rows"] == 0 and not again["files"] and again["silver"]["object_versions_removed"] == 0, (key, place, again)
print(json.dumps({"requests": total, "kills": kills}))
