#!/usr/bin/env python3
"""What `cupel status` says of the pipeline's delivery stream, against what this script has put and reads itself.

    stream_status.py ENDPOINT CUPEL waits    puts few records, which wait in the stream, then so many that they are taken into buffers
    stream_status.py ENDPOINT CUPEL load     puts records for a while, with the status asked for all the time, until all are delivered

Prints {"problems": [...], "asked": N, "last": the stream's document, "table": the status as text}.
"""
import datetime, gzip, json, os, subprocess, sys, threading, time

import boto3
from botocore.config import Config

endpoint, cupel, command = sys.argv[1:]
TABLES = {"beer": "beer_id", "brewery": "brewery_id", "review": "review_id"}


def client(service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, connect_timeout=600, read_timeout=600))


kinesis, s3 = client("kinesis"), client("s3")
stream = next(n for n in kinesis.list_streams()["StreamNames"] if n.endswith("changes"))
open_shards = [s["ShardId"] for s in kinesis.list_shards(StreamName=stream, ShardFilter={"Type": "AT_LATEST"})["Shards"]]
problems, accepted, began = [], 0, None


def envelope(table, number, padding=0):
    data = {TABLES[table]: number, "brewery_id": 7, "beer_name": "x" * padding}
    metadata = {"timestamp": "2026-01-02T03:04:05.678901Z", "record-type": "data", "operation": "insert",
                "partition-key-type": "primary-key", "schema-name": "public", "table-name": table, "transaction-id": 7}
    return json.dumps({"data": data, "metadata": metadata}).encode()


def put(records, shard=None):
    """Puts records into one shard, or by their keys."""
    global accepted, began
    ranges = {s["ShardId"]: s["HashKeyRange"]["StartingHashKey"] for s in kinesis.list_shards(StreamName=stream)["Shards"]}
    entries = [{"Data": r, "PartitionKey": str(n)} | ({"ExplicitHashKey": ranges[shard]} if shard else {}) for n, r in enumerate(records)]
    began = began or time.time()
    answer = kinesis.put_records(StreamName=stream, Records=entries)
    assert answer["FailedRecordCount"] == 0, answer
    accepted += len(records)


def status():
    run = subprocess.run([cupel, "status", "--json", "--endpoint", endpoint], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return next(s for s in json.loads(run.stdout)["streams"] if s["name"].startswith(stream))


def expect(holds, what, found):
    if not holds: problems.append(f"{what}: {found}")


def check(found, before, after):
    """What always holds, whatever moves while the status is read."""
    expect(found["shards"] == len(open_shards), f"{len(open_shards)} shards are open", found)
    expect(0 <= found["records_waiting"] <= after, f"at most {after} were put", found)
    age = (time.time() - began) * 1000 if began else 0
    # The emulator's clock is this machine's.
    expect(0 <= found["lag_ms"] <= age + 1000, f"the first record is {age:.0f} ms old", found)
    expect(found["records_waiting"] > 0 or found["lag_ms"] == 0, "nothing waits, so nothing lags", found)
    expect(found["partitions"] <= found["buffers"], "a partition has a buffer", found)
    expect((found["buffered_bytes"] > 0) == (found["buffers"] > 0), "a buffer has bytes", found)


def until(holds):
    for _ in range(6000):
        if holds(found := status()): return found
        time.sleep(0.05)
    raise SystemExit(f"it never holds: {found}")


def waits():
    """A batch waits for a megabyte or a minute, and a buffer for longer."""
    for shard in open_shards[:2]: put([envelope(t, n) for n in range(10) for t in TABLES], shard)
    first = status()
    check(first, accepted, accepted)
    expect(first["records_waiting"] == accepted, f"{accepted} wait", first)
    expect(first["buffers"] == first["partitions"] == 0, "nothing is in a buffer", first)
    time.sleep(0.2)
    second = status()
    expect(second["lag_ms"] >= first["lag_ms"] + 200, "the lag grows while the records wait", (first, second))
    # More than a batch holds, of two tables and of something that is no change.
    put([envelope(t, n, 900_000) for n in range(1) for t in ("beer", "brewery")] + [b"no change"], open_shards[0])
    put([envelope("review", 1, 600_000), envelope("review", 2, 600_000)], open_shards[1])
    last = until(lambda found: found["records_waiting"] == 0 and found["partitions"] == 3)
    check(last, accepted, accepted)
    # Three tables and the error prefix.
    expect(last["buffers"] == 4, "three tables and the failures have a buffer", last)
    expect(last["buffered_bytes"] > 2_900_000, "the rows are in the buffers", last)
    text = subprocess.run([cupel, "status", "--endpoint", endpoint], capture_output=True, text=True).stdout
    return last, text, 3


def load():
    end = threading.Event()
    def producer():
        number = 0
        while not end.is_set():
            put([envelope(t, number := number + 1) for _ in range(60) for t in TABLES])
    thread = threading.Thread(target=producer)
    thread.start()
    asked = busy = 0
    try:
        while asked < 25 or not busy:
            before = accepted
            found = status()
            # A request that is under way may be in it.
            check(found, before, accepted + 180)
            asked, busy = asked + 1, busy + (found["records_waiting"] + found["buffers"] > 0)
    finally:
        end.set()
        thread.join()
    last = until(lambda found: found["records_waiting"] == found["buffers"] == 0)
    check(last, accepted, accepted)
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-stage" in b["Name"])
    lines = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="raw/"):
        for o in page.get("Contents", []):
            lines += len(gzip.decompress(s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()).splitlines())
    expect(lines == accepted, f"{accepted} records are delivered where none waits", lines)
    text = subprocess.run([cupel, "status", "--endpoint", endpoint], capture_output=True, text=True).stdout
    return last, text, asked


last, text, asked = {"waits": waits, "load": load}[command]()
print(json.dumps({"problems": problems, "asked": asked, "last": last, "table": text, "accepted": accepted}))
