#!/usr/bin/env python3
"""Writes the small files that fuzzing begins with to the folder `seeds` beside this script, by pyarrow and DuckDB."""
import os

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = os.path.join(os.path.dirname(__file__), "seeds")
N = 24


def write(name, table, **options):
    pq.write_table(table, os.path.join(FOLDER, name + ".parquet"), store_schema=False, **options)


flat = pa.table({
    "i": pa.array([None if i % 5 == 2 else i * i for i in range(N)], pa.int32()),
    "s": pa.array([None if i % 7 == 3 else "beer" * (i % 4) for i in range(N)]),
    "b": pa.array([i % 3 == 0 for i in range(N)]),
})
numbers = pa.table({"l": pa.array([i * i * 1000 for i in range(N)], pa.int64()), "d": [i / 7 for i in range(N)]})
texts = pa.table({"s": [f"brewery-{i // 5}/beer-{i}" for i in range(N)], "f": pa.array([bytes([i] * 3) for i in range(N)], pa.binary(3))})
nested = pa.table({"l": pa.array([None if i % 5 == 1 else [None if j == 2 else j for j in range(i % 4)] for i in range(N)]),
                   "m": pa.array([[(f"k{j}", {"x": j}) for j in range(i % 3)] for i in range(N)], pa.map_(pa.string(), pa.struct([("x", pa.int64())])))})
write("dictionary", flat, compression="none")
write("snappy", flat, compression="snappy", data_page_version="2.0", write_page_index=True)
write("plain", flat, compression="none", use_dictionary=False, write_page_index=True, write_page_checksum=True)
write("zstd", numbers, compression="zstd", use_dictionary=False)
write("gzip", numbers, compression="gzip", use_dictionary=False)
write("lz4", numbers, compression="lz4", use_dictionary=False)
write("deltas", numbers.select(["l"]), compression="none", use_dictionary=False, column_encoding={"l": "DELTA_BINARY_PACKED"})
write("streams", numbers, compression="none", use_dictionary=False, column_encoding={"l": "BYTE_STREAM_SPLIT", "d": "BYTE_STREAM_SPLIT"})
write("fronts", texts, compression="none", use_dictionary=False, column_encoding={"s": "DELTA_BYTE_ARRAY", "f": "DELTA_BYTE_ARRAY"})
write("lengths", texts.select(["s"]), compression="none", use_dictionary=False, column_encoding={"s": "DELTA_LENGTH_BYTE_ARRAY"})
write("runs", flat.select(["b"]), compression="none", use_dictionary=False, column_encoding={"b": "RLE"})
write("nested", nested, compression="none", write_page_index=True)
write("nested-2", nested, compression="none", data_page_version="2.0", use_dictionary=False, row_group_size=9)
words = pa.table({"w": [f"word-{i % 40}" for i in range(2000)]})
duckdb.sql(f"COPY words TO '{FOLDER}/bloom.parquet' (FORMAT parquet, COMPRESSION uncompressed)")
