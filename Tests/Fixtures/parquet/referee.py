#!/usr/bin/env python3
"""Reads Parquet files with pyarrow, DuckDB and Polars and compares each value with what FOLDER/*.json says.

NAME.json says {"rows": N, "columns": [{"name", "required", "values": [...]}]} of NAME.parquet. With "files" it says so of
the files named there, and how the pages of each must be laid out (layout.py). Values are in one canonical form:
integers, dates (days), times and timestamps (as stored) as numbers; floats as the hexadecimal bits or "nan";
decimals as the unscaled integer's digits; text as it is; other bytes in hexadecimal; null as null.
Statistics in the footer are checked against the values too. Exit 1 and a line for each difference.
"""
import datetime
import decimal
import glob
import json
import os
import struct
import sys
import uuid

import duckdb
import layout
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

decimal.getcontext().prec = 60
EPOCH = datetime.date(1970, 1, 1)
UTC_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
failures = 0


def fail(*words):
    global failures
    failures += 1
    if failures < 40:
        print(*words)


def bits(value, width):
    if value is None:
        return None
    if value != value:
        return "nan"
    return format(int.from_bytes(struct.pack(">d" if width == 64 else ">f", value), "big"), "x")


def micros(value):
    if isinstance(value, datetime.timedelta):
        delta = value
    elif isinstance(value, datetime.time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    else:
        base = UTC_EPOCH if value.tzinfo else UTC_EPOCH.replace(tzinfo=None)
        delta = value - base
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def unscaled(value):
    sign, digits, _ = value.as_tuple()
    return str((-1 if sign else 1) * int("".join(map(str, digits)) or "0"))


def from_arrow(column):
    kind = column.type
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_time32(kind):
        column = column.cast(pa.int32())
    values = column.to_pylist()
    if pa.types.is_float64(kind):
        return [bits(v, 64) for v in values]
    if pa.types.is_float32(kind):
        return [bits(v, 32) for v in values]
    if pa.types.is_decimal(kind):
        return [None if v is None else unscaled(v) for v in values]
    if values and isinstance(next((v for v in values if v is not None), None), uuid.UUID):
        return [None if v is None else v.hex for v in values]
    return [v.hex() if isinstance(v, bytes) else v for v in values]


def read_duckdb(path):
    """The values of every column by its name, in canonical form, and its type."""
    selects, kinds = [], []
    for name, kind, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall():
        quoted = '"' + name.replace('"', '""') + '"'
        kind = kind.upper()
        select = quoted
        if kind == "DATE":
            select = f"datediff('day', DATE '1970-01-01', {quoted})"
        elif kind.startswith("TIMESTAMP"):
            select = f"epoch_us({quoted})"
        elif kind.startswith("TIME"):
            select = f"epoch_us({quoted}::TIME)"
        selects.append(select)
        kinds.append((name, kind))
    rows = duckdb.sql(f"SELECT {', '.join(selects)} FROM read_parquet('{path}')").fetchall()
    columns = list(zip(*rows)) or [()] * len(kinds)
    return {name: (from_duckdb(list(values), kind), kind) for (name, kind), values in zip(kinds, columns)}


def from_duckdb(values, kind):
    if kind == "DOUBLE":
        return [bits(v, 64) for v in values]
    if kind == "FLOAT":
        return [bits(v, 32) for v in values]
    if kind.startswith("DECIMAL"):
        return [None if v is None else unscaled(v) for v in values]
    if kind == "UUID":
        return [None if v is None else v.hex for v in values]
    return [bytes(v).hex() if isinstance(v, (bytes, bytearray)) else v for v in values]


def from_polars(series):
    kind = series.dtype
    if kind in (polars.Date, polars.Time) or isinstance(kind, (polars.Datetime, polars.Duration)):
        values = series.to_physical().to_list()
        return [None if v is None else v // 1000 for v in values] if kind == polars.Time else values
    values = series.to_list()
    if kind == polars.Float64:
        return [bits(v, 64) for v in values]
    if kind == polars.Float32:
        return [bits(v, 32) for v in values]
    if isinstance(kind, polars.Decimal):
        return [None if v is None else unscaled(v) for v in values]
    return [v.hex() if isinstance(v, bytes) else v for v in values]


def compare(path, reader, name, expected, actual, scale=1):
    if scale != 1:
        expected = [None if v is None else v * scale for v in expected]
    if expected == actual:
        return
    if len(expected) != len(actual):
        return fail(path, reader, name, "rows", len(actual), "expected", len(expected))
    row = next(i for i, (a, b) in enumerate(zip(expected, actual)) if a != b)
    fail(path, reader, name, "row", row, "is", repr(actual[row])[:200], "expected", repr(expected[row])[:200])


def check_statistics(path, metadata, name, index, arrow):
    """Null counts are exact; bounds hold for every value and are exact unless the footer says otherwise."""
    start = 0
    for group in range(metadata.num_row_groups):
        chunk = metadata.row_group(group).column(index)
        part = arrow.slice(start, metadata.row_group(group).num_rows)
        start += metadata.row_group(group).num_rows
        statistics = chunk.statistics
        if statistics is None or statistics.null_count != part.null_count:
            fail(path, "statistics", name, "group", group, "null_count", statistics, part.null_count)
            continue
        values = part.drop_null()
        kind = part.type
        if pa.types.is_floating(kind):
            values = values.filter(pc.invert(pc.is_nan(values)))
        if len(values) == 0:
            if statistics.has_min_max:
                fail(path, "statistics", name, "bounds without values")
            continue
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_string(kind)
                or pa.types.is_binary(kind) or pa.types.is_decimal(kind) or pa.types.is_date(kind)
                or pa.types.is_timestamp(kind) or pa.types.is_boolean(kind)):
            continue
        if not statistics.has_min_max:
            if pa.types.is_binary(kind) and any(v[:64] == b"\xff" * 64 for v in values.to_pylist()):
                continue  # nothing short is above it, so the maximum must be left out
            fail(path, "statistics", name, "group", group, "no bounds")
            continue
        if pa.types.is_string(kind) or pa.types.is_binary(kind):
            raw = [v.encode() if isinstance(v, str) else v for v in values.to_pylist()]
            low, high = min(raw), max(raw)
            encode = lambda v: v.encode() if isinstance(v, str) else v
            if not (encode(statistics.min) <= low and high <= encode(statistics.max)):
                fail(path, "statistics", name, statistics.min, statistics.max, "for", low[:80], high[:80])
            if len(high) <= 64 and encode(statistics.max) != high:
                fail(path, "statistics", name, "maximum not exact")
        else:
            low, high = pc.min(values).as_py(), pc.max(values).as_py()
            if (statistics.min, statistics.max) != (low, high):
                fail(path, "statistics", name, "group", group, statistics.min, statistics.max, "for", low, high)


def check_layout(path, description, wanted):
    with open(path, "rb") as file:
        data = file.read()
    parts = layout.Layout(data, wanted, lambda *words: fail(path, *words)).check(description["columns"])
    check_library_view(path, wanted)
    for index, chunk in enumerate(parts.footer[4][0][1]):
        if wanted["checksums"] and index % 16 == 0:
            check_flipped_byte(path, data, chunk[3], description["columns"][index]["name"])
        if wanted.get("probe") and description["columns"][index].get("bloom"):
            check_bloom_filter(path, description["columns"][index], parts.elements[index])


def check_library_view(path, wanted):
    """pyarrow must see what layout.py sees."""
    metadata = pq.read_metadata(path)
    codec = {0: "UNCOMPRESSED", 1: "SNAPPY", 2: "GZIP", 6: "ZSTD"}[wanted["codec"]]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        sorting = [[s.column_index, s.descending, s.nulls_first] for s in group.sorting_columns]
        if sorting != wanted["sorting"]:
            fail(path, "pyarrow sees rows sorted by", sorting)
        for chunk in (group.column(index) for index in range(group.num_columns)):
            if chunk.compression != codec or chunk.has_offset_index != wanted["page_index"]:
                fail(path, chunk.path_in_schema, "pyarrow sees", chunk.compression, chunk.has_offset_index)
            if chunk.has_column_index and not chunk.has_offset_index:
                fail(path, chunk.path_in_schema, "a column index without an offset index")


def check_flipped_byte(path, data, chunk, name):
    """One bit of the chunk's last byte, which belongs to a page's values, is enough for pyarrow to refuse the page."""
    at = chunk.get(11, chunk[9]) + chunk[7] - 1
    flipped = bytearray(data)
    flipped[at] ^= 1
    try:
        pq.ParquetFile(pa.BufferReader(bytes(flipped)), page_checksum_verification=True).read_row_group(0, [name])
        fail(path, name, "a flipped bit went unseen")
    except OSError as error:
        if "CRC" not in str(error):
            fail(path, name, "a flipped bit is", error)


def check_bloom_filter(path, column, element):
    """DuckDB must find each value in some row group, and must not find most of those that are not there."""
    logical = element.get(10, {})
    if element[1] == 6 and 1 in logical:
        literal, absent = lambda v: "'" + v.replace("'", "''") + "'", [f"absent {i}" for i in range(60)]
    elif element[1] in (1, 2) and not logical.keys() - {10} and logical.get(10, {1: 32})[1] >= 32:
        literal, absent = str, range(7, 4000, 61)
    else:
        return  # DuckDB probes with literals; those of integers and text are enough to compare hashes
    present = {v for v in column["values"] if v is not None}

    def excluded(value):
        probe = f"SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe('{path}', '{column['name']}', {literal(value)})"
        return duckdb.sql(probe).fetchall()[0][0]

    longest = sorted(present, key=lambda v: -len(str(v)))[:4]
    if any(excluded(v) for v in longest + sorted(present)[:: max(1, len(present) // 12)]):
        fail(path, column["name"], "the bloom filter excludes a value that is there")
    absent = [v for v in absent if v not in present][:12]
    if sum(excluded(v) for v in absent) < 9:
        fail(path, column["name"], "the bloom filter excludes next to nothing")


def check(path, description):
    parquet = pq.ParquetFile(path, page_checksum_verification=True)
    metadata = parquet.metadata
    if metadata.num_rows != description["rows"]:
        fail(path, "rows", metadata.num_rows, description["rows"])
    table = parquet.read()
    frame = polars.read_parquet(path)
    duck = read_duckdb(path)
    for index, column in enumerate(description["columns"]):
        name, expected = column["name"], column["values"]
        arrow = table.column(name)
        if table.schema.field(name).nullable == column["required"]:
            fail(path, name, "repetition")
        compare(path, "pyarrow", name, expected, from_arrow(arrow))
        # DuckDB answers in microseconds whatever the unit, Polars reads TIME(MILLIS) as nanoseconds.
        is_millis = pa.types.is_time32(arrow.type) or str(arrow.type).startswith("timestamp[ms")
        compare(path, "duckdb", name, expected, duck[name][0], 1000 if is_millis else 1)
        series = frame[name]
        if pa.types.is_timestamp(arrow.type):
            zones = [arrow.type.tz is not None, "TIME ZONE" in duck[name][1], series.dtype.time_zone is not None]
            if zones != ["isAdjustedToUTC__true" in name] * 3:
                fail(path, name, "is in UTC for pyarrow, DuckDB, Polars:", zones)
        if series.dtype == polars.Binary and "json" in str(arrow.type):  # Polars takes JSON for plain bytes
            series = series.cast(polars.String)
        compare(path, "polars", name, expected, from_polars(series), 1000 if pa.types.is_time32(arrow.type) else 1)
        check_statistics(path, metadata, name, index, arrow)
        for wanted in column.get("encodings", []):
            found = {e for g in range(metadata.num_row_groups) for e in metadata.row_group(g).column(index).encodings}
            if wanted not in found:
                fail(path, name, "has no", wanted, "pages, only", sorted(found))


def main():
    read = 0
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.json"))):
        with open(path) as file:
            description = json.load(file)
        name = os.path.basename(path)[: -len(".json")]
        for name, wanted in description.get("files", {name: None}).items():
            path = os.path.join(sys.argv[1], name + ".parquet")
            read += 1
            try:
                check(path, description)
                if wanted:
                    check_layout(path, description, wanted)
            except Exception as error:
                fail(path, type(error).__name__, error)
    if read == 0:
        fail("no files in", sys.argv[1])
    print(f"{read} files, {failures} differences")
    # The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
    sys.stdout.flush()
    os._exit(1 if failures else 0)


if __name__ == "__main__":
    main()
