#!/usr/bin/env python3
"""Sends changes through the stream as AWS DMS does, and reads what arrives in bronze. Prints one JSON document.

    streaming.py ENDPOINT put FILE     puts the envelopes of FILE (JSON lines) into the Kinesis stream; -> {"sequences": [...]}
    streaming.py ENDPOINT rows N       waits until N rows are in bronze or quarantine; -> {table: [row, ...]} by DuckDB, in the
                                       order of the tables' changes
    streaming.py ENDPOINT control N    waits for N records about tables; -> {"lines": [document, ...], "recorded": [control records of
                                       their objects]}
    streaming.py ENDPOINT errors N     waits for N records under the error prefix; -> {"errors": [document, ...]}
"""
import base64, datetime, gzip, json, sys, tempfile, time

import boto3, duckdb
from botocore.config import Config

endpoint, command, argument = sys.argv[1:]


def client(service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 8, "mode": "standard"},
                      connect_timeout=600, read_timeout=600))


s3, kinesis, dynamodb = client("s3"), client("kinesis"), client("dynamodb")


def bucket(word): return next(b["Name"] for b in s3.list_buckets()["Buckets"] if word in b["Name"])


def bodies(name, prefix):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix):
        for o in page.get("Contents", []): yield s3.get_object(Bucket=name, Key=o["Key"])["Body"].read()


def wait(what):
    # Rounds, not the clock: a machine that stood still has waited for nothing.
    for number in range(1, 12_000):
        if (found := what()) is not None: return found
        # What a killed worker has left is taken up every five minutes.
        if number % 200 == 0:
            functions = client("lambda")
            names = [f["FunctionName"] for page in functions.get_paginator("list_functions").paginate() for f in page["Functions"]]
            functions.invoke(FunctionName=next(n for n in names if "replayer" in n), InvocationType="Event", Payload=b"{}")
        time.sleep(0.05)
    sys.exit(f"nothing came: {command} {argument}")


def put():
    with open(argument, "rb") as file: envelopes = file.read().splitlines()
    def key(envelope):
        document = json.loads(envelope) if envelope.startswith(b"{") else {}
        # As DMS does with partition-key-type primary-key: the changes of one row share a shard.
        row = document.get("data") or {}
        return f"{document.get('metadata', {}).get('table-name')}.{next(iter(row.values()), '')}"
    sequences = []
    for start in range(0, len(envelopes), 500):
        records = [{"Data": e, "PartitionKey": key(e)} for e in envelopes[start:start + 500]]
        answer = kinesis.put_records(StreamName="cupel-dev-changes", Records=records)
        assert answer["FailedRecordCount"] == 0, answer
        sequences += [r["SequenceNumber"] for r in answer["Records"]]
    return {"sequences": sequences}


def control_records():
    table = next(t for t in dynamodb.list_tables()["TableNames"] if t.endswith("control"))
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [{k: next(iter(v.values())) for k, v in i.items()} for p in pages for i in p["Items"]]


def rows():
    def settled():
        records = [r for r in control_records() if r["schema_name"] == "dm_bronze"]
        if any(r["status"] == "error" for r in records): sys.exit(f"a file failed: {records}")
        if any(r["status"] != "success" for r in records): return None
        count = sum(int(r["record_count"]) for r in records)
        return records if count >= int(argument) else None
    tables = {}
    for record in wait(settled):
        if not record.get("output_key"): continue
        with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
            file.write(s3.get_object(Bucket=bucket("-lake"), Key=record["output_key"])["Body"].read())
            file.flush()
            found = duckdb.sql(f"SELECT * FROM read_parquet('{file.name}', hive_partitioning = false)")
            tables.setdefault(record["table_name"], []).extend(dict(zip(found.columns, row)) for row in found.fetchall())
    for found in tables.values(): found.sort(key=lambda row: int(row["_cdc_sequence"] or 0))
    quarantined = [json.loads(l) for b in bodies(bucket("-lake"), "quarantine/") for l in gzip.decompress(b).splitlines()]
    return {"tables": tables, "quarantined": quarantined}


def control():
    def found():
        lines = [json.loads(l) for b in bodies(bucket("-stage"), "raw/_control/") for l in gzip.decompress(b).splitlines()]
        return lines if len(lines) >= int(argument) else None
    lines = sorted(wait(found), key=lambda line: int(line["_cdc_sequence"]))
    return {"lines": lines, "recorded": [r for r in control_records() if "_control/" in json.dumps(r, default=str)]}


def errors():
    def found():
        documents = [json.loads(l) for b in bodies(bucket("-stage"), "errors/") for l in gzip.decompress(b).splitlines()]
        return documents if len(documents) >= int(argument) else None
    documents = wait(found)
    for document in documents: document["text"] = base64.b64decode(document["rawData"]).decode()
    return {"errors": documents}


print(json.dumps({"put": put, "rows": rows, "errors": errors, "control": control}[command](), default=str))
