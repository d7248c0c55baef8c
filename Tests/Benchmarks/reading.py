#!/usr/bin/env python3
"""Full scans of Parquet files by ParquetRead, DuckDB and pyarrow, one thread each, in turn: reading.py SCAN FILE…

SCAN is the program that `CUPEL_BENCHMARKS=1 swift build -c release --scratch-path .build/benchmarks --product ParquetScan` makes.
Every value is decoded. Prints the medians of CPU seconds of the whole process, and of what is left without its start.
"""
import os
import resource
import statistics
import subprocess
import sys

ROUNDS = 7
DUCKDB = """import duckdb, sys
c = duckdb.connect(); c.execute("SET threads=1")
if sys.argv[1] != "-":
    names = [r[0] for r in c.execute(f"DESCRIBE SELECT * FROM '{sys.argv[1]}'").fetchall()]
    c.execute("SELECT " + ", ".join(f'count("{n}"), max("{n}")' for n in names) + f" FROM '{sys.argv[1]}'").fetchall()
else: c.execute("SELECT 1").fetchall()"""
PYARROW = """import pyarrow as pa, pyarrow.parquet as pq, sys
pa.set_cpu_count(1); pa.set_io_thread_count(1)
if sys.argv[1] != "-":
    for batch in pq.ParquetFile(sys.argv[1]).iter_batches(16384, use_threads=False): pass"""


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


scan, *files = sys.argv[1:]
readers = {"ParquetRead": [scan], "DuckDB": [sys.executable, "-c", DUCKDB], "pyarrow": [sys.executable, "-c", PYARROW]}
starts = {name: statistics.median(cpu([*command, "-"]) for _ in range(ROUNDS)) if name != "ParquetRead" else 0.0
          for name, command in readers.items()}
print("| file | MB | " + " | ".join(f"{name}, s | without start" for name in readers) + " |")
print("|---|---|" + "---|" * 2 * len(readers))
for path in files:
    times = {name: [] for name in readers}
    for _ in range(ROUNDS):
        for name, command in readers.items():
            times[name].append(cpu([*command, path]))
    cells = []
    for name in readers:
        median = statistics.median(times[name])
        cells.append(f"{median:.3f} | {median - starts[name]:.3f}")
    print(f"| {os.path.basename(path)} | {os.path.getsize(path) / 1e6:.1f} | " + " | ".join(cells) + " |")
