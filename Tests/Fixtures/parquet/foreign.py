#!/usr/bin/env python3
"""Writes Parquet files to FOLDER with pyarrow, DuckDB and Polars, and beside each what pyarrow reads from it.

NAME.json says {"rows": N, "columns": {NAME: [value of each row]}} of NAME.parquet, in the canonical form of referee.py, or
that of rows.py for nested columns.
"""
import datetime
import decimal
import json
import os
import random
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import referee
import rows as row_reader

ROWS = 700


def column(kind, make, nulls, rng):
    values = [None if nulls and rng.random() < nulls else make(rng, i) for i in range(ROWS)]
    return pa.array(values, kind)


KINDS = {
    "boolean": (pa.bool_(), lambda r, i: r.random() < 0.3),
    "runs": (pa.bool_(), lambda r, i: i // 200 % 2 == 0),
    "int8": (pa.int8(), lambda r, i: r.randrange(-128, 128)),
    "uint8": (pa.uint8(), lambda r, i: r.randrange(256)),
    "int16": (pa.int16(), lambda r, i: r.randrange(-(1 << 15), 1 << 15)),
    "uint16": (pa.uint16(), lambda r, i: r.randrange(1 << 16)),
    "int32": (pa.int32(), lambda r, i: r.randrange(-(1 << 31), 1 << 31)),
    "uint32": (pa.uint32(), lambda r, i: r.randrange(1 << 32)),
    "int64": (pa.int64(), lambda r, i: r.randrange(-(1 << 63), 1 << 63)),
    "uint64": (pa.uint64(), lambda r, i: r.randrange(1 << 64)),
    "ascending": (pa.int64(), lambda r, i: 1_000_000 + 3 * i + r.randrange(3)),
    "few": (pa.int32(), lambda r, i: r.randrange(9)),
    "float": (pa.float32(), lambda r, i: r.choice([0.0, -0.0, float("nan"), float("inf"), r.random() * 1e9])),
    "double": (pa.float64(), lambda r, i: r.choice([0.0, -0.0, float("nan"), float("-inf"), r.random() * 1e99])),
    "text": (pa.string(), lambda r, i: f"Bier é {r.randrange(1 << 30)} " * r.randrange(3)),
    "word": (pa.string(), lambda r, i: r.choice(["", "ale", "stout", "日本酒", "a rather long name of a beer, longer than most"])),
    "sorted": (pa.string(), lambda r, i: f"brewery-{i:06d}/beer-{r.randrange(10)}"),
    "bytes": (pa.binary(), lambda r, i: r.randbytes(r.randrange(40))),
    "fixed": (pa.binary(7), lambda r, i: r.randbytes(7)),
    "date": (pa.date32(), lambda r, i: datetime.date.fromordinal(r.randrange(1, 3_652_059))),
    "time_ms": (pa.time32("ms"), lambda r, i: r.randrange(86_400_000)),
    "time_us": (pa.time64("us"), lambda r, i: r.randrange(86_400_000_000)),
    "timestamp_ms": (pa.timestamp("ms"), lambda r, i: r.randrange(-62_135_596_800_000, 253_402_300_799_000)),
    "timestamp_us": (pa.timestamp("us", "UTC"), lambda r, i: r.randrange(-62_135_596_800_000_000, 253_402_300_799_000_000)),
    "decimal9": (pa.decimal128(9, 2), lambda r, i: decimal.Decimal(r.randrange(-999_999_999, 1_000_000_000)).scaleb(-2)),
    "decimal38": (pa.decimal128(38, 6), lambda r, i: decimal.Decimal(r.randrange(-(10**38) + 1, 10**38)).scaleb(-6)),
    "null": (pa.int32(), lambda r, i: None),
}


def table(seed, names=KINDS):
    rng = random.Random(seed)
    arrays, titles = [], []
    for name in names:
        kind, make = KINDS[name]
        for nulls in (0, 0.2) if name != "null" else (1,):
            arrays.append(column(kind, make, nulls, rng))
            titles.append(f"{name}_{nulls}")
    return pa.table(arrays, names=titles)


def describe(path, by_duckdb=()):
    """Writes what pyarrow reads from the flat file at `path` beside it, or DuckDB for the columns `by_duckdb`."""
    rows = pq.ParquetFile(path).metadata.num_rows
    names = [name for name in pq.ParquetFile(path).schema_arrow.names if name not in by_duckdb]
    arrow = pq.read_table(path, columns=names)
    columns = {name: referee.from_arrow(arrow.column(name)) for name in names}
    if by_duckdb:
        others = referee.read_duckdb(path)
        columns |= {name: others[name][0] for name in by_duckdb}
    with open(path.removesuffix(".parquet") + ".json", "w") as out:
        json.dump({"rows": rows, "columns": columns}, out)


def nested(seed):
    """Lists, structs and maps in each other, with nulls and empty lists at every level."""
    rng = random.Random(seed)

    def maybe(value):
        return None if rng.random() < 0.15 else value()

    def items(make, most=4):
        return lambda: [make() for _ in range(rng.choice([0, 0, 1, 2, most, 5 * most]))]

    def text():
        return maybe(lambda: rng.choice(["", "ale", "a rather long name of a beer, longer than most"]))

    def number():
        return maybe(lambda: rng.randrange(1 << 40))

    def point():
        return maybe(lambda: {"x": number(), "name": text(), "tags": maybe(items(text))})

    point_type = pa.struct([("x", pa.int64()), ("name", pa.string()), ("tags", pa.list_(pa.string()))])
    kinds = {
        "list": (pa.list_(pa.int64()), items(number)),
        "lists": (pa.list_(pa.list_(pa.string())), items(lambda: maybe(items(text)))),
        "struct": (point_type, lambda: point()),
        "structs": (pa.list_(point_type), items(point)),
        "map": (pa.map_(pa.string(), pa.int64()), lambda: [(f"k{i}", number()) for i in range(rng.randrange(4))]),
        "maps": (pa.list_(pa.map_(pa.int32(), point_type)), items(lambda: [(i, point()) for i in range(rng.randrange(3))])),
        "flat": (pa.float64(), lambda: rng.random()),
    }
    return pa.table({name: pa.array([maybe(make) for _ in range(ROWS)], kind) for name, (kind, make) in kinds.items()})


def main(folder):
    everything = table(1)
    plain = [name for name in KINDS if name not in ("null",)]

    def write(name, rows, **options):
        path = os.path.join(folder, f"{name}.parquet")
        pq.write_table(rows, path, **options)
        describe(path)

    write("default", everything)
    write("plain", everything, use_dictionary=False)
    write("many-pages", everything, data_page_size=1000, row_group_size=800, compression="zstd")
    write("version-2", everything, data_page_version="2.0", compression="zstd", data_page_size=3000)
    write("version-2-stored", everything, data_page_version="2.0", compression="none")
    write("checksums", everything, write_page_checksum=True, write_page_index=True)
    write("small-dictionaries", everything, dictionary_pagesize_limit=300, data_page_size=2000)
    write("empty", everything.slice(0, 0))
    write("no-columns", pa.table({}))
    for codec in ("gzip", "lz4", "snappy", "none"):
        write(codec, table(2, plain), compression=codec)
    numbers = [n for n in plain if KINDS[n][0] in (pa.int32(), pa.int64(), pa.uint32(), pa.uint64())]
    texts = ["text", "word", "sorted", "bytes"]
    floating = ["float", "double"]

    def encoded(name, encoding, names, **options):
        rows = table(3, names)
        write(name, rows, use_dictionary=False, column_encoding=dict.fromkeys(rows.column_names, encoding), **options)

    for version in ("1.0", "2.0"):
        options = {"data_page_version": version, "data_page_size": 4000}
        encoded(f"deltas-{version}", "DELTA_BINARY_PACKED", numbers, **options)
        encoded(f"delta-lengths-{version}", "DELTA_LENGTH_BYTE_ARRAY", texts, **options)
        encoded(f"delta-fronts-{version}", "DELTA_BYTE_ARRAY", texts + ["fixed"], **options)
        encoded(f"streams-{version}", "BYTE_STREAM_SPLIT", floating + numbers + ["fixed"], **options)
        encoded(f"runs-{version}", "RLE", ["boolean", "runs"], **options)

    arrow = everything
    for codec in ("snappy", "zstd", "gzip", "lz4_raw", "uncompressed"):
        path = os.path.join(folder, f"duckdb-{codec}.parquet")
        duckdb.sql(f"COPY (SELECT * FROM arrow) TO '{path}' (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE 2048)")
        describe(path)
    path = os.path.join(folder, "duckdb-version-2.parquet")
    duckdb.sql(f"COPY (SELECT * FROM arrow) TO '{path}' (FORMAT parquet, PARQUET_VERSION v2)")
    # Its deltas of 32 bits may have 33, which pyarrow 26 does not read.
    describe(path, by_duckdb=["int32_0", "int32_0.2", "uint32_0", "uint32_0.2"])
    for codec in ("zstd", "snappy", "gzip", "lz4", "uncompressed"):
        path = os.path.join(folder, f"polars-{codec}.parquet")
        polars.from_arrow(everything).write_parquet(path, compression=codec, row_group_size=1100, data_page_size=3000)
        describe(path)

    deep = nested(5)
    maps = [name for name in deep.column_names if name.startswith("map")]
    paths = [os.path.join(folder, f"nested-{name}.parquet") for name in ("default", "pages", "version-2", "duckdb", "polars")]
    pq.write_table(deep, paths[0])
    pq.write_table(deep, paths[1], data_page_size=500, row_group_size=300, compression="zstd")
    pq.write_table(deep, paths[2], data_page_version="2.0", data_page_size=500, compression="gzip")
    duckdb.sql(f"COPY (SELECT * FROM deep) TO '{paths[3]}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    polars.from_arrow(deep.drop_columns(maps)).write_parquet(paths[4], data_page_size=500)
    for path in paths:
        with open(path.removesuffix("parquet") + "json", "w") as out:
            json.dump({"rows": ROWS, "columns": row_reader.read(path)}, out)


if __name__ == "__main__":
    main(sys.argv[1])
