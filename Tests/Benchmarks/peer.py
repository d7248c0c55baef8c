#!/usr/bin/env python3
"""One peer conversion of a sample table: peer.py ENGINE IN OUT, ENGINE polars-sink, duckdb or pyarrow-table.

The table is the one that the file is named after. Typed integers, doubles and text and `operation`, gzip CSV or NDJSON in,
Snappy Parquet out, whole process, as its users would write it.
"""
import os, sys

# i a 64-bit integer, d a double, s text
tables = {
    "review": {**dict.fromkeys(["review_id", "brewery_id", "beer_id", "profile_id"], "i"),
               **dict.fromkeys(["review_overall", "review_aroma", "review_appearance", "review_palate", "review_taste"], "d"),
               "review_time": "i"},
    "beer": {"beer_id": "i", "brewery_id": "i", "beer_name": "s", "beer_style": "s", "beer_abv": "d"},
    "profile": {"profile_id": "i", "profile_name": "s", "email": "s", "state": "s"},
}
engine, source, target = sys.argv[1:4]
is_json = ".json" in source
columns = tables[os.path.basename(source).split(".")[0]]

if engine == "polars-sink":
    import polars as pl
    schema = {name: {"i": pl.Int64, "d": pl.Float64, "s": pl.String}[kind] for name, kind in columns.items()}
    if is_json:
        pl.scan_ndjson(source, schema={**schema, "operation": pl.String}).sink_parquet(target, compression="snappy")
    else:
        frame = pl.scan_csv(source, schema=schema).with_columns(pl.lit("insert").alias("operation"))
        frame.sink_parquet(target, compression="snappy")
elif engine == "duckdb":
    import duckdb
    types = ",".join(f"'{name}':'{dict(i='BIGINT', d='DOUBLE', s='VARCHAR')[kind]}'" for name, kind in columns.items())
    if is_json:
        query = (f"SELECT {','.join(columns)}, operation FROM read_json('{source}', format='newline_delimited', "
                 f"columns={{{types},'operation':'VARCHAR'}})")
    else:
        query = (f"SELECT *, 'insert' AS operation FROM read_csv('{source}', header=true, auto_detect=false, delim=',', "
                 f"quote='\"', columns={{{types}}})")
    connection = duckdb.connect()
    connection.execute("SET threads=2")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT PARQUET, COMPRESSION SNAPPY)")
elif engine == "pyarrow-table":
    import pyarrow as pa, pyarrow.parquet as pq
    fields = [(name, {"i": pa.int64(), "d": pa.float64(), "s": pa.string()}[kind]) for name, kind in columns.items()]
    text = pa.input_stream(source, compression="gzip")
    if is_json:
        from pyarrow import json as reader
        options = reader.ParseOptions(
            explicit_schema=pa.schema(fields + [("operation", pa.string())]), unexpected_field_behavior="error")
        table = reader.read_json(text, reader.ReadOptions(block_size=1 << 20), options)
        table = table.select([*columns, "operation"])
    else:
        from pyarrow import csv as reader
        table = reader.read_csv(
            text, reader.ReadOptions(block_size=1 << 20), reader.ParseOptions(newlines_in_values="s" in columns.values()),
            reader.ConvertOptions(column_types=pa.schema(fields)))
        table = table.append_column("operation", pa.repeat(pa.scalar("insert"), table.num_rows))
    pq.write_table(table, target, compression="snappy")
else:
    sys.exit(__doc__)
