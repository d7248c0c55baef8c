#!/usr/bin/env python3
"""How fast and how small the console is over a control table of many records.

    Tests/Benchmarks/console.py .build/release/cupel [--records 100000]

Starts an emulator, writes records of files that succeeded and of a few that failed, as the functions do, and asks for pages: the
first one of a fresh process, then each kind, first when nothing is known of it and then as often as --rounds says. Prints
seconds, sizes and what the process holds in memory besides what it held before. --data keeps the records for another run.
"""
import argparse
import concurrent.futures
import datetime
import hashlib
import http.client
import itertools
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

TABLES = ["beer", "brewery", "profile", "review"]
PAGES = ["", "flow/bronze", "files", "files?status=error", "files?sort=size", "files?sort=file&order=ascending&table=beer",
         "files?table=review", "files?status=success", "files?since=2026-11-01T00:00:00Z", "files?since=2030-01-01T00:00:00Z",
         "files?day=2026-11-02", "files?text=file-99999", "files?text=no+file+has+this", "files?status=error&text=ContractBroken",
         "executions", "tables", "sql", "quarantine", "lineage", "streams", "cost", "lines"]


def memory(process):
    """Resident memory and its anonymous part, in MiB."""
    with open(f"/proc/{process.pid}/smaps_rollup") as file:
        text = file.read()
    return [int(re.search(rf"^{name}: +(\d+)", text, re.M)[1]) / 1024 for name in ("Rss", "Anonymous")]


def get(address):
    start = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        body = answer.read()
    return time.perf_counter() - start, len(body)


def typed(value):
    """A value as DynamoDB writes it."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [typed(item) for item in value]}
    return {"M": {name: typed(item) for name, item in value.items()}}


class Writer:
    """Writes items in batches of 25. An emulator without a key of its own takes any signature."""

    def __init__(self, endpoint):
        self.connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))

    def write(self, numbers):
        items = [{"PutRequest": {"Item": {name: typed(value) for name, value in record(number).items()}}} for number in numbers]
        while items:
            self.connection.request(
                "POST", "/", json.dumps({"RequestItems": {"cupel-dev-control": items}}),
                {"X-Amz-Target": "DynamoDB_20120810.BatchWriteItem", "Content-Type": "application/x-amz-json-1.0",
                 "X-Amz-Date": "20260101T000000Z",
                 "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
                                  "SignedHeaders=host;x-amz-date, Signature=0"})
            answer = self.connection.getresponse()
            body = json.loads(answer.read())
            if answer.status != 200:
                raise RuntimeError(body)
            items = body["UnprocessedItems"].get("cupel-dev-control", [])


def fill(endpoint, count):
    def write(numbers):
        writer = Writer(endpoint)
        while batch := list(itertools.islice(numbers, 25)):
            writer.write(batch)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for part in [pool.submit(write, iter(range(first, count, 4))) for first in range(4)]:
            part.result()


def follow(endpoint, query):
    """Searches to the end: seconds, requests, records found and searched, and the longest request."""
    after, began, found, times = None, time.perf_counter(), 0, []
    while True:
        start = time.perf_counter()
        address = f"{endpoint}/console/api/files?{query}" + (f"&after={urllib.parse.quote(after)}" if after else "")
        answer = json.loads(urllib.request.urlopen(address).read())
        times.append(time.perf_counter() - start)
        found += len(answer["records"])
        after = answer["next"]
        if not after:
            return time.perf_counter() - began, len(times), found, answer["searched"], max(times)


def record(number):
    table, key = TABLES[number % 4], f"raw/{TABLES[number % 4]}/file-{number}.csv.gz"
    at = (datetime.datetime(2026, 11, 1) + datetime.timedelta(seconds=number * 20)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    id = hashlib.sha256(key.encode()).hexdigest()[:32]
    item = {
        "control_id": id, "object_key": key, "bucket": "cupel-dev-stage-000000000000-us-east-1", "object_version": "v1",
        "schema_name": "dm_bronze", "table_name": table, "file_format": "csv", "file_size": 1000 + number * 7919 % 100_000,
        "estimated_record_count": 100, "record_count": 100 + number % 7, "written_count": 100, "quarantined_count": number % 7,
        "status": "success", "attempt_count": 1, "compute_target": "lambda", "created_at": at, "updated_at": at, "started_at": at,
        "finished_at": at, "duration": 20 + number % 50, "contract_version": "1.0.0", "output_key": f"bronze/{table}/{id}.parquet",
        "quality": [{"rule": "few_nulls", "metric": "nullValues", "column": "name", "measured": number % 5, "expected": "mustBeLessThan 5 percent",
                     "outcome": "passed", "severity": "warning"}],
    }
    if number % 500 == 0:
        item |= {"status": "error", "error_type": "ContractBroken", "error_message": "7 of 100 rows break the contract",
                 "is_permanent": True, "open_work": f"dm_bronze#{id[0]}"}
        del item["output_key"]
    return item


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("cupel")
    arguments.add_argument("--records", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--data", help="a folder for the emulator's state, which is kept")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or temporary
        isFilled = os.path.exists(f"{folder}/filled")

        def start():
            process = subprocess.Popen([options.cupel, "up", "--json", "--port", "0", "--data", folder], stdout=subprocess.PIPE, text=True)
            return process, json.loads(process.stdout.readline())["endpoint"]

        def stop(process):
            process.terminate()
            process.wait()

        def grown(process, before):
            now = memory(process)
            return f"{now[0] - before[0]:+.1f} MiB, anonymous {now[1] - before[1]:+.1f} MiB"

        if not isFilled:
            process, endpoint = start()
            try:
                time.sleep(2)
                before = memory(process)
                seconds, size = get(endpoint + "/console/")
                print(f"empty pipeline: the first page of the process takes {seconds * 1000:.0f} ms, {size} bytes; memory "
                      f"{before[0]:.1f} MiB before, then {grown(process, before)}")
                assets = sum(get(f"{endpoint}/console/assets/{name}")[1] for name in ("console.css", "console.js", "icon.svg"))
                print(f"assets: {assets} bytes")
                began = time.perf_counter()
                fill(endpoint, options.records)
                print(f"{options.records:,} records written in {time.perf_counter() - began:.0f} s", flush=True)
            finally:
                stop(process)
            open(f"{folder}/filled", "w").close()
        # The reader's memory, not the writer's.
        process, endpoint = start()
        try:
            time.sleep(2)
            before = memory(process)
            seconds, size = get(endpoint + "/console/")
            print(f"{options.records:,} records: the first page takes {seconds * 1000:.0f} ms; memory {grown(process, before)}")
            time.sleep(2)
            print(f"two seconds later: {grown(process, before)}", flush=True)
            print("| page | first, ms | then, ms, median | kB |\n|---|---|---|---|")
            for page in PAGES:
                first = get(f"{endpoint}/console/{page}")[0]
                times = [get(f"{endpoint}/console/{page}") for _ in range(options.rounds)]
                print(f"| /{page} | {first * 1000:.0f} | {statistics.median(t for t, _ in times) * 1000:.0f} | "
                      f"{times[-1][1] / 1000:.0f} |", flush=True)
            pages, after = 0, json.loads(urllib.request.urlopen(f"{endpoint}/console/api/files?limit=1000").read())["next"]
            began = time.perf_counter()
            while after and pages < 20:
                after = json.loads(urllib.request.urlopen(f"{endpoint}/console/api/files?limit=1000&after={urllib.request.quote(after)}").read())["next"]
                pages += 1
            print(f"{pages} next pages of 1,000 records by the index: {(time.perf_counter() - began) / max(pages, 1) * 1000:.0f} ms each")
            for query in ["text=no+file+has+this", f"text=file-{options.records - 1}", "table=beer&day=2026-11-02"]:
                took, requests, found, searched, longest = follow(endpoint, query)
                print(f"{query} to the end: {took:.1f} s in {requests} requests, the longest {longest * 1000:.0f} ms; "
                      f"{found} found among {searched}", flush=True)
            print(f"memory at the end: {grown(process, before)}")
        finally:
            stop(process)


if __name__ == "__main__":
    main()
