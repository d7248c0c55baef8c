#!/usr/bin/env python3
"""Converts generated reviews, from CSV and from NDJSON, and has DuckDB compare every value with the source.

    conversion.py PROGRAMS FOLDER [--rows N]     PROGRAMS has cupel and bronze-writer; FOLDER gets the files, and keeps them

pyarrow reads each column as well: its nulls and, but for floating point, its sum must be DuckDB's. Prints one line a format.
"""
import argparse, json, os, subprocess, time

import duckdb, pyarrow.compute as compute, pyarrow.parquet as parquet

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COLUMNS = {name: "BIGINT" for name in ["review_id", "brewery_id", "beer_id", "profile_id", "review_time"]} | {
    name: "DOUBLE" for name in ["review_overall", "review_aroma", "review_appearance", "review_palate", "review_taste"]}


def source(kind):
    path = os.path.join(asked.folder, f"{asked.rows}", f"review.{kind}.gz")
    if not os.path.exists(path):
        print(f"> generating {kind}", flush=True)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run([f"{asked.programs}/cupel", "generate", "--table", "review", "--rows", str(asked.rows), "--format", kind,
                        "-o", os.path.dirname(path)], check=True, stdout=subprocess.DEVNULL)
    return path


def converted(path):
    print(f"> converting {os.path.basename(path)}", flush=True)
    target, began = path + ".parquet", time.monotonic()
    run = subprocess.Popen([f"{asked.programs}/bronze-writer", "convert", "--contract",
                            os.path.join(root, "infra/contracts/review.odcs.yaml"), path, target], stdout=subprocess.PIPE)
    answer = json.loads(run.stdout.read())
    _, status, used = os.wait4(run.pid, 0)
    assert status == 0 and answer["rows_written"] == asked.rows, answer
    cost = f"{used.ru_utime + used.ru_stime:.1f} CPU s, {time.monotonic() - began:.1f} s"
    return target, cost


def digest(relation):
    """Per column its nulls and its sum, and one sum of the rows' hashes, which no order of rows changes."""
    columns = ", ".join(f"count(*) - count({name}), sum({name})" for name in COLUMNS)
    row = ", ".join(COLUMNS)
    return duckdb.sql(f"SELECT count(*), sum(hash({row})::HUGEINT), {columns} FROM {relation}").fetchall()[0]


def check(kind):
    path = source(kind)
    target, cost = converted(path)
    print(f"> comparing {kind}", flush=True)
    if kind == "csv":
        types = ", ".join(f"'{name}': '{type}'" for name, type in COLUMNS.items())
        given = f"read_csv('{path}', header = true, types = {{{types}}})"
    else:
        types = ", ".join(f"{name}: '{type}'" for name, type in COLUMNS.items())
        given = f"read_json('{path}', format = 'newline_delimited', columns = {{{types}}})"
    wanted, got = digest(given), digest(f"read_parquet('{target}')")
    # The order of additions changes the last bits of sums of floating point; the hashes hold those values.
    exact = [True, True] + [part for type in COLUMNS.values() for part in (True, type == "BIGINT")]
    assert [w for w, e in zip(wanted, exact) if e] == [g for g, e in zip(got, exact) if e], f"{kind}: {wanted}\n{got}"
    file = parquet.ParquetFile(target)
    nulls, sums = dict.fromkeys(COLUMNS, 0), dict.fromkeys(COLUMNS, 0)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=list(COLUMNS))
        for name in COLUMNS:
            nulls[name] += table[name].null_count
            sums[name] += compute.sum(table[name]).as_py() or 0
    for number, (name, type) in enumerate(COLUMNS.items()):
        assert nulls[name] == got[2 + 2 * number], f"{kind}: pyarrow finds {nulls[name]} nulls in {name}"
        assert type == "DOUBLE" or sums[name] == got[3 + 2 * number], f"{kind}: pyarrow finds another sum of {name}"
    print(f"{kind}: {asked.rows:,} rows equal; {os.path.getsize(path) / 1e6:.0f} MB to {os.path.getsize(target) / 1e6:.0f} MB; {cost}",
          flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("programs")
parser.add_argument("folder")
parser.add_argument("--rows", type=int, default=10_000_000)
asked = parser.parse_args()
for kind in ["csv", "json"]: check(kind)
