#!/usr/bin/env python3
"""Looks for texts in every version of every object of both buckets, decoded. Prints one JSON document.

    erasure.py ENDPOINT find TEXT…                      -> {"found": {text: [objects that have it]}, "objects": number}
    erasure.py ENDPOINT versioning Enabled|Suspended    of the lake's bucket, from now on; -> {}
    erasure.py ENDPOINT leave TABLE                     copies the manifests of silver's table, and their lists, under names that no snapshot
                                                        has, as a writer leaves them which is killed; -> {}

Parquet files are read with pyarrow, gzip and the blocks of Avro are decompressed; the bytes as they are count, too.
"""
import gzip, io, json, sys, zlib

import boto3, pyarrow.parquet as pq
from botocore.config import Config

endpoint, command, *texts = sys.argv[1:]
assert command in ("find", "versioning", "leave") and texts
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
    config=Config(s3={"addressing_style": "path"}))


def long(stream):
    value, shift = 0, 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80: return (value >> 1) ^ -(value & 1)


def blocks(stream):
    """The blocks of an Avro file, inflated where its header says deflate."""
    codec = b"null"
    while (entries := long(stream)) != 0:
        if entries < 0: entries, _ = -entries, long(stream)
        for _ in range(entries):
            key = stream.read(long(stream))
            value = stream.read(long(stream))
            if key == b"avro.codec": codec = value
    stream.read(16)
    while rest := stream.read(1):
        stream.seek(-1, 1)
        long(stream)
        block = stream.read(long(stream))
        yield zlib.decompress(block, -15) if codec == b"deflate" else block
        stream.read(16)


def decoded(body):
    yield body
    if body[:2] == b"\x1f\x8b": yield gzip.decompress(body)
    if body[:4] == b"PAR1": yield json.dumps(pq.read_table(io.BytesIO(body)).to_pylist(), default=str).encode()
    if body[:4] == b"Obj\x01": yield from blocks(io.BytesIO(body[4:]))


buckets = [b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"] or "-stage" in b["Name"]]
if command == "versioning":
    lake = next(bucket for bucket in buckets if "-lake" in bucket)
    s3.put_bucket_versioning(Bucket=lake, VersioningConfiguration={"Status": texts[0]})
    print("{}")
    sys.exit()
if command == "leave":
    lake = next(bucket for bucket in buckets if "-lake" in bucket)
    prefix = f"silver/{texts[0]}/metadata/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix=prefix):
        for key in (o["Key"] for o in page["Contents"] if o["Key"].endswith(".avro")):
            s3.copy_object(Bucket=lake, Key=f"{prefix}left-{key.removeprefix(prefix)}", CopySource={"Bucket": lake, "Key": key})
    print("{}")
    sys.exit()
found, count = {text: [] for text in texts}, 0
for bucket in buckets:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            count += 1
            body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
            contents = list(decoded(body))
            for text in texts:
                if any(text.encode() in content for content in contents): found[text].append(f"{bucket}/{version['Key']}")
print(json.dumps({"found": found, "objects": count}))
