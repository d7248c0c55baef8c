#!/usr/bin/env python3
"""Packaged functions beside the same start in other languages.

    measure.py PACKAGES [PYTHON]     PACKAGES is what `make package` made; PYTHON has boto3 (.venv/bin/python3)

start: from exec to the first request to the Lambda Runtime API. idle: peak resident memory until then. first call: from the
event to its first request to AWS (plain HTTP), in the first invocation less the same in the second: what being used for the
first time costs. Medians of 21 rounds, in turn; the start of a process by Python is in all of them. A language that is not
installed is named and left out.
"""
import contextlib, os, pathlib, shutil, socket, statistics, subprocess, sys, tempfile, time

rounds = 21
here = pathlib.Path(__file__).resolve().parent
created = (b'{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1","eventTime":"2026-01-01T00:00:00.000Z",'
           b'"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"stage"},"object":{"key":"raw/beer/beer.csv.gz","size":1,'
           b'"eTag":"d41d8cd98f00b204e9800998ecf8427e","sequencer":"1"}}}]}')
record = b'{"control_id":"0123456789abcdef0123456789abcdef"}'
events = {"control-recorder": created, "compute-router": record, "bronze-writer": record, "replayer": b"{}"}


def answer(connection, body, headers=""):
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)


def request(connection):
    """One whole request."""
    text = b""
    while b"\r\n\r\n" not in text: text += connection.recv(65536)
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length: body += connection.recv(65536)
    return head


def first_request(runtime, aws, event, number):
    """Gives the function its event; returns the milliseconds until it calls AWS, and answers all its calls."""
    id_ = f"request-{number}"
    start = time.perf_counter()
    answer(runtime, event, f"Lambda-Runtime-Aws-Request-Id: {id_}\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n")
    if not aws["connection"]: aws["connection"], _ = aws["server"].accept()
    request(aws["connection"])
    taken = (time.perf_counter() - start) * 1000
    runtime.settimeout(0.01)
    pending = True
    while True:
        if pending: answer(aws["connection"], b'{"Items":[],"Count":0,"ScannedCount":0,"Attributes":{}}')
        pending = False
        try: said = request(runtime)
        except TimeoutError:
            aws["connection"].settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                request(aws["connection"])
                pending = True
            continue
        if b"/invocation/next" in said: break
        runtime.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    runtime.settimeout(None)
    aws["connection"].settimeout(None)
    return taken


def run(command, event):
    """Start in milliseconds, peak MiB, and what the first call of AWS takes more than the second."""
    with socket.create_server(("127.0.0.1", 0)) as runtime_server, socket.create_server(("127.0.0.1", 0)) as aws_server:
        port = runtime_server.getsockname()[1]
        environment = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
                       "CONTROL_TABLE": "control", "STAGE_BUCKET": "stage", "LAKE_BUCKET": "lake", "AWS_ACCESS_KEY_ID": "k",
                       "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws_server.getsockname()[1]}"}
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runtime_server.settimeout(20)
        runtime, _ = runtime_server.accept()
        runtime.settimeout(None)
        said = request(runtime)
        started = (time.perf_counter() - start) * 1000
        assert b"/invocation/next" in said, said
        with open(f"/proc/{process.pid}/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
        extra = None
        if event:
            aws = {"server": aws_server, "connection": None}
            first, second = (first_request(runtime, aws, event, number) for number in range(2))
            extra = first - second
        process.kill()
        process.wait()
        return started, peak, extra


def main(packages, python=sys.executable):
    commands = {}
    for archive in sorted(pathlib.Path(packages).glob("*.zip")):
        commands[archive.stem] = [str(archive.with_suffix("") / "bootstrap")], archive.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("go"):
            subprocess.run(["go", "build", "-ldflags=-s -w", "-o", f"{folder}/peer", here / "peer.go"], check=True,
                           env=os.environ | {"CGO_ENABLED": "0", "GOCACHE": f"{folder}/cache"})
            zipped = shutil.make_archive(f"{folder}/go", "zip", folder, "peer")
            commands["Go, net/http"] = [f"{folder}/peer"], os.path.getsize(zipped)
        else: print("go is not installed")
        commands["Python, boto3"] = [python, str(here / "peer.py")], None
        if shutil.which("node"): commands["Node"] = ["node", str(here / "peer.mjs")], None
        else: print("node is not installed")
        rows = {name: [] for name in commands}
        for round_ in range(rounds + 1):
            for name, (command, _) in commands.items():
                row = run(command, events.get(name))
                if round_: rows[name].append(row)
    print(f"{'':22}{'start ms':>10}{'idle MiB':>10}{'first call ms':>15}{'zip MB':>8}")
    for name, (_, size) in commands.items():
        start, peak, extra = (list(column) for column in zip(*rows[name]))
        call = f"{statistics.median(extra):15.2f}" if extra[0] is not None else f"{'':15}"
        print(f"{name:22}{statistics.median(start):10.2f}{statistics.median(peak):10.1f}{call}{size / 1e6 if size else float('nan'):8.1f}")


if len(sys.argv) < 2: sys.exit(__doc__)
main(*sys.argv[1:])
