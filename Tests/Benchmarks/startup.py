#!/usr/bin/env python3
"""How long from exec to the first sign of life, and in how much memory.

    startup.py functions DIR NAME...     exec to the first Lambda Runtime API request
    startup.py emulator CUPEL TEMPLATE FUNCTIONS [OPTION...]
                                         exec to the first answered request, and memory when idle; with options of cupel up
Medians of 21 runs, interleaved; memory is the peak resident set (functions) or the resident set after a second (emulator).
"""
import os, shutil, socket, statistics as st, subprocess, sys, tempfile, time

rounds = 21


def memory(pid, field):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field)) / 1024


def functions(directory, names):
    rows = {name: [] for name in names}
    environment = {"AWS_REGION": "us-east-1", "CONTROL_TABLE": "control", "STAGE_BUCKET": "stage", "LAKE_BUCKET": "lake",
                   "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "CONTRACTS_DIR": os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "infra", "contracts")}
    for round_ in range(rounds + 1):
        for name in names:
            with socket.create_server(("127.0.0.1", 0)) as server:
                environment["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:%d" % server.getsockname()[1]
                start = time.perf_counter()
                process = subprocess.Popen([os.path.join(directory, name)], env=environment, stdout=subprocess.DEVNULL)
                connection, _ = server.accept()
                request = connection.recv(4096)
                taken = (time.perf_counter() - start) * 1000
                assert b"/invocation/next" in request, request
                if round_: rows[name].append((taken, memory(process.pid, "VmHWM")))
                process.kill()
                process.wait()
                connection.close()
    print(f"{'function':24}{'ms':>8}{'MiB':>8}{'file MB':>9}")
    for name in names:
        size = os.path.getsize(os.path.join(directory, name)) / 1e6
        print(f"{name:24}{st.median(r[0] for r in rows[name]):8.2f}{st.median(r[1] for r in rows[name]):8.1f}{size:9.1f}")


def first_answer(port, process, log):
    """Waits for an answer; ends with what the emulator says if it ends first."""
    while True:
        if process.poll() is not None:
            log.seek(0)
            sys.exit(f"cupel up ended with {process.returncode}:\n{log.read()}")
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /_cupel/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if connection.recv(64).startswith(b"HTTP/1.1"): return
        except ConnectionRefusedError:
            time.sleep(0.0002)


def emulator(cupel, template, functions_directory, *more):
    rows = []
    for round_ in range(rounds + 1):
        data = tempfile.mkdtemp()
        with socket.create_server(("127.0.0.1", 0)) as probe: port = probe.getsockname()[1]
        start = time.perf_counter()
        log = tempfile.TemporaryFile("w+")
        process = subprocess.Popen([cupel, "up", "--port", str(port), "--data", data, "--template", template,
                                    "--functions", functions_directory, *more], stdout=log, stderr=subprocess.STDOUT)
        first_answer(port, process, log)
        taken = (time.perf_counter() - start) * 1000
        time.sleep(1)
        if round_: rows.append((taken, memory(process.pid, "VmRSS")))
        process.terminate()
        process.wait()
        shutil.rmtree(data)
    print(f"emulator: first answer after {st.median(r[0] for r in rows):.1f} ms, idle in {st.median(r[1] for r in rows):.1f} MiB")


kind, *arguments = sys.argv[1:] or [""]
if kind == "functions": functions(arguments[0], arguments[1:])
elif kind == "emulator": emulator(*arguments)
else: sys.exit(__doc__)
