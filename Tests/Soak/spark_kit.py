#!/usr/bin/env python3
"""spark_kit.py DIR [--jars]: Spark 3.5 with Iceberg and its S3 client, from wheels alone: DIR/venv and DIR/jars. What is there already stays.

Needs Python 3.9 to 3.11 and Java 11 or 17. 540 MB are fetched, and 450 MB stay; with `--jars` no Spark, 223 and 55 MB. The wheel with Iceberg
has the whole runtime only in the version that is named here; it is checked by its SHA-256.
"""
import hashlib, pathlib, subprocess, sys, tempfile, zipfile

SPARK = "pyspark==3.5.9"
# What the jobs of infra/spark need beside it.
BESIDE = ["boto3==1.44.5", "PyYAML==6.0.4"]
ICEBERG = ("snowpark-connect-deps-iceberg==1.0.2", "iceberg-spark-runtime-3.5_2.12-1.10.2.jar",
           "c562d482dcd16b666e808b755469fbc4b2604284b41622c9d87e2c02b7cc6c5f")
AWS = "bodo-iceberg-connector==2026.10"
# What Iceberg's S3 client needs of AWS's SDK. It asks for kms although nothing is encrypted.
SDK = """annotations apache-client auth aws-core aws-json-protocol aws-query-protocol aws-xml-protocol checksums checksums-spi crt-core
         endpoints-spi http-auth http-auth-aws http-auth-aws-eventstream http-auth-spi http-client-spi identity-spi json-utils kms metrics-spi
         profiles protocol-core regions retries retries-spi s3 sdk-core sts third-party-jackson-core url-connection-client utils""".split()
JARS = [f"{name}-2.29.26.jar" for name in SDK] + ["eventstream-1.0.1.jar", "reactive-streams-1.0.4.jar"]


def take(python, wheel, names, folder):
    """Takes jars out of a wheel."""
    if all((folder / name).exists() for name in names): return
    with tempfile.TemporaryDirectory(dir=folder.parent) as fetched:
        subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", fetched, wheel], check=True)
        with zipfile.ZipFile(next(pathlib.Path(fetched).glob("*.whl"))) as archive:
            places = {pathlib.PurePosixPath(entry).name: entry for entry in archive.namelist()}
            for name in names: (folder / name).write_bytes(archive.read(places[name]))


folder = pathlib.Path(sys.argv[1]).resolve()
python, jars = folder / "venv/bin/python3", folder / "jars"
jars.mkdir(parents=True, exist_ok=True)
if "--jars" in sys.argv: python = sys.executable
else:
    if not python.exists(): subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", SPARK, *BESIDE], check=True)
wheel, jar, digest = ICEBERG
take(python, wheel, [jar], jars)
if hashlib.sha256((jars / jar).read_bytes()).hexdigest() != digest: raise SystemExit(f"{jars / jar} is not the jar that was tested; delete it")
take(python, AWS, JARS, jars)
