#!/usr/bin/env python3
"""One peer conversion of the review table: peer.py ENGINE IN OUT, ENGINE polars-sink, duckdb or pyarrow-table.

Typed int64 and float64 columns and `operation`, gzip CSV or NDJSON in, Snappy Parquet out, whole process, as its users
would write it.
"""
import sys

engine, source, target = sys.argv[1:4]
is_json = ".json" in source
integers = ["review_id", "brewery_id", "beer_id", "profile_id"]
scores = ["review_overall", "review_aroma", "review_appearance", "review_palate", "review_taste"]
names = integers + scores + ["review_time"]

if engine == "polars-sink":
    import polars as pl
    schema = {**{n: pl.Int64 for n in integers}, **{n: pl.Float64 for n in scores}, "review_time": pl.Int64}
    if is_json:
        pl.scan_ndjson(source, schema={**schema, "operation": pl.String}).sink_parquet(target, compression="snappy")
    else:
        frame = pl.scan_csv(source, schema=schema).with_columns(pl.lit("insert").alias("operation"))
        frame.sink_parquet(target, compression="snappy")
elif engine == "duckdb":
    import duckdb
    types = ",".join(f"'{n}':'{'DOUBLE' if n in scores else 'BIGINT'}'" for n in names)
    if is_json:
        query = f"SELECT {','.join(names)}, operation FROM read_json('{source}', format='newline_delimited', columns={{{types},'operation':'VARCHAR'}})"
    else:
        query = f"SELECT *, 'insert' AS operation FROM read_csv('{source}', header=true, auto_detect=false, delim=',', columns={{{types}}})"
    connection = duckdb.connect()
    connection.execute("SET threads=2")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT PARQUET, COMPRESSION SNAPPY)")
elif engine == "pyarrow-table":
    import pyarrow as pa, pyarrow.parquet as pq
    fields = [(n, pa.float64() if n in scores else pa.int64()) for n in names]
    if is_json:
        from pyarrow import json as reader
        options = reader.ParseOptions(explicit_schema=pa.schema(fields + [("operation", pa.string())]), unexpected_field_behavior="error")
        table = reader.read_json(pa.input_stream(source, compression="gzip"), reader.ReadOptions(block_size=1 << 20), options)
        table = table.select(names + ["operation"])
    else:
        from pyarrow import csv as reader
        table = reader.read_csv(pa.input_stream(source, compression="gzip"), reader.ReadOptions(block_size=1 << 20),
                                convert_options=reader.ConvertOptions(column_types=pa.schema(fields)))
        table = table.append_column("operation", pa.repeat(pa.scalar("insert"), table.num_rows))
    pq.write_table(table, target, compression="snappy")
else:
    sys.exit(__doc__)
