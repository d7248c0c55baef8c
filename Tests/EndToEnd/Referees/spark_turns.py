#!/usr/bin/env python3
"""Real Spark with Iceberg and silver-merge take turns at the same tables, one of each mode. Prints one JSON document.

    spark_turns.py ENDPOINT CUPEL FOLDER -> {"rows": {table: …}}

Each of four batches of random changes (structs, lists, holes, late ones, deletes, truncates, changes of keys, a batch file that is uploaded again;
the contract gets columns) is merged by the other engine than the one before; Spark's second run dies between its commit and its records,
which silver-merge ends. Then silver-merge makes each table anew from all of its bronze files: not one column of one row is another
than before, also of those that say in which order changes came. Spark and DuckDB read the same rows, and Polars those of the first table. Spark
alone merges a fourth table, whose contract sets field ids and gives columns other names, and of which a key was erased.

Run it with .venv-iceberg's Python. pyspark is in .venv-spark, and so are Iceberg's jars (Tests/Soak/spark_kit.py).
"""
import argparse, collections, contextlib, gzip, hashlib, json, os, pathlib, random, re, struct, subprocess, sys, time, traceback, warnings

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).resolve().parents[3]
kit = root / ".venv-spark"
sys.path[1:1] = [str(root / "infra/spark"), str(root / "Tests/Soak"), *map(str, kit.glob("lib/python3*/site-packages"))]
import boto3, readers, spark_lake
from botocore.config import Config

MODES = {"basket": "upsert", "basket_log": "append", "basket_history": "history"}
FIELDS = (root / "Tests/Fixtures/nested/columns.yaml").read_text()
STARTED = 1_750_000_000_000_000


def contract(table, number):
    """The first one has no structs and lists."""
    key = ", primaryKey: true" if MODES[table] != "append" else ""
    return f"""apiVersion: v3.1.0
kind: DataContract
id: {table}
name: {table}
version: 1.{number}.0
status: active
customProperties:
  - {{property: silverMode, value: {MODES[table]}}}
  - {{property: silverPartition, value: ["truncate[2](note)"]}}
schema:
  - name: {table}
    properties:
      - {{name: id, logicalType: integer{key}}}
      - {{name: note, logicalType: string}}
      - {{name: amount, logicalType: number, physicalType: 'decimal(12,3)'}}
""" + (FIELDS if number else "")


def renamed_contract(names):
    """The contract of the table `renamed`, which sets the ids of columns: their names may change, and change places."""
    key = ", primaryKey: true, primaryKeyPosition: "
    columns = zip(names, (11, 12, 13, 14), ("integer", "string", "string", "number"), (f"{key}1", f"{key}2", "", ", physicalType: 'decimal(12,3)'"))
    return """apiVersion: v3.1.0
kind: DataContract
id: renamed
name: renamed
version: 1.0.0
status: active
schema:
  - name: renamed
    properties:
""" + "".join(f"      - {{name: {name}, logicalType: {kind}{more}, customProperties: [{{property: fieldId, value: {number}}}]}}\n"
              for name, number, kind, more in columns)


def changes(chance, number, count):
    def maybe(value): return None if chance.random() < 0.25 else value()
    def line(): return {"sku": f"s{chance.randrange(9)}", "price": maybe(lambda: chance.randrange(999) / 100),
                        "tags": maybe(lambda: [maybe(lambda: f"t{chance.randrange(9)}") for _ in range(chance.randrange(3))])}
    def order(at): return f"{at:018}-{chance.getrandbits(64):016X}-0000000000"
    for place in range(count):
        operation, at = chance.choice(["insert", "update", "update", "delete"]), STARTED + chance.randrange(10**12)
        row = {"id": chance.randrange(40), "operation": operation, "_cdc_order": order(at)}
        if operation != "delete":
            row |= {"note": f"n{place}", "amount": maybe(lambda: chance.randrange(10**6) / 1000),
                    "address": maybe(lambda: {"city": f"c{place}", "at": maybe(lambda: "2026-01-02T03:04:05.678Z"),
                                              "place": maybe(lambda: {"x": chance.random(), "y": maybe(chance.random)})}),
                    "lines": maybe(lambda: [maybe(line) for _ in range(chance.randrange(4))]),
                    "grid": maybe(lambda: [maybe(lambda: [chance.randrange(9) for _ in range(chance.randrange(3))]) for _ in range(2)])}
        if operation == "update":
            left_out = [name for name in ("lines", "address", "note", "amount") if chance.random() < 0.3]
            for name in left_out: row.pop(name)
            if left_out: row["_cdc_unchanged"] = left_out
            elif chance.random() < 0.5: row["_cdc_previous_key"] = {"id": (row["id"] + 1) % 40}
        yield row
    # One between the changes that are there, by the engine whose turn it is.
    if number < 2: yield {"operation": "truncate", "_cdc_order": order(STARTED + (number + 1) * 10**11)}


def upload(table, number):
    """A file of changes and, in the first two turns, a batch file of one name; until both wait for silver."""
    batch = [{"id": 100 + n, "note": f"batch {number}", "amount": n} for n in range(10 * number, 25 + 5 * number)]
    put(table, {f"changes-{number}": changes(random.Random(7 + number), number, 60)} | ({"again": batch} if number < 2 else {}))


def put(table, files):
    """Uploads files of rows, until as many more wait for silver."""
    count = len(waiting(table)) + len(files)
    for name, rows in files.items():
        body = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
        s3.put_object(Bucket=stage, Key=f"raw/{table}/{name}.json.gz", Body=body)
    deadline = time.time() + 300
    while len(waiting(table)) < count:
        if time.time() > deadline: raise SystemExit(f"{table}: {waiting(table)} of {count} files wait for silver")
        time.sleep(0.05)


def publish(table, text):
    path = folder / f"{table}.odcs.yaml"
    path.write_text(text)
    subprocess.run([cupel, "contract", "publish", path, "--endpoint", endpoint], check=True, stdout=subprocess.DEVNULL)


def waiting(table):
    found = []
    for digit in "0123456789abcdef":
        found += dynamodb.query(TableName=control, IndexName="dm-gsi-open-work", KeyConditionExpression="open_work = :part",
                                ExpressionAttributeValues={":part": {"S": f"dm_silver#{digit}"}})["Items"]
    return [item["control_id"]["S"] for item in found if item["table_name"]["S"] == table]


def invoke(event):
    answer = functions.invoke(FunctionName=silver, Payload=json.dumps(event))
    document = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, document
    return document


def by_function(table):
    document = invoke({"table": table})
    assert document["outcome"] == "done", document


def by_spark(table):
    document = invoke({"table": table, "prepare": True})
    assert document["outcome"] == "prepared", document
    fetched = folder / "fetched"
    fetched.mkdir(exist_ok=True)
    arguments = argparse.Namespace(table=table, control=control, plan=document["plan"], catalog="lake", owner=f"spark-{time.time()}", files=1000,
                                   lease_seconds=120, max_attempts=3, retention_days=0, pipeline=None)
    # What a job prints is for its log.
    with contextlib.redirect_stdout(sys.stderr): assert silver_merge.run(spark, arguments, fetched) == 0


def by_dying_spark(table):
    """Its commit is there, its records are not finished, and its lease runs out."""
    def die(*_): raise KeyboardInterrupt
    kept = silver_merge.Control.finish, silver_merge.Control.release, silver_merge.Control.leave
    silver_merge.Control.finish, silver_merge.Control.release = die, lambda *_: None
    silver_merge.Control.leave = lambda self: (self.ended.set(), self.change_lease({"lease_expires_at": {"S": silver_merge.now(-1)}}))
    try:
        by_spark(table)
        raise SystemExit(f"{table}: the run was not ended")
    except KeyboardInterrupt: pass
    finally: silver_merge.Control.finish, silver_merge.Control.release, silver_merge.Control.leave = kept
    assert waiting(table), f"{table}: the run that died has finished its records"
    before = len(snapshots(table))
    document = invoke({"table": table})
    assert document["outcome"] == "nothing" and not waiting(table), (document, waiting(table))
    assert len(snapshots(table)) == before, f"{table}: a batch was merged twice"


def snapshots(table): return [row[0] for row in spark.sql(f"SELECT summary FROM lake.dm_silver.{table}.snapshots ORDER BY committed_at").collect()]


def rows_by_duckdb(table): return readers.all_shared(readers.by_duckdb(endpoint, f"dm_silver.{table}"))


def rows_by_spark(table):
    return readers.all_shared(row.asDict(recursive=True) for row in spark.table(f"lake.dm_silver.{table}").collect())


def same(table, before, after, what):
    # Rows without an order of their own have their file's, which ends with a control record's ID: a merge takes it from the bronze file's
    # record, and a reload from the raw file's.
    before, after = (sorted(re.sub(r"(-\d{18}-[0-9A-Fa-f]{24})-[0-9a-f]{32}", r"\1", row) for row in rows) for rows in (before, after))
    only = collections.Counter(before) - collections.Counter(after), collections.Counter(after) - collections.Counter(before)
    assert before == after, f"{table}, {what}: {len(before)} and {len(after)} rows; " + " | ".join(str(list(rows)[:2]) for rows in only)


def run():
    for number, merge in enumerate((by_function, by_spark, by_function, by_dying_spark)):
        for table in MODES:
            publish(table, contract(table, number))
            upload(table, number)
            merge(table)
    rows = {}
    for table in MODES:
        engines = ["spark" if "spark.app.id" in summary else summary.get("engine-name") for summary in snapshots(table)]
        assert engines == ["cupel", "spark", "cupel", "spark"], (table, engines)
        found = rows_by_duckdb(table)
        same(table, rows_by_spark(table), found, "Spark and DuckDB")
        if MODES[table] == "upsert": same(table, spark_lake.referee(endpoint, "readers.py", "polars", f"dm_silver.{table}")["rows"], found, "Polars and DuckDB")
        made_anew(table, found)
        rows[table] = len(found)
    return {"rows": rows | {"renamed": renamed()}}


def made_anew(table, found):
    assert invoke({"table": table, "reload": True})["outcome"] == "done"
    same(table, found, rows_by_duckdb(table), "as the two have merged it, and as silver-merge makes it anew")


def renamed():
    """Spark merges files of two contracts at once: under the later one the key has other names, and two columns have each other's place. One key
    is erased before: its changes are left out."""
    former, later = ("id", "place", "note", "amount"), ("number", "site", "amount", "note")
    for turn, names in enumerate((former, later)):
        publish("renamed", renamed_contract(names))
        own, rows = dict(zip(former, names)), []
        def key(number): return {own["id"]: number, own["place"]: f"at {number % 3}"}
        for row in changes(random.Random(70 + turn), 2, 60):
            number, before, left = row["id"], row.pop("_cdc_previous_key", None), row.pop("_cdc_unchanged", None)
            row = {own.get(name, name): value for name, value in row.items() if name in own or name in ("operation", "_cdc_order")} | key(number)
            if before: row["_cdc_previous_key"] = key(before["id"])
            if left: row["_cdc_unchanged"] = [own[name] for name in left if name in own]
            rows.append(row)
        put("renamed", {f"changes-{turn}": rows})
        numbers = {row[own["id"]] for row in rows}
    assert invoke({"table": "renamed", "prepare": True})["outcome"] == "prepared"
    gone = min(numbers)
    parts = struct.pack("<q", gone), f"at {gone % 3}".encode()
    digest = hashlib.sha256(b"".join(struct.pack("<I", len(part)) + part for part in parts)).hexdigest()
    spark.sql(f"ALTER TABLE lake.dm_silver.renamed SET TBLPROPERTIES ('cupel.erased-keys' = '[\"{digest}\"]')")
    by_spark("renamed")
    found = rows_by_duckdb("renamed")
    same("renamed", rows_by_spark("renamed"), found, "Spark and DuckDB")
    kept = {json.loads(row)["number"] for row in found}
    assert gone not in kept and numbers - {gone} <= kept, (gone, kept)
    made_anew("renamed", found)
    return len(found)


endpoint, cupel, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
os.environ |= spark_lake.environment(folder, sys.executable) | {
    "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test"}
time.tzset()
s3, dynamodb, functions = (boto3.client(service, config=Config(s3={"addressing_style": "path"}, read_timeout=900))
                           for service in ("s3", "dynamodb", "lambda"))
stage = next(bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "-stage" in bucket["Name"])
control = next(name for name in dynamodb.list_tables()["TableNames"] if name.endswith("control"))
silver = next(f["FunctionName"] for f in functions.list_functions()["Functions"] if f["FunctionName"].endswith("silver-merge"))

import silver_merge
from pyspark.sql import SparkSession

spark = SparkSession.builder.config(map=spark_lake.settings(kit, folder, endpoint)).getOrCreate()
try: print(json.dumps(run()), flush=True)
except BaseException:
    traceback.print_exc()
    os._exit(1)
spark.stop()
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
