#!/usr/bin/env python3
"""spark_serverless.py BINARIES FOLDER: a table of which enough waits is merged by real Spark, started by the state machine.

silver.asl.json prepares the table, runs infra/spark/silver_merge.py on the emulator's EMR Serverless, and the function ends what is left. The
rows are what an independent fold of bronze gives. FOLDER keeps Spark (spark_kit.py).
"""
import gzip, json, os, pathlib, shutil, subprocess, sys, time

import spark_lake

root = spark_lake.root
binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
kit, work = spark_lake.kit(folder), folder / "serverless"
if "--inside" not in sys.argv:
    os.execv(kit / "venv/bin/python3", [str(kit / "venv/bin/python3"), *sys.argv, "--inside"])
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
os.environ |= {"SPARK_SUBMIT": str(kit / "venv/bin/spark-submit"), "SPARK_JARS": str(kit / "jars")}
import boto3


def referee(script, *arguments): return spark_lake.referee(endpoint, script, *arguments)


with spark_lake.emulator(binaries, work, "SilverSchedule=rate(7 days)", "GoldSchedule=rate(7 days)", "SilverSparkBytes=1") as endpoint:
    begin = time.time()
    settings = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    emr, logs = boto3.client("emr-serverless", **settings), boto3.client("logs", **settings)
    for seed in (1, 2):
        path = work / f"{seed}.json.gz"
        referee("silver.py", "changes", "beer", seed, 200, path)
        referee("lake.py", "put", f"raw/beer/{seed}.json.gz", path)
    referee("lake.py", "settle")
    merged = referee("silver.py", "merge")["tables"]
    application = emr.list_applications()["applications"][0]["id"]
    runs = emr.list_job_runs(applicationId=application)["jobRuns"]
    if [run["state"] for run in runs] != ["SUCCESS"]:
        raise SystemExit(json.dumps([emr.get_job_run(applicationId=application, jobRunId=run["id"])["jobRun"] for run in runs], default=str, indent=1))
    assert [table["outcome"] for table in merged] == ["nothing"], merged
    checked = referee("silver.py", "check", "beer")
    group = "/aws/emr-serverless/cupel-dev-spark"
    stream = f"applications/{application}/jobs/{runs[0]['id']}/SPARK_DRIVER/stdout"
    said = [json.loads(event["message"]) for event in logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
            if event["message"].startswith("{")]
    assert any(line.get("outcome") == "done" and line["files"] == 2 for line in said), said
    assert any(line.get("FilesMerged") == 2 and line["Pipeline"] == "cupel-dev" for line in said), said
    print(f"passed in {time.time() - begin:.0f} s: {checked['rows']} rows, {checked['snapshots']} snapshot of Spark, started by the state machine", flush=True)
