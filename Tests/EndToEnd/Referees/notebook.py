#!/usr/bin/env python3
"""Runs the snippets of README.md's "Notebooks and machine learning" as they are, but for the endpoint, and compares what they read.

    notebook.py ENDPOINT                        pyiceberg, pandas, numpy and DuckDB
    notebook.py ENDPOINT --spark KIT            Spark besides, from a folder that Tests/Soak/spark_kit.py made

-> {"styles": {style: reviews} as all readers have it, "influence": {…}, "readers": [names]}
"""
import importlib.metadata, json, os, pathlib, re, subprocess, sys

endpoint, *more = sys.argv[1:]
root = pathlib.Path(__file__).resolve().parents[3]
section = (root / "README.md").read_text().split("\n### Notebooks and machine learning\n")[1].split("\n### ")[0]
snippets = re.findall(r"```python\n(.*?)```", section, re.S)
assert len(snippets) == 4 and all("4566" in s for s in snippets if "numpy" not in s), snippets
host = endpoint.split("://")[1]


def text(number): return snippets[number].replace("127.0.0.1:4566", host)


def plain(styles): return {style: int(count) for style, count in styles.items()}


if more[:1] == ["--inside-spark"]:
    scope = {}
    exec(compile(text(3), "README.md, Spark", "exec"), scope)
    print("STYLES " + json.dumps(plain(scope["styles"])), flush=True)
    scope["spark"].stop()
    sys.exit()

scope = {}
exec(compile(text(0), "README.md, pyiceberg", "exec"), scope)
found = {"pyiceberg": plain(scope["styles"])}
exec(compile(text(1), "README.md, numpy", "exec"), scope)
influence = {side: float(weight) for side, weight in scope["influence"].items()}

import duckdb

# The snippet's DuckDB fetches its extensions; here they are installed already.
duckdb.execute("SET autoinstall_known_extensions = false")
for name in ("avro", "httpfs", "iceberg"):
    files = importlib.metadata.files(f"duckdb_extension_{name}")
    duckdb.execute(f"LOAD '{next(str(f.locate()) for f in files if str(f).endswith('.duckdb_extension'))}'")
other = {}
exec(compile(text(2), "README.md, DuckDB", "exec"), other)
found["duckdb"] = plain(other["styles"])

if more[:1] == ["--spark"]:
    kit = pathlib.Path(more[1]).resolve()
    python = str(kit / "venv/bin/python3")
    environment = os.environ | {
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] --driver-class-path {kit}/jars/* --conf spark.ui.enabled=false "
                               "--conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python, "AWS_EC2_METADATA_DISABLED": "true"}
    run = subprocess.run([python, __file__, endpoint, "--inside-spark"], env=environment, capture_output=True, text=True)
    lines = [line for line in run.stdout.splitlines() if line.startswith("STYLES ")]
    if run.returncode or not lines: raise SystemExit(run.stdout[-2000:] + run.stderr[-4000:])
    found["spark"] = json.loads(lines[0].split(" ", 1)[1])

first = found["pyiceberg"]
assert len(first) > 3, first
for reader, styles in found.items(): assert styles == first, (reader, styles, first)
print(json.dumps({"styles": first, "influence": influence, "readers": sorted(found)}), flush=True)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
