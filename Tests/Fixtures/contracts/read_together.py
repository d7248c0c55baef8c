#!/usr/bin/env python3
"""read_together.py FOLDER: reads FOLDER/<case>/old.parquet and new.parquet as one table, with DuckDB and with pyarrow.

Prints one JSON document a case: {"case", "duckdb": rows or error, "pyarrow": rows or error}, rows as objects of the columns
that bronze does not add, in the order of the files.
"""
import json
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

ADDED = ["operation", "_cdc_timestamp", "_cdc_transaction_id", "_cdc_sequence", "_cdc_order", "_cdc_load",
         "_cdc_unchanged", "_cdc_previous_key", "_cdc_before", "_rescued_data"]


def with_duckdb(files):
    relation = duckdb.connect().execute("SELECT * FROM read_parquet(?, union_by_name = true)", [files])
    return [dict(zip([c[0] for c in relation.description], row)) for row in relation.fetchall()]


def with_pyarrow(files):
    schema = pa.unify_schemas([pq.read_schema(file).remove_metadata() for file in files], promote_options="permissive")
    return ds.dataset(files, schema=schema).to_table().to_pylist()


def attempt(reader, files):
    try:
        return [{name: value for name, value in row.items() if name not in ADDED} for row in reader(files)]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for case in sorted(os.listdir(sys.argv[1])):
    files = [os.path.join(sys.argv[1], case, name) for name in ("old.parquet", "new.parquet")]
    answer = {"case": case, "duckdb": attempt(with_duckdb, files), "pyarrow": attempt(with_pyarrow, files)}
    print(json.dumps(answer, default=str))
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
sys.stdout.flush()
os._exit(0)
