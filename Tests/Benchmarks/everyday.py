#!/usr/bin/env python3
"""What everyday files and commands cost: dialects of CSV, wide tables, a reset, and the time after a kill.

    everyday.py BINARIES [--only dialects wide reset kill] [--rounds 5] [--rows 1000000] [--columns 10000] [--files 600]

`dialects` converts the same rows with commas and in other dialects, in turns: CPU seconds of bronze-writer. `wide` checks and converts a
table of so many columns. `reset` asks for POST /_cupel/reset of an emulator that has a converted file. `kill` ends the emulator with SIGKILL
while so many files are on their way, starts it again, and counts the seconds until no record is pending or running.
"""
import argparse, csv, gzip, json, os, pathlib, random, resource, signal, statistics, subprocess, sys, tempfile, time, urllib.request

root = pathlib.Path(__file__).resolve().parents[2]
python = root / ".venv/bin/python3"
if __name__ == "__main__" and pathlib.Path(sys.executable) != python: os.execv(python, [str(python), *sys.argv])
import many
from emulator import Emulator, control

parser = argparse.ArgumentParser()
parser.add_argument("binaries", type=pathlib.Path)
parser.add_argument("--only", nargs="*", default=["dialects", "wide", "reset", "kill"])
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--columns", type=int, default=10_000)
parser.add_argument("--files", type=int, default=600)
options = parser.parse_args()
binaries = options.binaries.resolve()
os.environ.update({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})


def report(what, measured, wanted): print(f"{what:78} {measured:>22}   wanted {wanted}", flush=True)


def run(*command):
    """Wall and CPU seconds of a command, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode: raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout + done.stderr


def contract(table, columns, properties=()):
    return json.dumps({
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": table, "version": "1.0.0", "status": "active",
        "customProperties": [{"property": name, "value": value} for name, value in properties],
        "schema": [{"name": table, "properties": [
            {"name": name, "logicalType": kind, "classification": "public"} for name, kind in columns]}]})


def dialects(folder):
    chance = random.Random(1)
    rows = [(n, f"name {chance.randrange(100_000)}", f"{chance.randrange(10_000) / 100:.2f}", f"place {chance.randrange(1000)}, {n % 7}")
            for n in range(options.rows)]
    columns = [("id", "integer"), ("name", "string"), ("price", "number"), ("place", "string")]
    kinds = {"commas and \"": (",", '"', ()), "semicolons": (";", '"', [("csvDelimiter", ";")]), "tabs": ("\t", '"', [("csvDelimiter", "\t")]),
             "bars": ("|", '"', [("csvDelimiter", "|")]), "commas and '": (",", "'", [("csvQuote", "'")])}
    for number, (delimiter, quote, properties) in enumerate(kinds.values()):
        # YAML 1.2 has JSON in it.
        (folder / f"{number}.odcs.yaml").write_text(contract("t", columns, properties))
        # All texts stand in quotes, so that the files are of one size and as much has to be read.
        with open(folder / f"{number}.csv", "w", newline="") as file:
            out = csv.writer(file, delimiter=delimiter, quotechar=quote, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
            out.writerow([name for name, _ in columns])
            out.writerows(rows)
    taken = [[] for _ in kinds]
    for _ in range(options.rounds):
        for number in range(len(kinds)):
            cpu = run(binaries / "bronze-writer", "convert", "--contract", folder / f"{number}.odcs.yaml", folder / f"{number}.csv",
                      folder / "out.parquet")[1]
            taken[number].append(cpu)
    report(f"{options.rows} rows with commas, CPU s", f"{statistics.median(taken[0]):.3f}", "")
    for number, name in list(enumerate(kinds))[1:]:
        ratio = statistics.median(other / usual for other, usual in zip(taken[number], taken[0]))
        report(f"  with {name}, of that", f"{ratio:.2f}", "<= 1.05")


def wide(folder):
    columns = [(f"column_{n}", ("integer", "string", "number")[n % 3]) for n in range(options.columns)]
    (folder / "wide.odcs.yaml").write_text("\n".join(
        ["apiVersion: v3.1.0", "kind: DataContract", "id: wide", "version: 1.0.0", "status: active", "schema:", "  - name: wide", "    properties:"]
        + [f"      - {{name: {name}, logicalType: {kind}, classification: public}}" for name, kind in columns]) + "\n")
    line = ",".join("7" if kind != "string" else "text" for _, kind in columns)
    with gzip.open(folder / "wide.csv.gz", "wt") as file:
        file.write(",".join(name for name, _ in columns) + "\n" + f"{line}\n" * 50)
    linted = [run(binaries / "cupel", "contract", "lint", folder / "wide.odcs.yaml")[0] for _ in range(options.rounds)]
    report(f"cupel contract lint of {options.columns} columns, s", f"{statistics.median(linted):.2f}", "<= 1")
    converted = [run(binaries / "bronze-writer", "convert", "--contract", folder / "wide.odcs.yaml", folder / "wide.csv.gz",
                     folder / "out.parquet")[0] for _ in range(options.rounds)]
    report(f"conversion of 50 rows of {options.columns} columns, s", f"{statistics.median(converted):.2f}", "<= 1")


def reset(folder):
    emulator = Emulator(binaries, folder / "state")
    many.make(folder, 2, 20)
    taken = []
    for _ in range(options.rounds):
        run(binaries / "cupel", "run", *folder.glob("*.csv.gz"), "--endpoint", emulator.endpoint, "--until", "bronze")
        start = time.monotonic()
        urllib.request.urlopen(urllib.request.Request(f"{emulator.endpoint}/_cupel/reset", method="POST")).read()
        taken.append((time.monotonic() - start) * 1000)
    emulator.stop()
    report("POST /_cupel/reset after two files, ms", f"{statistics.median(taken):.0f}", "milliseconds")


def open_records(emulator):
    """How many records there are, and how many of them are not settled."""
    pages = emulator.client("dynamodb").get_paginator("scan").paginate(TableName=control, ConsistentRead=True)
    states = [item["status"]["S"] for page in pages for item in page["Items"] if item.get("schema_name", {}).get("S") == "dm_bronze"]
    return len(states), sum(state in ("pending", "running") for state in states)


def kill(folder):
    files = folder / "in"
    files.mkdir()
    many.make(files, options.files, 20)
    taken = []
    for round in range(options.rounds):
        data = folder / f"data-{round}"
        client = subprocess.Popen([binaries / "cupel", "run", files, "--until", "bronze", "--data", data], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        while not (data / "endpoint.json").exists(): time.sleep(0.01)
        time.sleep(1 + round * 0.4)
        os.kill(json.loads((data / "endpoint.json").read_text())["process"], signal.SIGKILL)
        client.wait()
        start = time.monotonic()
        emulator = Emulator(binaries, data, log=folder / f"log-{round}")
        count, left = open_records(emulator)
        first = left
        while left:
            if time.monotonic() - start > 600: raise SystemExit(f"{left} of {count} records have not settled after 10 minutes")
            time.sleep(0.05)
            count, left = open_records(emulator)
        taken.append(time.monotonic() - start)
        report(f"killed with {count} records, {first} of them open: settled, s after the start", f"{taken[-1]:.1f}", "<= 15")
        emulator.stop()


if __name__ == "__main__":
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for part in options.only:
        with tempfile.TemporaryDirectory() as folder: {"dialects": dialects, "wide": wide, "reset": reset, "kill": kill}[part](pathlib.Path(folder))
