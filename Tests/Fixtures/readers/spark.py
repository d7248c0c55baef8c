"""Spark reads each case's out.parquet, with both of its readers, and compares every value with values.json.

    spark.py FOLDER       prints one line of JSON: {case: {reader: {column: verdict}}}

One session for all files; the JVM is set up for a short life.
"""
import json
import os
import pathlib
import sys
import tempfile
import time

# Python turns the microseconds that Spark gives it into its own time zone.
os.environ["TZ"] = "UTC"
time.tzset()
os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
os.environ.pop("SPARK_HOME", None)

from pyspark.sql import Row, SparkSession

from canonical import verdicts

READERS = {"vectorized": "true", "row by row": "false"}


def session(scratch):
    options = f"-Duser.timezone=UTC -Djava.io.tmpdir={scratch} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
    settings = {
        "spark.master": "local[2]", "spark.driver.memory": "1g", "spark.driver.extraJavaOptions": options,
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.local.dir": scratch,
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": f"{scratch}/warehouse", "spark.sql.catalogImplementation": "in-memory",
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def plain(value):
    """Rows are tuples with names; struct fields come back as rows, too."""
    if isinstance(value, Row):
        return {name: plain(part) for name, part in zip(value.__fields__, value)}
    return [plain(part) for part in value] if isinstance(value, list) else value


def reader(spark, path):
    def read(names):
        rows = spark.read.parquet(str(path)).select(names).collect()
        return {name: [plain(row[place]) for row in rows] for place, name in enumerate(names)}
    return read


answer = {}
with tempfile.TemporaryDirectory() as scratch:
    spark = session(scratch)
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*/out.parquet")):
        expected = json.loads((path.parent / "values.json").read_text())
        answer[path.parent.name] = {}
        for name, vectorized in READERS.items():
            spark.conf.set("spark.sql.parquet.enableVectorizedReader", vectorized)
            spark.conf.set("spark.sql.parquet.enableNestedColumnVectorizedReader", vectorized)
            answer[path.parent.name][name] = verdicts(expected, reader(spark, path))
    gateway = spark.sparkContext._gateway
    spark.stop()
    # The JVM ends when its input does.
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
print(json.dumps(answer))
