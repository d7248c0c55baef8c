#!/usr/bin/env python3
"""spark.py BINARIES FOLDER: real Spark reads a silver table, writes to it, and silver-merge goes on.

    reads     every row of the table is what pyiceberg and DuckDB read, which is what a fold of bronze gives
    writes    Spark writes all data files again, deletes and updates rows by position; silver-merge goes on with the next file
    makes     silver-merge goes on with a table that Spark has made

FOLDER keeps Spark (spark_kit.py) for the next run, and the emulator's output. Prints what it did.
"""
import os, pathlib, shutil, subprocess, sys, time

import spark_lake

binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
kit, work = spark_lake.kit(folder), folder / "work"
if pathlib.Path(sys.executable).resolve().parent != kit / "venv/bin" and "--inside" not in sys.argv:
    os.execv(kit / "venv/bin/python3", [str(kit / "venv/bin/python3"), *sys.argv, "--inside"])
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
os.environ |= spark_lake.environment(work, sys.executable)
from pyspark.sql import SparkSession


def start_spark(endpoint):
    builder = SparkSession.builder.config("spark.sql.session.timeZone", "UTC")
    for name, value in spark_lake.settings(kit, work, endpoint).items(): builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def referee(script, *arguments): return spark_lake.referee(endpoint, script, *arguments)


def upload(key, path):
    referee("lake.py", "put", key, path)
    referee("lake.py", "settle")
    referee("silver.py", "merge")


def compare(table, key):
    """Spark and pyiceberg see the same rows."""
    frame = spark.table(f"lake.dm_silver.{table}")
    times = [name for name, kind in frame.dtypes if kind.startswith("timestamp")]
    seen = {}
    for row in frame.selectExpr(*[f"unix_micros({n}) AS {n}" if n in times else n for n in frame.columns]).collect():
        row = {name: value for name, value in row.asDict().items() if not name.startswith("_cdc_")}
        assert str(row[key]) not in seen, f"the key {row[key]} is there twice"
        seen[str(row[key])] = row
    wanted = referee("silver.py", "rows", table)["rows"]
    for name in seen.keys() | wanted.keys(): assert seen.get(name) == wanted.get(name), (name, seen.get(name), wanted.get(name))
    return len(seen)


def reads():
    for seed in (1, 2, 3):
        path = work / f"changes-{seed}.json.gz"
        referee("silver.py", "changes", "beer", seed, 400 * seed, path)
        upload(f"raw/beer/changes-{seed}.json.gz", path)
    checked = referee("silver.py", "check", "beer")
    assert compare("beer", "beer_id") == checked["rows"]
    old = spark.sql("SELECT snapshot_id FROM lake.dm_silver.beer.snapshots ORDER BY committed_at").first()[0]
    assert 0 < spark.sql(f"SELECT count(*) FROM lake.dm_silver.beer VERSION AS OF {old}").first()[0] <= checked["rows"]
    print(f"reads: {checked['rows']} rows, {checked['deleted']} of them deleted, of {checked['snapshots']} snapshots", flush=True)


def generated(rows, seed):
    subprocess.run([binaries / "cupel", "generate", "--table", "brewery", "--rows", str(rows), "--seed", str(seed), "--format", "json", "-o", work],
                   check=True, stdout=subprocess.DEVNULL)
    upload(f"raw/brewery/{seed}.json.gz", work / "brewery.json.gz")
    return work / "brewery.json.gz"


def goes_on(seed):
    """The next file's rows join what Spark has left."""
    referee("silver.py", "note", "brewery", work / "noted.json")
    rows = referee("silver.py", "after-foreign", "brewery", work / "noted.json", generated(300, seed))["rows"]
    assert compare("brewery", "brewery_id") == rows
    return rows


def position_deletes(table): return spark.sql(f"SELECT count(*) FROM lake.dm_silver.{table}.delete_files").first()[0]


def writes():
    generated(400, 4)
    spark.sql("CALL lake.system.rewrite_data_files(table => 'dm_silver.brewery', options => map('rewrite-all', 'true'))").collect()
    assert compare("brewery", "brewery_id") == 400
    spark.sql("ALTER TABLE lake.dm_silver.brewery SET TBLPROPERTIES ('write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read')")
    spark.sql("DELETE FROM lake.dm_silver.brewery WHERE brewery_id % 7 = 0")
    spark.sql("UPDATE lake.dm_silver.brewery SET brewery_name = 'by Spark' WHERE brewery_id % 11 = 0")
    deletes = position_deletes("brewery")
    assert deletes > 0, "Spark has left no position deletes"
    compare("brewery", "brewery_id")
    rows = goes_on(5)
    print(f"writes: {deletes} files of position deletes, {position_deletes('brewery')} after the next merge; {rows} rows", flush=True)


def makes():
    frame = spark.table("lake.dm_silver.brewery")
    columns = ", ".join(f"{name} {kind}" + (" NOT NULL" if name == "brewery_id" else "") for name, kind in frame.dtypes)
    bucket = spark.sql("SELECT file_path FROM lake.dm_silver.brewery.files").first()[0].split("/")[2]
    spark.sql("DROP TABLE lake.dm_silver.brewery")
    spark.sql(f"""CREATE TABLE lake.dm_silver.brewery ({columns}) USING iceberg LOCATION 's3://{bucket}/silver/made-by-spark'
        TBLPROPERTIES ('format-version'='2', 'write.delete.mode'='merge-on-read')""")
    spark.sql("ALTER TABLE lake.dm_silver.brewery SET IDENTIFIER FIELDS brewery_id")
    at = "timestamp'2020-01-01 00:00:00'"
    values = {"brewery_id": "id", "brewery_name": "concat('by Spark ', id)", "created_at": at, "updated_at": at, "_cdc_order": "'-0'"}
    spark.sql(f"INSERT INTO lake.dm_silver.brewery SELECT {', '.join(values.get(name, 'null') for name in frame.columns)} FROM range(1, 500)")
    spark.sql("DELETE FROM lake.dm_silver.brewery WHERE brewery_id % 5 = 0")
    deletes = position_deletes("brewery")
    assert deletes > 0, "Spark has left no position deletes"
    print(f"makes: {deletes} files of position deletes; {goes_on(6)} rows", flush=True)


with spark_lake.emulator(binaries, work, "SilverSchedule=rate(7 days)") as endpoint:
    begin = time.time()
    spark = start_spark(endpoint)
    reads()
    writes()
    makes()
    print(f"passed in {time.time() - begin:.0f} s with Spark {spark.version}, Iceberg 1.10.2", flush=True)
    spark.stop()
