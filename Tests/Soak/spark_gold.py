#!/usr/bin/env python3
"""spark_gold.py BINARIES FOLDER: a model that reads much is built by real Spark, started by the state machine.

gold.asl.json asks gold-build, which leaves review_flat to infra/spark/gold_build.py on the emulator's EMR Serverless and builds the
other models itself. Then it is published with another contract, and built by Spark from there. The rows are what SQLite makes of the raw
rows. FOLDER keeps Spark (spark_kit.py).
"""
import json, os, pathlib, shutil, subprocess, sys, time

import spark_lake

root = spark_lake.root
binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
kit, work = folder / "kit", folder / "gold"
if "--inside" not in sys.argv:
    subprocess.run([sys.executable, root / "Tests/Soak/spark_kit.py", kit], check=True)
    os.execv(kit / "venv/bin/python3", [str(kit / "venv/bin/python3"), *sys.argv, "--inside"])
shutil.rmtree(work, ignore_errors=True)
(work / "raw").mkdir(parents=True)
os.environ |= {"SPARK_SUBMIT": str(kit / "venv/bin/spark-submit"), "SPARK_JARS": str(kit / "jars")}
import boto3


def referee(script, *arguments): return spark_lake.referee(endpoint, script, *arguments)


def targets(models):
    assert all(model["outcome"] == "built" for model in models), models
    return {model["model"]: model["result"].get("target", "lambda") for model in models}


def runs(): return emr.list_job_runs(applicationId=emr.list_applications()["applications"][0]["id"])["jobRuns"]


# Of 8,000 reviews review_flat reads more than this, and no other model.
with spark_lake.emulator(binaries, work, "SilverSchedule=rate(7 days)", "GoldSchedule=rate(7 days)", "GoldSparkBytes=70000") as endpoint:
    begin = time.time()
    settings = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    emr = boto3.client("emr-serverless", **settings)
    for key, path in referee("gold.py", "make", work / "raw", 1, 0)["states"][0]["files"]: referee("lake.py", "put", key, path)
    referee("lake.py", "settle")
    found = targets(referee("gold.py", "follow")["models"])
    assert [model for model, target in found.items() if target == "emr"] == ["dm_silver.review_flat"], found
    assert [run["state"] for run in runs()] == ["SUCCESS"], runs()
    rows = referee("gold.py", "check", work / "raw", 0)["rows"]
    shutil.copytree(root / "infra/models", work / "models")
    path = work / "models/silver/review_flat.odcs.yaml"
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 1.0.1", 1))
    published = subprocess.run([binaries / "cupel", "model", "publish", "dm_silver.review_flat", "--models", work / "models", "--endpoint", endpoint],
                               capture_output=True, text=True)
    assert published.returncode == 0, published.stdout + published.stderr
    again = referee("gold.py", "build")["models"]
    assert next(m for m in again if m["model"] == "dm_silver.review_flat")["result"]["target"] == "emr", again
    assert [run["state"] for run in runs()] == ["SUCCESS", "SUCCESS"], runs()
    assert referee("gold.py", "check", work / "raw", 0)["rows"] == rows
    records = [record for record in referee("lake.py", "records")["records"] if record["schema_name"] == "dm_gold"]
    assert len(records) == 6 and all(record["status"] == "success" for record in records), records
    print(f"passed in {time.time() - begin:.0f} s: {rows}; review_flat by Spark, from the package and as published", flush=True)
