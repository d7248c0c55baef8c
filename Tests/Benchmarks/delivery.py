#!/usr/bin/env python3
"""Records a second from PutRecordBatch through the transformation to partitioned gz objects in S3.

delivery.py ENDPOINT [RECORDS]    of an emulator that is up with --firehose-interval 1, on a machine that is quiet;
                                  400,000 change records of 300 bytes by default, of four tables, in batches of 500

The time is that from the first put until the last record is in an object. The requests are made before.
"""
import base64, gzip, http.client, json, sys, threading, time, urllib.parse, uuid

import boto3
from botocore.config import Config

CONNECTIONS, BATCH, SIZE = 4, 500, 300
endpoint, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400_000
address = urllib.parse.urlparse(endpoint).netloc
TABLES = {"beer": {"beer_id": 0, "brewery_id": 7, "beer_name": ""}, "brewery": {"brewery_id": 0, "name": ""},
          "profile": {"profile_id": 0, "profile_name": ""}, "review": {"review_id": 0, "beer_id": 1, "profile_id": 2}}


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}))


def record(number):
    table = list(TABLES)[number % 4]
    row = {k: number if k == f"{table}_id" else v for k, v in TABLES[table].items()}
    document = {"data": row, "metadata": {
        "timestamp": "2026-01-02T03:04:05.678901Z", "record-type": "data", "operation": "insert",
        "partition-key-type": "primary-key", "schema-name": "public", "table-name": table, "transaction-id": 7}}
    text = json.dumps(document, separators=(",", ":"))
    return text + " " * max(0, SIZE - len(text))


s3, firehose = client("s3"), client("firehose")
name = "delivery-" + uuid.uuid4().hex[:12]
s3.create_bucket(Bucket=name)
firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration={
    "RoleARN": "arn:aws:iam::000000000000:role/benchmark", "BucketARN": f"arn:aws:s3:::{name}",
    "Prefix": "raw/!{partitionKeyFromLambda:table_name}/", "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}, "CompressionFormat": "GZIP",
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": [
        {"ParameterName": "LambdaArn",
         "ParameterValue": "arn:aws:lambda:us-east-1:000000000000:function:cupel-dev-firehose-transform"},
        {"ParameterName": "BufferSizeInMBs", "ParameterValue": "3"}]}]}})
requests = [json.dumps({"DeliveryStreamName": name, "Records": [
    {"Data": base64.b64encode(record(n).encode()).decode()} for n in range(start, min(start + BATCH, count))]})
    for start in range(0, count, BATCH)]
headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Firehose_20150804.PutRecordBatch"}


def put(number):
    connection = http.client.HTTPConnection(address)
    for request in requests[number::CONNECTIONS]:
        connection.request("POST", "/", request, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200 and json.loads(said)["FailedPutCount"] == 0, said[:500]


sizes = {}
def delivered():
    """How many records are in objects; each object is read once."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", []):
            key = found["Key"]
            assert key.startswith("raw/"), f"a record failed: {key}"
            if key not in sizes:
                body = s3.get_object(Bucket=name, Key=key)["Body"].read()
                sizes[key] = gzip.decompress(body).count(b"\n")
    return sum(sizes.values())


begin = time.monotonic()
threads = [threading.Thread(target=put, args=(number,)) for number in range(CONNECTIONS)]
for thread in threads: thread.start()
for thread in threads: thread.join()
accepted = time.monotonic() - begin
while delivered() < count: time.sleep(0.2)
whole = time.monotonic() - begin
assert delivered() == count
print(f"{count} records of {SIZE} bytes: accepted {count / accepted:,.0f}/s, in {len(sizes)} objects {count / whole:,.0f}/s")
firehose.delete_delivery_stream(DeliveryStreamName=name)
