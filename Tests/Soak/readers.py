#!/usr/bin/env python3
"""Versions of Spark and of Python libraries, each in an environment of its own, read what bronze-writer writes.

    readers.py PROGRAMS FOLDER       PROGRAMS has bronze-writer; FOLDER gets environments, files and answers, and keeps them

Prints a line a version and reader, with the types that it does not read right, and why. Fails if a version cannot be
installed, or if a version that is known to read a case right (CLEAN) does not.
"""
import argparse
import collections
import glob
import json
import os
import shutil
import subprocess
import sys

from pyarrow import parquet

root = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
fixtures = os.path.join(root, "Tests/Fixtures/readers")
# The program, and what to install; several packages where an old version needs an old companion.
VERSIONS = [
    *(("spark", f"pyspark=={version}") for version in ["3.3.4", "3.4.4", "3.5.0", "3.5.5", "3.5.6", "3.5.9", "4.0.1", "4.1.1"]),
    ("pyarrow", "pyarrow==26.0.1"), ("pyarrow", "pyarrow==10.0.1 numpy<2"),
    ("duckdb", "duckdb==2.0.0 pytz"), ("duckdb", "duckdb==0.8.1 pytz"),
    ("polars", "polars==2.1.0"), ("polars", "polars==0.20.31"), ("fastparquet", "fastparquet"),
]
CODECS = ["none", "gzip", "zstd"]
# What every version must read right: text with each codec, every type that all engines know, structs and lists, unsigned
# integers, and several row groups with values larger than a page.
CLEAN = {"text", "types", "nested", "uint64", "large", *(f"text_{codec}" for codec in CODECS)}
# But for these, which have decimals as floats, and read a missing struct or nested lists in their own way.
EXCEPT = {"polars==0.20.31": {"types", "nested"}, "fastparquet": {"types", "nested"}}


def environment(packages):
    path = os.path.join(asked.folder, "environments", packages.replace(" ", "_").replace("<", "_"))
    if not os.path.exists(f"{path}/complete"):
        print(f"> installing {packages}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", path], check=True)
        subprocess.run([f"{path}/bin/pip", "install", "-q", "--disable-pip-version-check", *packages.split()], check=True)
        open(f"{path}/complete", "w").close()
    return f"{path}/bin/python3"


def files():
    cases = os.path.join(asked.folder, "cases")
    subprocess.run(["rm", "-rf", cases], check=True)
    subprocess.run([sys.executable, f"{fixtures}/cases.py", cases, "large"], check=True)
    for codec in CODECS:
        shutil.copytree(f"{cases}/text", f"{cases}/text_{codec}")
    for source in glob.glob(f"{cases}/*/in.*"):
        case = os.path.dirname(source)
        codec = case.rpartition("_")[2]
        subprocess.run([f"{asked.programs}/bronze-writer", "convert", "--contract", f"{case}/contract.odcs.yaml", source,
                        f"{case}/out.parquet", *(["--compression", codec] if codec in CODECS else [])],
                       check=True, stdout=subprocess.DEVNULL)
    split(cases)
    groups = parquet.ParquetFile(f"{cases}/large/out.parquet").num_row_groups
    assert groups > 2, f"large has {groups} row groups"
    return cases


def split(cases):
    """BYTE_STREAM_SPLIT, which no contract asks for: pyarrow writes it, from the values of another case."""
    columns = ["float_many", "double_many"]
    table = parquet.read_table(f"{cases}/types/out.parquet", columns=columns)
    os.mkdir(f"{cases}/split")
    parquet.write_table(table, f"{cases}/split/out.parquet", use_dictionary=False, use_byte_stream_split=True)
    with open(f"{cases}/types/values.json") as known, open(f"{cases}/split/values.json", "w") as file:
        values = json.load(known)
        json.dump({column: values[column] for column in columns}, file)


def answer(python, program, cases):
    command = [f"{fixtures}/spark.py", cases] if program == "spark" else [f"{fixtures}/library.py", program, cases]
    run = subprocess.run([python, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        raise SystemExit(f"{python}: {run.stderr[-2000:]}")
    # Spark 3.3 writes warnings in front of the answer.
    return json.loads(run.stdout.splitlines()[-1])


def report(packages, verdicts):
    """One line a reader, and one for each kind of objection with the columns that have it."""
    readers = dict.fromkeys(reader for case in verdicts.values() for reader in case)
    for reader in readers:
        objections, count, right = collections.defaultdict(list), 0, 0
        for case, found in verdicts.items():
            for column, verdict in found[reader].items():
                count += 1
                right += verdict == "right"
                if verdict != "right":
                    kind = verdict.split(" values; ")[0].split(" of ")[-1] if verdict.startswith("wrong") else verdict
                    objections[(case, kind)].append((column, verdict))
        print(f"{packages}, {reader}: {right} of {count} columns right", flush=True)
        for (case, _), columns in objections.items():
            print(f"    {case}: {', '.join(column for column, _ in columns)}: {columns[0][1]}", flush=True)
        for case in CLEAN - EXCEPT.get(packages, set()):
            wrong = [column for column, verdict in verdicts[case][reader].items() if verdict != "right"]
            if wrong:
                failures.append(f"{packages}, {reader}, {case}: {', '.join(wrong)}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("programs")
parser.add_argument("folder")
asked = parser.parse_args()
failures = []
os.makedirs(os.path.join(asked.folder, "environments"), exist_ok=True)
cases = files()
for program, packages in VERSIONS:
    report(packages, answer(environment(packages), program, cases))
for failure in failures:
    print(failure)
sys.exit(bool(failures))
