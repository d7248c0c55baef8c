#!/usr/bin/env python3
"""Uses the pipeline as a user with boto3, pyarrow and DuckDB would. Prints one JSON document.

    lake.py ENDPOINT put KEY FILE [KEY FILE ...]   uploads files; -> {"versions": [...]}
    lake.py ENDPOINT settle                        waits until every raw object has a settled record; -> {"records": [...]}
    lake.py ENDPOINT records                       -> {"records": [...]}
    lake.py ENDPOINT check                         reads every successful record's bronze file with pyarrow and DuckDB and compares
                                                   it with its raw object, value by value; checks the counts and that no file is unclaimed
    lake.py ENDPOINT bronze TABLE                  reads all of the table's bronze prefix with DuckDB; -> {"rows": …, "ids": its distinct first
                                                   column, "superseded": [keys of older files]}
    lake.py ENDPOINT repeat-event KEY TIMES        sends the object's event again, concurrently and in batches
    lake.py ENDPOINT phantom-event KEY [BUCKET]    sends the event of an object that does not exist
    lake.py ENDPOINT forget                        deletes every control record; -> {"records": their number}
    lake.py ENDPOINT remove KEY …                  removes objects of the lake
    lake.py ENDPOINT replay-by-schedule            invokes the replayer as the schedule does; -> its answer
    lake.py ENDPOINT quarantine                    -> {"lines": [...]}, the quarantined rows of all objects
    lake.py ENDPOINT digests                       -> {key: SHA-256} of every object of the lake
    lake.py ENDPOINT executions                    -> {"statuses": {...}}
"""
import csv, datetime, gzip, hashlib, io, json, os, random, sys, tempfile, time, urllib.parse
from concurrent.futures import ThreadPoolExecutor

import boto3, duckdb, pyarrow.parquet as pq, yaml
from botocore.config import Config

endpoint, command, *arguments = sys.argv[1:]
root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
csv.field_size_limit(1 << 30)


def client(service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 8, "mode": "standard"}, max_pool_connections=64,
                      connect_timeout=600, read_timeout=600))


s3, dynamodb = client("s3"), client("dynamodb")
stage = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-stage" in b["Name"])
table = next(t for t in dynamodb.list_tables()["TableNames"] if t.endswith("control"))


def plain(item):
    return {k: (int(v["N"]) if "N" in v else v["S"] if "S" in v else v.get("BOOL", v.get("L", v.get("SS")))) for k, v in item.items()}


def records():
    items = [plain(i) for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True) for i in page["Items"]]
    # The others say which version of a raw key is current, and who writes a table.
    return [item for item in items if item["schema_name"] not in ("dm_raw", "dm_writer", "dm_erased")]


def raw_versions():
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=stage, Prefix="raw/")
    return [v for page in pages for v in page.get("Versions", [])]


def settle(seconds):
    deadline = time.time() + seconds
    while True:
        all_records = records()
        bronze = [r for r in all_records if r["schema_name"] == "dm_bronze"]
        expected = {(v["Key"], v["VersionId"]) for v in raw_versions()
                    if not (v["Size"] == 0 and v["Key"].endswith("/"))}
        seen = {(r["object_key"], r["object_version"]) for r in bronze}
        if expected <= seen and all(r["status"] in ("success", "error") for r in bronze):
            return all_records
        if time.time() > deadline:
            missing = sorted(expected - seen)[:5]
            stuck = [r for r in bronze if r["status"] not in ("success", "error")][:3]
            sys.exit(f"not settled after {seconds} s: objects without a record {missing}, records still open {stuck}")
        time.sleep(0.05)


def contract(name):
    with open(f"{root}/infra/contracts/{name}.odcs.yaml") as file:
        return yaml.safe_load(file)["schema"][0]["properties"]


def masked(value):
    return value if value is None or len(value) < 3 else value[0] + "*" * (len(value) - 2) + value[-1]


def expected_rows(name, body, key):
    """The rows that the contract requires, from Python's own readers."""
    columns = contract(name)
    masking = {c["name"] for c in columns for p in c.get("customProperties", []) if p["property"] == "masking" and p["value"] == "mask"}
    def convert(column, value):
        if value is None: return None
        kind = column["logicalType"]
        if kind == "string": return masked(value) if column["name"] in masking else value
        if value == "": return None  # an empty field
        return int(value) if kind == "integer" else float(value)
    text = gzip.decompress(body).decode("utf-8-sig")
    if key.endswith(".csv.gz"):
        rows = ({**r} for r in csv.DictReader(io.StringIO(text, newline="")))
    else:
        rows = (json.loads(line) for line in text.split("\n") if line.strip())
    for row in rows:
        yield tuple(convert(c, row.get(c["name"])) for c in columns)


def compare(record, key, raw, got):
    if record["file_format"] == "csv":
        # Python's csv does not tell an empty field (null) from a quoted one (an empty text).
        texts = [c["logicalType"] == "string" for c in contract(record["table_name"])]
        got = [tuple("" if value is None and text else value for value, text in zip(row, texts)) for row in got]
    want = list(expected_rows(record["table_name"], raw, record["object_key"]))
    assert got == want, f"{key}: rows differ, first at {next((i, g, w) for i, (g, w) in enumerate(zip(got + [None], want + [None])) if g != w)}"


def check():
    settled = settle(900)
    lake = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
    outputs, rows_checked, masks = {}, 0, 0
    for record in settled:
        if record["schema_name"] != "dm_bronze" or record["status"] != "success" or "superseded_by" in record: continue
        key = record["output_key"]
        assert key not in outputs, f"{key} is the output of two records"
        outputs[key] = record
        raw = s3.get_object(Bucket=record["bucket"], Key=record["object_key"], VersionId=record["object_version"])["Body"].read()
        bronze = s3.get_object(Bucket=lake, Key=key)["Body"].read()
        names = [c["name"] for c in contract(record["table_name"])]
        arrow = pq.read_table(io.BytesIO(bronze))
        got = list(zip(*(arrow.column(n).to_pylist() for n in names)))
        path = f"/tmp/cupel-referee-{os.getpid()}.parquet"
        with open(path, "wb") as file: file.write(bronze)
        try:
            duck = duckdb.sql("SELECT " + ", ".join(f'"{n}"' for n in names) + f" FROM read_parquet('{path}', hive_partitioning = false)").fetchall()
        finally: os.unlink(path)
        assert duck == got, f"{key}: DuckDB and pyarrow read different rows"
        if record["quarantined_count"] == 0: compare(record, key, raw, got)
        assert record["record_count"] == len(got) + record["quarantined_count"], f"{key}: {record} but {len(got)} rows"
        assert set(arrow.column("operation").to_pylist()) <= {"insert", "update", "delete"}
        rows_checked += len(got)
        silver = [r for r in settled if r["schema_name"] == "dm_silver" and r["object_key"] == key and "superseded_by" not in r]
        assert len(silver) == 1 and silver[0]["status"] in ("pending", "running", "success"), f"{key}: next layer's records {silver}"
    listed = {o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix="bronze/") for o in page.get("Contents", [])}
    assert listed >= set(outputs), f"missing outputs: {set(outputs) - listed}"
    assert listed <= set(outputs), f"files nobody claims: {listed - set(outputs)}"
    ids = [r["control_id"] for r in settled]
    assert len(ids) == len(set(ids))
    by_object = [(r["object_key"], r["object_version"]) for r in settled if r["schema_name"] == "dm_bronze"]
    assert len(by_object) == len(set(by_object)), "one object version has two records"
    return {"files": len(outputs), "rows": rows_checked}


def bronze(table_name):
    lake = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
    def keys(prefix):
        return [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix=prefix) for o in page.get("Contents", [])]
    with tempfile.TemporaryDirectory() as folder:
        for number, key in enumerate(keys(f"bronze/{table_name}/")):
            s3.download_file(lake, key, f"{folder}/{number}.parquet")
        first = contract(table_name)[0]["name"]
        rows, ids = duckdb.sql(f"""SELECT count(*), count(DISTINCT "{first}") FROM read_parquet('{folder}/*.parquet')""").fetchall()[0]
    return {"rows": rows, "ids": ids, "superseded": keys(f"superseded/{table_name}/")}


def event(versions, bucket=stage):
    """The event that S3 sends after these versions were created."""
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": "ObjectCreated:Put",
        "eventTime": v["LastModified"].strftime("%Y-%m-%dT%H:%M:%S.") + f"{v['LastModified'].microsecond // 1000:03d}Z",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
               "object": {"key": urllib.parse.quote_plus(v["Key"], safe="/"), "size": v["Size"], "eTag": v["ETag"].strip('"'),
                          "versionId": v["VersionId"], "sequencer": "00"}}} for v in versions]}


def invoke_recorder(events):
    """Sends events concurrently, so that they overtake each other."""
    lam = client("lambda")
    function = next(f["FunctionName"] for f in lam.list_functions()["Functions"] if "control-recorder" in f["FunctionName"])
    def send(event):
        answer = lam.invoke(FunctionName=function, Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
    with ThreadPoolExecutor(12) as pool: list(pool.map(send, events))
    return {"sent": len(events)}


def repeat_event(key, times):
    versions = [v for v in raw_versions() if v["Key"] == key]
    return invoke_recorder([event(random.choices(versions, k=1 + number % 3)) for number in range(times)])


def phantom_event(key, bucket=stage):
    now = datetime.datetime.now(datetime.timezone.utc)
    return invoke_recorder([event([{"Key": key, "VersionId": "0" * 32, "ETag": '"d41d8cd98f00b204e9800998ecf8427e"', "Size": 1000, "LastModified": now}], bucket)])


def replay_by_schedule():
    lam = client("lambda")
    function = next(f["FunctionName"] for f in lam.list_functions()["Functions"] if "replayer" in f["FunctionName"])
    return json.loads(lam.invoke(FunctionName=function, Payload=b"{}")["Payload"].read())


def quarantine():
    lake = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
    keys = {r["control_id"][:16]: r["object_key"] for r in records() if r["schema_name"] == "dm_bronze"}
    lines = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix="quarantine/"):
        for entry in page.get("Contents", []):
            stem = entry["Key"].removesuffix(".ndjson.gz")[-16:]
            text = gzip.decompress(s3.get_object(Bucket=lake, Key=entry["Key"])["Body"].read()).decode()
            lines += [{**json.loads(line), "object_key": keys[stem]} for line in text.splitlines()]
    return {"lines": lines}


def digests():
    lake = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
    keys = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake) for o in page.get("Contents", [])
            if not o["Key"].startswith("contracts/")]
    return {key: hashlib.sha256(s3.get_object(Bucket=lake, Key=key)["Body"].read()).hexdigest() for key in keys}


def executions():
    sfn = client("stepfunctions")
    statuses = {}
    for machine in sfn.list_state_machines()["stateMachines"]:
        if machine["type"] == "EXPRESS": continue  # they keep no list
        for page in sfn.get_paginator("list_executions").paginate(stateMachineArn=machine["stateMachineArn"]):
            for e in page["executions"]: statuses[e["status"]] = statuses.get(e["status"], 0) + 1
    return {"statuses": statuses}


def put(pairs):
    versions = []
    for key, path in zip(pairs[::2], pairs[1::2]):
        with open(path, "rb") as file: versions.append(s3.put_object(Bucket=stage, Key=key, Body=file.read()).get("VersionId"))
    return {"versions": versions}


def delete(keys):
    for key in keys:
        for version in [v for v in raw_versions() if v["Key"] == key]:
            s3.delete_object(Bucket=stage, Key=key, VersionId=version["VersionId"])
    return {}


def remove(keys):
    """Removes objects of the lake with all their versions."""
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
    for key in keys:
        for version in s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", []):
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    return {}


def forget():
    gone = records()
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]: dynamodb.delete_item(TableName=table, Key={"control_id": item["control_id"]})
    return {"records": len(gone)}


answer = {
    "put": lambda: put(arguments),
    "delete": lambda: delete(arguments),
    "settle": lambda: {"records": settle(900)},
    "records": lambda: {"records": records()},
    "check": check,
    "bronze": lambda: bronze(arguments[0]),
    "repeat-event": lambda: repeat_event(arguments[0], int(arguments[1])),
    "phantom-event": lambda: phantom_event(*arguments),
    "replay-by-schedule": replay_by_schedule,
    "quarantine": quarantine,
    "forget": forget,
    "remove": lambda: remove(arguments),
    "digests": digests,
    "executions": executions,
}[command]()
print(json.dumps(answer, default=str), flush=True)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
