#!/usr/bin/env python3
"""spark_models.py BINARIES FOLDER: infra/spark/gold_build.py makes the models' tables on real Spark.

Their rows are what SQLite makes of the raw rows, as pyiceberg reads them, and gold-build finds nothing left to do. FOLDER keeps Spark
(spark_kit.py) for the next run. Prints what it did.
"""
import json, os, pathlib, shutil, subprocess, sys

import spark_lake

root = spark_lake.root
binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
kit, work = spark_lake.kit(folder), folder / "models"
subprocess.run([kit / "venv/bin/python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "PyYAML==6.0.4"], check=True)
shutil.rmtree(work, ignore_errors=True)
(work / "raw").mkdir(parents=True)


def referee(script, *arguments): return spark_lake.referee(endpoint, script, *arguments)


def submit(*arguments):
    options = [word for name, value in spark_lake.settings(kit, work, endpoint).items() for word in ("--conf", f"{name}={value}")]
    run = subprocess.run([kit / "venv/bin/spark-submit", *options, root / "infra/spark/gold_build.py", *arguments],
                         env=os.environ | spark_lake.environment(work, kit / "venv/bin/python3"), capture_output=True, text=True)
    if run.returncode: raise SystemExit(f"gold_build.py {arguments}: {run.stdout[-2000:]}{run.stderr[-4000:]}")
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


with spark_lake.emulator(binaries, work, "SilverSchedule=rate(7 days)", "GoldSchedule=rate(7 days)") as endpoint:
    for key, path in referee("gold.py", "make", work / "raw", 1, 0)["states"][0]["files"]: referee("lake.py", "put", key, path)
    referee("lake.py", "settle")
    referee("silver.py", "merge")
    built = submit("--models", str(root / "infra/models"), "--location", "s3://cupel-dev-lake-000000000000-us-east-1")
    assert len(built) == 6 and all(model["outcome"] == "built" for model in built), built
    rows = referee("gold.py", "check", work / "raw", 0)["rows"]
    assert rows == {model["model"]: model["rows"] for model in built}, (rows, built)
    left = referee("gold.py", "build")["models"]
    assert all(model["outcome"] == "unchanged" for model in left), left
    print(f"passed: Spark made {rows}; gold-build has nothing left to do", flush=True)
