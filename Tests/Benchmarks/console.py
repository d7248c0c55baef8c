#!/usr/bin/env python3
"""How fast and how small the console is over a control table of many records.

    Tests/Benchmarks/console.py .build/release/cupel [--records 100000]

Starts an emulator, writes records of files that succeeded and of a few that failed, as the functions do, and asks for pages: the
first one of a fresh process, then each kind. Prints seconds, sizes and what the process holds in memory besides what it held before.
"""
import argparse
import datetime
import hashlib
import json
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

import boto3

TABLES = ["beer", "brewery", "profile", "review"]
PAGES = ["", "flow/bronze", "files", "files?status=error", "files?sort=size", "files?sort=file&order=ascending&table=beer",
         "files?text=file-99999", "executions", "tables", "sql", "quarantine", "lineage", "streams", "cost", "lines"]


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
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        def start():
            process = subprocess.Popen([options.cupel, "up", "--json", "--port", "0", "--data", folder], stdout=subprocess.PIPE, text=True)
            return process, json.loads(process.stdout.readline())["endpoint"]

        process, endpoint = start()
        try:
            time.sleep(2)
            before = memory(process)
            seconds, size = get(endpoint + "/console/")
            after = memory(process)
            print(f"empty pipeline: the first page of the process takes {seconds * 1000:.0f} ms, {size} bytes; memory "
                  f"{before[0]:.1f} MiB before, {after[0] - before[0]:+.1f} MiB after it, anonymous {after[1] - before[1]:+.1f} MiB")
            assets = sum(get(f"{endpoint}/console/assets/{name}")[1] for name in ("console.css", "console.js", "icon.svg"))
            print(f"assets: {assets} bytes")
            session = boto3.Session("test", "test", region_name="us-east-1")
            table = session.resource("dynamodb", endpoint_url=endpoint).Table("cupel-dev-control")
            began = time.perf_counter()
            with table.batch_writer() as batch:
                for number in range(options.records):
                    batch.put_item(Item=record(number))
            print(f"{options.records:,} records written in {time.perf_counter() - began:.0f} s")
        finally:
            process.terminate()
            process.wait()
        # The reader's memory, not the writer's.
        process, endpoint = start()
        try:
            time.sleep(2)
            before = memory(process)
            seconds, size = get(endpoint + "/console/")
            after = memory(process)
            print(f"{options.records:,} records: the first page takes {seconds * 1000:.0f} ms; memory {after[0] - before[0]:+.1f} MiB, "
                  f"anonymous {after[1] - before[1]:+.1f} MiB")
            print("| page | ms, median | kB |\n|---|---|---|")
            for page in PAGES:
                times = [get(f"{endpoint}/console/{page}") for _ in range(options.rounds)]
                print(f"| /{page} | {statistics.median(t for t, _ in times) * 1000:.0f} | {times[-1][1] / 1000:.0f} |")
            pages, after = 0, json.loads(urllib.request.urlopen(f"{endpoint}/console/api/files?limit=1000").read())["next"]
            began = time.perf_counter()
            while after and pages < 20:
                after = json.loads(urllib.request.urlopen(f"{endpoint}/console/api/files?limit=1000&after={urllib.request.quote(after)}").read())["next"]
                pages += 1
            print(f"{pages} next pages of 1,000 records by the index: {(time.perf_counter() - began) / max(pages, 1) * 1000:.0f} ms each")
            print(f"memory at the end: {memory(process)[0] - before[0]:+.1f} MiB")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
