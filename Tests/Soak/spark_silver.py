#!/usr/bin/env python3
"""spark_silver.py BINARIES FOLDER [ROUNDS]: infra/spark/silver_merge.py and silver-merge take turns at the same tables.

    turns     each file of random changes (holes, deletes, late ones, truncates, changes of keys, files uploaded again) is merged by one of the
              two; after each the rows are what an independent fold of bronze gives
    nested    the same of structs and lists, in partitions, while the contract gets columns
    months    the same of derived columns by which the table is parted
    modes     tables of the modes append and history are what folds of bronze that are independent of both make
    again     a file that is uploaded again deletes what only its former version had
    same      silver-merge makes every table anew from all of its files: not one column of one row is another than before, also of those that
              say in which order changes came
    crash     a run that dies after its commit, and one that dies before it, leave what the other engine ends
    readers   pyiceberg, DuckDB, Polars and Spark read the same of every table
    erased    the changes of erased keys are left out
    overtaken a commit that Iceberg refuses is retried
    fault     a file at fault fails alone; a table that another holds is left alone; a change of a key with holes is left to silver-merge

Without ROUNDS 20 seeds. `make test` has a short run of all modes (spark_turns.py). Spark is in the folder SPARK_KIT, or else in FOLDER/kit
(spark_kit.py). Prints what it did.
"""
import gzip, json, os, pathlib, random, re, shutil, subprocess, sys, time

import spark_lake

root = spark_lake.root
binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
rounds = int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3].isdigit() else 20
kit, work = spark_lake.kit(folder), folder / "silver"
if "--inside" not in sys.argv:
    os.execv(kit / "venv/bin/python3", [str(kit / "venv/bin/python3"), *sys.argv, "--inside"])
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
os.environ |= spark_lake.environment(work, sys.executable)
sys.path[:0] = [str(root / "infra/spark"), str(root / "Tests/EndToEnd/Referees")]
import argparse, boto3, readers as referees, silver_merge
from pyspark.sql import SparkSession

keys = {"beer": "beer_id", "basket": "id", "visit": "id,line"}
derived = {"visit": ["visit_year=year(at)", "visit_hour=hour(at)", "visit_day=date(at)", "noted=month(since)"]}
rows_of = {}


def referee(script, *arguments): return spark_lake.referee(endpoint, script, *arguments)


def publish(table, text):
    path = work / f"{table}.odcs.yaml"
    path.write_text(text)
    subprocess.run([binaries / "cupel", "contract", "publish", path, "--endpoint", endpoint], check=True, stdout=subprocess.DEVNULL)


def answer_of_prepare(table):
    function = next(f["FunctionName"] for f in boto3.client("lambda").list_functions()["Functions"] if f["FunctionName"].endswith("silver-merge"))
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"table": table, "prepare": True}))
    return json.loads(answer["Payload"].read())


def prepared(table):
    document = answer_of_prepare(table)
    assert document.get("outcome") == "prepared", document
    return document["plan"]


def by_spark(table, files=1000):
    arguments = argparse.Namespace(table=table, control=control, plan=prepared(table), catalog="lake", owner=f"test-{time.time()}", files=files,
                                   lease_seconds=120, max_attempts=3, retention_days=0, pipeline=None)
    fetched = work / "fetched"
    fetched.mkdir(exist_ok=True)
    return silver_merge.run(spark, arguments, fetched)


def by_function(table): referee("silver.py", "merge")


def check(table):
    checked = referee("silver.py", "check", table, keys[table], *derived.get(table, []))
    rows_of[table] = checked["rows"]
    return checked


def upload(key, path):
    referee("lake.py", "put", key, path)
    referee("lake.py", "settle")


def all_columns(table):
    spark.catalog.refreshTable(f"lake.dm_silver.{table}")
    names = [name for name, _ in spark.table(f"lake.dm_silver.{table}").dtypes]
    rows = spark.table(f"lake.dm_silver.{table}").selectExpr(f"to_json(struct({', '.join(sorted(names))})) AS row").collect()
    # Files without orders of their own are placed by their records' IDs, and by a raw object's sequencer, which a reload takes from the raw
    # files and a merge from the bronze files.
    return sorted(re.sub(r"(-\d{18})-[0-9A-Fa-f]{24}-[0-9a-f]{32}", r"\1", row[0]) for row in rows)


def change(lines, number):
    path = work / f"{number}.json.gz"
    with gzip.open(path, "wt") as file: file.write("\n".join(map(json.dumps, lines)) + "\n")
    return path


def turns(seed):
    chance = random.Random(seed)
    for number in range(4):
        path = work / "changes.json.gz"
        referee("silver.py", "changes", "beer", 1000 * seed + number, 200, path)
        upload(f"raw/beer/{seed}-{number}.json.gz", path)
        if number == 1:
            # A truncate in the middle of the changes' time; late changes come behind it.
            at = 1_750_000_000_000_000 + chance.randrange(10**12) // 4
            upload(f"raw/beer/{seed}-truncate.json.gz", change([{"operation": "truncate", "_cdc_order": f"{at:018}-{'7' * 16}-0000000000"}], "t"))
        if number in (1, 3):
            rows = [{"beer_id": n, "brewery_id": number, "beer_name": f"batch {seed} {number}"} for n in range(390, 420)]
            upload(f"raw/beer/{seed}-{number}-batch.json.gz", change(rows, "b"))
        (by_spark if (seed + number) % 2 else by_function)("beer")
        check("beer")


def nested():
    fields = (root / "Tests/Fixtures/nested/columns.yaml").read_text()
    for version in range(4):
        publish("basket", f"""apiVersion: v3.1.0
kind: DataContract
id: basket
name: basket
version: 1.{version}.0
status: active
customProperties: [{{property: silverPartition, value: ["truncate[2](note)"]}}]
schema:
  - name: basket
    properties:
      - {{name: id, logicalType: integer, primaryKey: true}}
      - {{name: note, logicalType: string}}
""" + (fields if version else ""))
        path = work / "basket.json.gz"
        referee("silver.py", "nested", version, 80, path)
        upload(f"raw/basket/{version}.json.gz", path)
        (by_function if version == 2 else by_spark)("basket")
        check("basket")


def months():
    publish("visit", """apiVersion: v3.1.0
kind: DataContract
id: visit
name: visit
version: 1.0.0
status: active
customProperties:
  - {property: derived, value: [visit_year = year(at), visit_hour = hour(at), visit_day = date(at), noted = month(since)]}
  - {property: silverPartition, value: [visit_year, "bucket[2](id)", "truncate[1](place)"]}
schema:
  - name: visit
    properties:
      - {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - {name: line, logicalType: string, primaryKey: true, primaryKeyPosition: 2}
      - {name: at, logicalType: timestamp}
      - {name: since, logicalType: date}
      - {name: place, logicalType: string}
""")
    for version in range(3):
        rows = [{"id": n, "line": f"l{n % 2}", "at": f"{[1, 1969, 2024, 9999][(n + version) % 4]:04}-12-31T23:59:59.999999Z",
                 "since": f"{1900 + 60 * version + n}-0{1 + n % 9}-28", "place": None if n % 5 == 0 else ["Köln", "Ulm"][(n + version) % 2]}
                for n in range(40)]
        upload(f"raw/visit/{version}.json.gz", change(rows, "v"))
        (by_function if version == 1 else by_spark)("visit")
        check("visit")


def again():
    """A raw file that is uploaded again, with fewer rows and other values."""
    for version, merge in enumerate((by_function, by_spark, by_function, by_spark)):
        rows = [{"brewery_id": n, "brewery_name": f"version {version}"} for n in range(10 * version, 60 - 7 * version)]
        upload("raw/brewery/again.json.gz", change(rows, "again"))
        merge("brewery")
        wanted = {row["brewery_id"] for row in rows}
        alive = {row[0] for row in spark.sql("SELECT brewery_id FROM lake.dm_silver.brewery WHERE deleted_at IS NULL").collect()}
        assert alive == wanted, (version, alive ^ wanted)
    rows_of["brewery"] = spark.table("lake.dm_silver.brewery").count()


def modes():
    for table, mode in (("trace", "append"), ("price", "history")):
        publish(table, f"""apiVersion: v3.1.0
kind: DataContract
id: {table}
name: {table}
version: 1.0.0
status: active
customProperties: [{{property: silverMode, value: {mode}}}]
schema:
  - name: {table}
    properties:
      - {{name: item, logicalType: integer, primaryKey: true}}
      - {{name: amount, logicalType: number, physicalType: 'decimal(9,2)'}}
      - {{name: label, logicalType: string, classification: public}}
""")
        chance = random.Random(mode)
        for number, merge in enumerate((by_spark, by_function, by_spark, by_function)):
            rows = []
            for place in range(150):
                at = 1_760_000_000_000_000 + chance.randrange(10**9) * 1000 + number
                operation = chance.choice(["insert", "update", "update", "delete"])
                row = {"item": chance.randrange(30), "operation": operation, "_cdc_order": f"{at:018}-{'0' * 16}-{place:010}"}
                if operation != "delete": row |= {"amount": chance.randrange(10_000) / 100, "label": f"l{place}"}
                if operation == "update" and chance.random() < 0.5: row["_cdc_unchanged"] = [row.popitem()[0]]
                rows.append(row)
            # Some records come again.
            upload(f"raw/{table}/{number}.json.gz", change(rows + rows[:9], "m"))
            merge(table)
            referee("silver.py", *(("appended", table) if mode == "append" else ("versions", table, "item")))
        rows_of[table] = spark.table(f"lake.dm_silver.{table}").count()


def readers():
    """Tables with tombstones, holes, structs, lists, decimals, partitions, and columns that older files lack."""
    for table in rows_of:
        spark.catalog.refreshTable(f"lake.dm_silver.{table}")
        rows = {"spark " + spark.version: referees.all_shared(row.asDict(recursive=True) for row in spark.table(f"lake.dm_silver.{table}").collect())}
        for reader in ("pyiceberg", "duckdb", "polars"):
            found = referee("readers.py", reader, f"dm_silver.{table}")
            rows[f"{reader} {found['version']}"] = found["rows"]
        first = next(iter(rows.values()))
        # pyiceberg 0.12 reads a null as an empty list where a list's elements are structs.
        rows = {name: [row.replace('"lines": [], ', "") for row in found] for name, found in rows.items()}
        first = next(iter(rows.values()))
        for name, found in rows.items():
            differing = [pair for pair in zip(first, found) if pair[0] != pair[1]]
            assert found == first, f"{table}: {name} reads {len(found)} rows, Spark {len(first)}; {differing[:2]}"
        print(f"{table}: {', '.join(rows)} read the same {len(first)} rows", flush=True)


def same():
    for table in rows_of:
        before = all_columns(table)
        subprocess.run([binaries / "cupel", "reload", "--table", table, "--endpoint", endpoint], check=True, stdout=subprocess.DEVNULL)
        after = all_columns(table)
        differing = [pair for pair in zip(before, after) if pair[0] != pair[1]]
        assert before == after, f"{table}: {len(before)} and {len(after)} rows; {differing[:2]}"


def crash():
    """The next run of the other engine ends what a dead one began."""
    for before_commit in (True, False):
        path = work / "crash.json.gz"
        referee("silver.py", "changes", "beer", 77 + before_commit, 100, path)
        upload(f"raw/beer/crash-{before_commit}.json.gz", path)

        def die(*arguments): raise KeyboardInterrupt
        kept = silver_merge.merge, silver_merge.Control.finish, silver_merge.Control.release, silver_merge.Control.leave
        if before_commit: silver_merge.merge = die
        else: silver_merge.Control.finish = die
        silver_merge.Control.release = lambda self, record: None
        silver_merge.Control.leave = lambda self: (self.ended.set(), self.change_lease({"lease_expires_at": {"S": silver_merge.now(-1)}}))
        try:
            by_spark("beer")
            raise SystemExit("the run was not ended")
        except KeyboardInterrupt: pass
        finally: silver_merge.merge, silver_merge.Control.finish, silver_merge.Control.release, silver_merge.Control.leave = kept
        snapshots = check_snapshots()
        by_function("beer")
        assert check_snapshots() - snapshots == (1 if before_commit else 0), "the batch was merged twice, or not at all"
        check("beer")


def check_snapshots(): return spark.sql("SELECT count(*) FROM lake.dm_silver.beer.snapshots").first()[0]


def erased():
    """Changes of an erased key do not bring it back, by either engine; changes of other keys count."""
    keys = [row[0] for row in spark.sql("SELECT beer_id FROM lake.dm_silver.beer WHERE deleted_at IS NULL ORDER BY 1 LIMIT 2").collect()]
    subprocess.run([binaries / "cupel", "erase", "--table", "beer", "--key", str(keys[0]), "--yes", "--endpoint", endpoint], check=True,
                   stdout=subprocess.DEVNULL)
    for name, merge in (("spark", by_spark), ("function", by_function)):
        at = time.time_ns() // 1000
        rows = [{"operation": "update", "beer_id": key, "beer_name": name, "brewery_id": 1, "_cdc_order": f"{at:018}-{'0' * 16}-0000000000"} for key in keys]
        upload(f"raw/beer/erased-{name}.json.gz", change(rows, "e"))
        merge("beer")
        spark.catalog.refreshTable("lake.dm_silver.beer")
        found = spark.sql(f"SELECT beer_id, beer_name FROM lake.dm_silver.beer WHERE beer_id IN ({keys[0]}, {keys[1]})").collect()
        assert [tuple(row) for row in found] == [(keys[1], name)], found


def fault():
    upload("raw/beer/good.json.gz", change([{"beer_id": 1, "beer_name": "good", "brewery_id": 1}], "g"))
    upload("raw/beer/gone.json.gz", change([{"beer_id": 2, "beer_name": "gone", "brewery_id": 1}], "g"))
    records = referee("lake.py", "records")["records"]
    gone = next(r for r in records if r["object_key"] == "raw/beer/gone.json.gz" and r["schema_name"] == "dm_bronze")
    referee("lake.py", "remove", gone["output_key"])
    assert by_spark("beer") == 0
    states = {r["source_key"]: r for r in referee("lake.py", "records")["records"] if r["schema_name"] == "dm_silver"}
    assert states["raw/beer/good.json.gz"]["status"] == "success", states["raw/beer/good.json.gz"]
    failed = states["raw/beer/gone.json.gz"]
    assert failed["status"] == "error" and failed["error_type"] == "UnreadableFile" and failed["is_permanent"], failed
    plan = prepared("beer")
    holder = silver_merge.Control(control, "beer", "another", 120, 3, 0)
    assert holder.take() is None
    arguments = argparse.Namespace(table="beer", control=control, plan=plan, catalog="lake", owner="late", files=10, lease_seconds=120,
                                   max_attempts=3, retention_days=0, pipeline=None)
    assert silver_merge.run(spark, arguments, work) == 75
    holder.leave()
    row = {"operation": "update", "beer_id": 901, "brewery_id": 1, "_cdc_order": f"{1_760_000_000_000_000:018}-{'0' * 16}-0000000000",
           "_cdc_previous_key": {"beer_id": 3}, "_cdc_unchanged": ["beer_name"]}
    upload("raw/beer/moved.json.gz", change([row], "m"))
    try:
        by_spark("beer")
        raise SystemExit("a change of a key with holes was merged")
    except silver_merge.Fault: pass
    by_function("beer")


def overtaken():
    """Where Iceberg refuses a commit because another writer was faster, the run is retried, and its records wait."""
    path, committed = work / "overtaken.json.gz", silver_merge.commit
    referee("silver.py", "changes", "beer", 99, 100, path)
    upload("raw/beer/overtaken.json.gz", path)

    def refused(*_):
        raise Exception("org.apache.iceberg.exceptions.ValidationException: Found conflicting files that can contain records matching true")
    silver_merge.commit = refused
    try:
        by_spark("beer")
        raise SystemExit("the run was not ended")
    except silver_merge.Retry: pass
    finally: silver_merge.commit = committed
    by_spark("beer")
    check("beer")


endpoint = None
with spark_lake.emulator(binaries, work, "SilverSchedule=rate(7 days)", "GoldSchedule=rate(7 days)") as endpoint:
    begin = time.time()
    os.environ |= {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
                   "AWS_SECRET_ACCESS_KEY": "test"}
    control = next(t for t in boto3.client("dynamodb").list_tables()["TableNames"] if t.endswith("control"))
    builder = SparkSession.builder.config("spark.sql.session.timeZone", "UTC")
    for name, value in spark_lake.settings(kit, work, endpoint).items(): builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for seed in range(1, rounds + 1): turns(seed)
    nested()
    months()
    again()
    modes()
    readers()
    same()
    crash()
    overtaken()
    fault()
    erased()
    print(f"passed in {time.time() - begin:.0f} s: {rounds} seeds; {rows_of} rows, the same by both engines", flush=True)
    spark.stop()
