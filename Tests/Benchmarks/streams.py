#!/usr/bin/env python3
"""Records a second that an emulator of AWS takes from boto3 over one connection: Firehose's PutRecordBatch, Kinesis's PutRecords.

    streams.py ENDPOINT [RECORDS]     20,000 records of 300 bytes by default, in batches of 500, without a transformation

`infra/setup benchmarks` makes .venv-benchmarks, which has MiniStack (`GATEWAY_PORT=4801 ministack`) and moto (`moto_server -p 4802`).
Cupel: `cupel up --firehose-interval 1 --kinesis-limits off`. Objects are counted three seconds after the last put.
"""
import sys, time, uuid

import boto3
from botocore.config import Config

endpoint, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
name = "streams-" + uuid.uuid4().hex[:12]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}, read_timeout=120))


def rate(put):
    begin = time.monotonic()
    for _ in range(0, count, 500): put()
    return count / (time.monotonic() - begin)


s3, firehose, kinesis = client("s3"), client("firehose"), client("kinesis")
data = [b"%07d" % n + b"x" * 293 for n in range(500)]
s3.create_bucket(Bucket=name)
firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration={
    "RoleARN": "arn:aws:iam::000000000000:role/benchmark", "BucketARN": f"arn:aws:s3:::{name}", "CompressionFormat": "GZIP",
    "Prefix": "raw/", "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}})
batches = rate(lambda: firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": d} for d in data]))
kinesis.create_stream(StreamName=name, ShardCount=4)
kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
records = rate(lambda: kinesis.put_records(
    StreamName=name, Records=[{"Data": d, "PartitionKey": f"key-{n}"} for n, d in enumerate(data)]))
time.sleep(3)
objects = sum(len(page.get("Contents", [])) for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name))
print(f"{endpoint}: PutRecordBatch {batches:,.0f}/s into {objects:,} objects, PutRecords {records:,.0f}/s")
