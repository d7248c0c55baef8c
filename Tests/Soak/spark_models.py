#!/usr/bin/env python3
"""spark_models.py BINARIES FOLDER: infra/spark/gold_build.py makes the models' tables on real Spark.

Their rows are what SQLite makes of the raw rows, as pyiceberg reads them, and gold-build finds nothing left to do. FOLDER keeps Spark
(spark_kit.py) for the next run. Prints what it did.
"""
import json, os, pathlib, shutil, subprocess, sys, time

root = pathlib.Path(__file__).resolve().parents[2]
binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
kit, work = folder / "kit", folder / "models"
subprocess.run([sys.executable, root / "Tests/Soak/spark_kit.py", kit], check=True)
subprocess.run([kit / "venv/bin/python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "PyYAML==6.0.4"], check=True)
shutil.rmtree(work, ignore_errors=True)
(work / "raw").mkdir(parents=True)


def referee(script, *arguments):
    python = root / (".venv" if script == "lake.py" else ".venv-iceberg") / "bin/python3"
    run = subprocess.run([python, root / "Tests/EndToEnd/Referees" / script, endpoint, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode: raise SystemExit(f"{script} {arguments}: {run.stdout[-2000:]}{run.stderr[-4000:]}")
    return json.loads(run.stdout)


def submit(*arguments):
    catalog = "spark.sql.catalog.lake"
    settings = {
        "spark.master": "local[2]", "spark.driver.memory": "1g", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": f"{kit}/jars/*", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Duser.timezone=UTC -Djava.io.tmpdir={work} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2", "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog", f"{catalog}.type": "rest", f"{catalog}.uri": f"{endpoint}/iceberg",
        f"{catalog}.cache-enabled": "false", f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO", f"{catalog}.s3.endpoint": endpoint,
        f"{catalog}.s3.path-style-access": "true", f"{catalog}.s3.access-key-id": "test", f"{catalog}.s3.secret-access-key": "test",
        f"{catalog}.client.region": "us-east-1"}
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    python = str(kit / "venv/bin/python3")
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(work), "AWS_EC2_METADATA_DISABLED": "true", "TZ": "UTC",
                                "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python}
    run = subprocess.run([kit / "venv/bin/spark-submit", *options, root / "infra/spark/gold_build.py", *arguments], env=environment,
                         capture_output=True, text=True)
    if run.returncode: raise SystemExit(f"gold_build.py {arguments}: {run.stdout[-2000:]}{run.stderr[-4000:]}")
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


emulator = subprocess.Popen(
    [binaries / "cupel", "up", "--port", "0", "--data", work / "data", "--functions", binaries, "--template", root / "infra/pipeline.yaml",
     "--contracts", root / "infra/contracts", "--parameter", "SilverSchedule=rate(7 days)", "--parameter", "GoldSchedule=rate(7 days)"],
    stdout=open(work / "log", "w"), stderr=subprocess.STDOUT)
try:
    while "http://127.0.0.1:" not in (text := (work / "log").read_text()):
        if emulator.poll() is not None: raise SystemExit(text)
        time.sleep(0.05)
    endpoint = "http://127.0.0.1:" + text.split("http://127.0.0.1:")[1].split()[0]
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
finally:
    emulator.terminate()
    emulator.wait()
