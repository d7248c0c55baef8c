#!/usr/bin/env python3
"""spark_notebook.py BINARIES FOLDER: README.md's snippets for notebooks, that for Spark too, read the same rows of gold.

FOLDER keeps Spark (spark_kit.py) for the next run.
"""
import pathlib, shutil, subprocess, sys, time

import spark_lake

root = pathlib.Path(__file__).resolve().parents[2]
binaries, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
kit, work = spark_lake.kit(folder), folder / "notebook"
# Spark makes frames by the pandas of its time.
subprocess.run([kit / "venv/bin/python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "pandas==2.3.3", "numpy==1.26.4"], check=True)
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
emulator = subprocess.Popen([binaries / "cupel", "up", "--port", "0", "--data", work / "data", "--functions", binaries],
                            stdout=open(work / "log", "w"), stderr=subprocess.STDOUT)
try:
    while "http://127.0.0.1:" not in (text := (work / "log").read_text()):
        if emulator.poll() is not None: raise SystemExit(text)
        time.sleep(0.05)
    endpoint = "http://127.0.0.1:" + text.split("http://127.0.0.1:")[1].split()[0]
    rows = {"beer": 66_055, "brewery": 5_840, "profile": 2_000, "review": 20_000}
    for table, count in rows.items():
        subprocess.run([binaries / "cupel", "generate", "--table", table, "--rows", str(count), "-o", work], check=True)
    subprocess.run([binaries / "cupel", "run", *(work / f"{table}.csv.gz" for table in rows), "--endpoint", endpoint], check=True)
    subprocess.run([root / ".venv-iceberg/bin/python3", root / "Tests/EndToEnd/Referees/notebook.py", endpoint, "--spark", kit], check=True)
finally:
    emulator.terminate()
    emulator.wait()
