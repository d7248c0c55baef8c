#!/usr/bin/env python3
"""Mixed load on streams, and what became of it. Each record is `KEY NUMBER`; the numbers of a key grow.

    stream_load.py ENDPOINT load STOP      sets up what is missing, then puts into a Kinesis stream, which a delivery stream reads,
                                           and into another delivery stream, until the file STOP exists; nothing is put twice.
                                           -> {"kinesis": {key: [accepted numbers]}, "puts": {...}}
    stream_load.py ENDPOINT fill ROUNDS    the same with large records, until each of the two ways has been refused ROUNDS times
    stream_load.py ENDPOINT check FILE     waits until what FILE says was accepted is delivered, and checks it: once, and in the
                                           order of each key -> {"problems": [...], "delivered": N}
"""
import collections, json, os, random, sys, time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

endpoint, command, argument = sys.argv[1:]


def client(service, attempts):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": attempts, "mode": "standard"},
                      connect_timeout=600, read_timeout=600))


# What was not answered is not put again: it may have been accepted.
kinesis, firehose, s3 = client("kinesis", 1), client("firehose", 1), client("s3", 1)


def patiently(call, **arguments):
    """Repeats a call until the emulator is there."""
    while True:
        try: return call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ResourceInUseException", "BucketAlreadyOwnedByYou"): return None
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500: raise
        except BotoCoreError: pass
        time.sleep(0.05)


def set_up():
    patiently(kinesis.create_stream, StreamName="load", ShardCount=2)
    arn = patiently(kinesis.describe_stream_summary, StreamName="load")["StreamDescriptionSummary"]["StreamARN"]
    for name in ("kinesis", "puts"):
        patiently(s3.create_bucket, Bucket=f"load-{name}")
        kind = {"DeliveryStreamType": "DirectPut"} if name == "puts" else {
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn, "RoleARN": "arn:aws:iam::000000000000:role/r"}}
        patiently(firehose.create_delivery_stream, DeliveryStreamName=f"load-{name}", ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": f"arn:aws:s3:::load-{name}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}, "ProcessingConfiguration": {
                "Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": []}]}}, **kind)


def fill():
    rounds = int(argument)
    # What compresses badly, and no line end: a record is `KEY NUMBER FILLER`.
    return put_until(lambda refused: min(refused["kinesis"], refused["puts"]) >= rounds, 20, lambda: " " + os.urandom(20_000).hex())


def load(): return put_until(lambda _: os.path.exists(argument), 200, lambda: "")


def put_until(is_enough, most, filler):
    set_up()
    numbers, refused = collections.Counter(), collections.Counter()
    accepted = {"kinesis": collections.defaultdict(list), "puts": collections.defaultdict(list)}
    while not is_enough(refused):
        way = random.choice(("kinesis", "puts"))
        batch = []
        for _ in range(random.randint(1, most)):
            key = f"{way}-{random.randint(0, 7)}"
            numbers[key] += 1
            batch.append((key, numbers[key]))
        try:
            if way == "kinesis":
                answer = kinesis.put_records(StreamName="load", Records=[
                    {"Data": f"{k} {n}{filler()}".encode(), "PartitionKey": k} for k, n in batch])["Records"]
            else:
                answer = firehose.put_record_batch(DeliveryStreamName="load-puts", Records=[
                    {"Data": f"{k} {n}{filler()}".encode()} for k, n in batch])["RequestResponses"]
        except (BotoCoreError, ClientError):
            refused[way] += 1
            time.sleep(0.02)
            continue
        for (key, number), result in zip(batch, answer):
            if "ErrorCode" not in result: accepted[way][key].append(number)
    return accepted


def check():
    with open(argument) as file: accepted = json.load(file)
    problems, count = [], 0
    for way in ("kinesis", "puts"):
        wanted = {(key, number) for key, numbers in accepted[way].items() for number in numbers}
        objects, deadline = {}, time.monotonic() + 900
        while True:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=f"load-{way}"):
                for found in page.get("Contents", []):
                    if found["Key"] in objects: continue
                    body = s3.get_object(Bucket=f"load-{way}", Key=found["Key"])["Body"].read()
                    objects[found["Key"]] = [(k, int(n)) for k, n in (l.split()[:2] for l in body.decode().splitlines())]
            delivered = collections.Counter(r for records in objects.values() for r in records)
            missing = wanted - set(delivered)
            if not missing: break
            if time.monotonic() > deadline:
                problems.append(f"{way}: {len(missing)} accepted records were not delivered, such as {sorted(missing)[:5]}")
                break
            time.sleep(0.2)
        count += sum(delivered.values())
        twice = [record for record, times in delivered.items() if times > 1]
        if twice: problems.append(f"{way}: {len(twice)} records were delivered twice, such as {twice[:5]}")
        # Within an object a key's numbers grow, and the objects of a key do not overlap.
        spans = collections.defaultdict(list)
        for name, records in objects.items():
            by_key = collections.defaultdict(list)
            for key, number in records: by_key[key].append(number)
            for key, numbers in by_key.items():
                if numbers != sorted(numbers): problems.append(f"{name}: the records of {key} are not in their order")
                spans[key].append((min(numbers), max(numbers)))
        for key, found in spans.items():
            found.sort()
            if any(a[1] >= b[0] for a, b in zip(found, found[1:])): problems.append(f"{way}: the objects of {key} overlap")
    return {"problems": problems, "delivered": count}


print(json.dumps({"load": load, "fill": fill, "check": check}[command]()))
