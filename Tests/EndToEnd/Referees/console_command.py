"""Starts `cupel console` over an emulator's APIs, as over an account, and looks at what it serves and refuses.

    console_command.py CUPEL ENDPOINT
"""
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request

cupel, endpoint = sys.argv[1:]
problems = []


def send(address, body=None, headers=None):
    request = urllib.request.Request(address, headers=headers or {})
    if body is not None:
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def serve(options):
    process = subprocess.Popen(
        [cupel, "console", "--region", "us-east-1", "--table-name", "cupel-dev-control", "--endpoint", endpoint, "--port", "0"] + options,
        stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().split()[-1]


for options, expected in [([], 403), (["--allow-replay"], 200)]:
    process, console = serve(options)
    try:
        status, page = send(console + "files")
        if status != 200 or "broken.csv.gz" not in page or ("reads only" in page) != (expected == 403):
            problems.append(f"{options}: files: {status} {page[:300]}")
        session = json.loads(send(console + "api/session")[1])
        record = json.loads(send(console + "api/files?status=error")[1])["records"][0]
        answer = send(console + "api/replay", {"ids": [record["control_id"]], "dry_run": True}, {"X-Cupel-Token": session["token"]})
        if answer[0] != expected:
            problems.append(f"{options}: replay: {answer}")
        # Everything else of its port leads to the page.
        if urllib.request.urlopen(console.replace("/console/", "/")).geturl() != console:
            problems.append(f"{options}: / does not lead to the page")
        if send(console + "files", headers={"Host": "evil.example"})[0] != 403:
            problems.append(f"{options}: another host is answered")
    finally:
        process.send_signal(signal.SIGINT)
    if process.wait(timeout=60) != 0:
        problems.append(f"{options}: it ended with {process.returncode}")
print(*problems, sep="\n")
sys.exit(1 if problems else 0)
