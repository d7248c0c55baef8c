"""What the soak tests on Spark share: the emulator with a silver table's catalog, Spark's settings for it, and the referees."""
import contextlib, json, os, pathlib, subprocess, sys, time

root = pathlib.Path(__file__).resolve().parents[2]


def kit(folder):
    """Where Spark is: SPARK_KIT, or else FOLDER/kit, where it is installed if need be."""
    if "SPARK_KIT" in os.environ: return pathlib.Path(os.environ["SPARK_KIT"]).resolve()
    place = folder / "kit"
    subprocess.run([sys.executable, root / "Tests/Soak/spark_kit.py", place], check=True)
    return place


@contextlib.contextmanager
def emulator(binaries, work, *parameters):
    """Runs `cupel up` with its data and its output in `work`; gives its endpoint."""
    command = [binaries / "cupel", "up", "--port", "0", "--data", work / "data", "--functions", binaries, "--template",
               root / "infra/pipeline.yaml", "--contracts", root / "infra/contracts"]
    for parameter in parameters: command += ["--parameter", parameter]
    with open(work / "log", "w") as log: process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        while "http://127.0.0.1:" not in (text := (work / "log").read_text()):
            if process.poll() is not None: raise SystemExit(text)
            time.sleep(0.05)
        yield "http://127.0.0.1:" + text.split("http://127.0.0.1:")[1].split()[0]
    finally:
        process.terminate()
        process.wait()


def environment(work, python):
    """The variables with which Spark runs `python`, alone on this machine."""
    return {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(work), "AWS_EC2_METADATA_DISABLED": "true", "TZ": "UTC",
            "PYSPARK_PYTHON": str(python), "PYSPARK_DRIVER_PYTHON": str(python)}


def settings(kit, work, endpoint):
    """Spark's settings for the catalog `lake`, which is the emulator's."""
    catalog = "spark.sql.catalog.lake"
    return {
        "spark.master": "local[2]", "spark.driver.memory": "1g", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": f"{kit}/jars/*", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
        # A short run gains nothing from the second compiler.
        "spark.driver.extraJavaOptions": f"-Duser.timezone=UTC -Djava.io.tmpdir={work} -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=192m "
                                          "-XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2", "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog", f"{catalog}.type": "rest", f"{catalog}.uri": f"{endpoint}/iceberg",
        # Spark would not see other writers' commits for half a minute.
        f"{catalog}.cache-enabled": "false",
        f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO", f"{catalog}.s3.endpoint": endpoint, f"{catalog}.s3.path-style-access": "true",
        f"{catalog}.s3.access-key-id": "test", f"{catalog}.s3.secret-access-key": "test", f"{catalog}.client.region": "us-east-1"}


def referee(endpoint, script, *arguments):
    """Runs a script of the end-to-end tests; gives its answer."""
    own = script == "lake.py" or script == "readers.py" and arguments[0] == "polars"
    python = root / (".venv" if own else ".venv-iceberg") / "bin/python3"
    run = subprocess.run([python, root / "Tests/EndToEnd/Referees" / script, endpoint, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode: raise SystemExit(f"{script} {arguments}: {run.stdout[-2000:]}{run.stderr[-4000:]}")
    return json.loads(run.stdout)
