#!/usr/bin/env python3
"""What a commit of an Iceberg table costs the emulator's catalog as the table's snapshots grow: nothing else is read or written.

    catalog.py [--cupel PATH] [--commits 1000] [--step 100]

Prints, for each step of commits, the milliseconds and the emulator's CPU milliseconds of a commit, and the bytes of the metadata. A
commit of the REST specification answers with the whole metadata, so the bytes that are sent grow with the snapshots.
"""
import argparse, json, os, re, subprocess, sys, tempfile, time, urllib.request

root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--cupel", default=f"{root}/.build/release/cupel")
options.add_argument("--commits", type=int, default=1000)
options.add_argument("--step", type=int, default=100)
options = options.parse_args()


def call(endpoint, method, path, body=None):
    request = urllib.request.Request(
        endpoint + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response: return response.read()


def cpu(process):
    fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def snapshot(number):
    return {
        "snapshot-id": 10**15 + number, "sequence-number": number, "timestamp-ms": 1_900_000_000_000 + number,
        "manifest-list": f"s3://lake/silver/t/metadata/snap-{10**15 + number}-0f4a6e1e-3b1f-4f0e-9a55-{number:012}.avro",
        "summary": {"operation": "overwrite", "cupel.batch-id": f"{number:032x}", "added-data-files": "1", "added-records": "1000",
                    "added-files-size": "123456", "deleted-data-files": "1", "total-records": "10000000", "total-data-files": "12",
                    "total-files-size": "1234567890", "total-delete-files": "0", "total-position-deletes": "0",
                    "total-equality-deletes": "0", "engine-name": "cupel"},
        "schema-id": 0, **({"parent-snapshot-id": 10**15 + number - 1} if number > 1 else {})}


with tempfile.TemporaryDirectory() as folder:
    template = f"{folder}/lake.yaml"
    open(template, "w").write("Resources: {Lake: {Type: AWS::S3::Bucket, Properties: {BucketName: lake}}}\n")
    emulator = subprocess.Popen(
        [options.cupel, "up", "--port", "0", "--data", f"{folder}/data", "--template", template, "--json"],
        stdout=subprocess.PIPE, text=True)
    try:
        text = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", text)): text += emulator.stdout.readline()
        endpoint = found.group()
        base = "/iceberg/v1/catalogs/000000000000/namespaces"
        call(endpoint, "POST", base, {"namespace": ["ns"], "properties": {}})
        fields = [{"id": i + 1, "name": f"column_{i}", "required": False, "type": "string"} for i in range(10)]
        call(endpoint, "POST", f"{base}/ns/tables", {
            "name": "t", "location": "s3://lake/silver/t", "schema": {"type": "struct", "schema-id": 0, "fields": fields},
            "properties": {"write.metadata.previous-versions-max": "100"}})
        print("| snapshots | ms a commit | CPU ms a commit | metadata, KB |\n|---|---|---|---|")
        for first in range(1, options.commits + 1, options.step):
            before, started = cpu(emulator.pid), time.perf_counter()
            for number in range(first, first + options.step):
                parent = 10**15 + number - 1 if number > 1 else None
                answer = call(endpoint, "POST", f"{base}/ns/tables/t", {
                    "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": parent}],
                    "updates": [{"action": "add-snapshot", "snapshot": snapshot(number)},
                                {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                                 "snapshot-id": 10**15 + number}]})
            seconds, used = time.perf_counter() - started, cpu(emulator.pid) - before
            print(f"| {first + options.step - 1:,} | {seconds / options.step * 1000:.2f} | {used / options.step * 1000:.2f} | "
                  f"{len(answer) / 1000:.0f} |", flush=True)
    finally:
        emulator.terminate()
        emulator.wait()
