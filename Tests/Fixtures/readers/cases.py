"""Makes files for every reader: contracts, raw rows, and the values that readers must find.

    cases.py FOLDER [large]       for each case a folder with contract.odcs.yaml, in.csv.gz or in.json.gz, and values.json

With `large`, there is also a file of several row groups, with values larger than a page. A column's name says what is in it: `few` repeats values (dictionaries), `many` does not (plain values), `steps` rises
(deltas). `few` and `steps` have nulls. Only Python's own library is used, so that any environment can run it.
"""
import csv
import datetime
import decimal
import gzip
import io
import json
import os
import random
import sys
import uuid

from canonical import text

EPOCH = datetime.datetime(1970, 1, 1)
# Above 4,096 rows: some faults begin with the second batch of a reader.
# Stands for empty text until csv has written it.
EMPTY = "<empty>"
ROWS = {"text": 10_000, "compact": 10_000, "nested": 6_000}
chance = random.Random(20)


def integers(bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda kind, n: {
        "few": lambda: low + n % 5 * ((high - low) // 4), "many": lambda: chance.randint(low, high),
        "steps": lambda: low + n * 3 % (high - low),
    }[kind]()


def moments(places):
    """Times between years 1900 and 2100, with so many places after the point."""
    unit = 10 ** (6 - places)
    values = integers(53, True)

    def at(kind, n):
        micros = n * 1_000_003 if kind == "steps" else values(kind, n) * 4 // 10
        return EPOCH + datetime.timedelta(microseconds=micros // unit * unit)
    return at


def decimals(precision, scale):
    values = integers(64, True)

    def at(kind, n):
        digits = n if kind == "steps" else values(kind, n) * 3 ** 40 % 10 ** precision * (-1) ** n
        return decimal.Decimal(digits).scaleb(-scale, decimal.Context(prec=60))
    return at


def days(kind, n):
    count = n % 5 * 5_000 if kind == "few" else n if kind == "steps" else chance.randint(-20_000, 40_000)
    return (EPOCH + datetime.timedelta(days=count)).date()


def times(places):
    return lambda kind, n: moments(places)(kind, n).time()


def words(kind, n):
    if kind == "few":
        return ["", "red", "grün", "a somewhat longer value that repeats", "日本"][n % 5]
    return f"person number {n}" + " ä" * (n % 7) if kind == "many" else "x" * (n % 40)


def doubles(width):
    scale = 1e300 if width == 64 else 2.0 ** 100
    return lambda kind, n: [0.5, -0.0, 1.25, scale, -3.0][n % 5] if kind == "few" else \
        chance.uniform(-1, 1) if width == 64 else chance.randint(-1 << 23, 1 << 23) / 64


def json_texts(kind, n):
    value = {"n": n % 5 if kind == "few" else n, "list": [1, None, "two"]}
    return json.dumps(value, separators=(",", ":"))


# name: logical type, physical type, values
TYPES = {
    "boolean": ("boolean", "boolean", lambda kind, n: n % 3 == 0 if kind == "few" else chance.random() < 0.5),
    "int8": ("integer", "tinyint", integers(8, True)),
    "int16": ("integer", "smallint", integers(16, True)),
    "int32": ("integer", "int", integers(32, True)),
    "int64": ("integer", "bigint", integers(64, True)),
    # The widest deltas that are written by default.
    "int54": ("integer", "bigint", integers(54, True)),
    "uint8": ("integer", "utinyint", integers(8, False)),
    "uint16": ("integer", "usmallint", integers(16, False)),
    "uint32": ("integer", "uinteger", integers(32, False)),
    "uint64": ("integer", "ubigint", integers(64, False)),
    "float": ("number", "float", doubles(32)),
    "double": ("number", "double", doubles(64)),
    "decimal9": ("number", "decimal(9,2)", decimals(9, 2)),
    "decimal18": ("number", "decimal(18,6)", decimals(18, 6)),
    "decimal38": ("number", "decimal(38,10)", decimals(38, 10)),
    "date": ("date", "date", days),
    "timestamp": ("timestamp", "timestamp", moments(6)),
    "timestamp_ms": ("timestamp", "timestamp(3)", moments(3)),
    "timestamp_ntz": ("timestamp", "timestamp_ntz", moments(6)),
    "timestamp_ntz_ms": ("timestamp", "timestamp_ntz(3)", moments(3)),
    "string": ("string", "string", words),
    "json": ("string", "json", json_texts),
    "time": ("time", "time", times(6)),
    "time_ms": ("time", "time(3)", times(3)),
    "timetz": ("time", "timetz", times(6)),
    "uuid": ("string", "uuid", lambda kind, n: uuid.UUID(int=n % 5 if kind == "few" else chance.getrandbits(128))),
}
LOCAL = {"time", "time_ms", "timestamp_ntz", "timestamp_ntz_ms"}
# A type that a reader refuses takes its file with it, so these have a file each.
ALONE = ["uint64", "time", "time_ms", "timetz", "uuid"]


def raw(name, value):
    """A value as a raw file has it."""
    if value is None:
        return None
    if isinstance(value, (datetime.datetime, datetime.time)):
        digits = "milliseconds" if name.endswith("_ms") else "microseconds"
        return value.isoformat(timespec=digits) + ("" if name in LOCAL else "Z")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)


def write(folder, name, properties, custom=()):
    contract = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": name, "name": name, "version": "1.0.0", "status": "active",
        "schema": [{"name": name, "logicalType": "object", "properties": properties}],
    }
    if custom:
        contract["customProperties"] = [{"property": key, "value": value} for key, value in custom]
    os.makedirs(f"{folder}/{name}")
    with open(f"{folder}/{name}/contract.odcs.yaml", "w") as file:
        json.dump(contract, file, indent=1)


def values(folder, name, columns):
    with open(f"{folder}/{name}/values.json", "w") as file:
        json.dump(columns, file)


def flat(folder, name, types, custom=()):
    count = ROWS.get(name, 5_000)
    properties = [{"name": "id", "logicalType": "integer", "physicalType": "bigint", "required": True, "primaryKey": True}]
    columns = {"id": list(range(count))}
    for kind in types:
        logical, physical, value = TYPES[kind]
        for shape in ["few", "many", "steps"]:
            column = f"{kind}_{shape}"
            required = shape == "many"
            properties.append({"name": column, "logicalType": logical, "physicalType": physical, "required": required})
            columns[column] = [None if not required and n % 11 == 7 else value(shape, n) for n in range(count)]
    write(folder, name, properties, custom)
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values()):
        # An unquoted empty field is null, a quoted one is empty text.
        writer.writerow([EMPTY if value == "" else raw(column.rpartition("_")[0], value) for column, value in zip(columns, row)])
    with gzip.open(f"{folder}/{name}/in.csv.gz", "wt", newline="") as file:
        file.write(lines.getvalue().replace(EMPTY, '""'))
    values(folder, name, {column: [text(value) for value in found] for column, found in columns.items()})


def nested(folder):
    count = ROWS["nested"]
    integer = {"logicalType": "integer", "physicalType": "bigint"}
    string = {"logicalType": "string"}
    lines = {"logicalType": "array", "items": {"logicalType": "object", "properties": [
        {"name": "sku"} | string, {"name": "price", "logicalType": "number", "physicalType": "decimal(9,2)"},
        {"name": "tags", "logicalType": "array", "items": string}]}}
    write(folder, "nested", [
        {"name": "id", "required": True, "primaryKey": True} | integer,
        {"name": "person", "logicalType": "object", "properties": [
            {"name": "name"} | string, {"name": "color"} | string, {"name": "age"} | integer,
            {"name": "born", "logicalType": "date"}]},
        {"name": "names", "logicalType": "array", "items": string},
        {"name": "numbers", "logicalType": "array", "items": integer},
        {"name": "grid", "logicalType": "array", "items": {"logicalType": "array", "items": integer}},
        {"name": "lines"} | lines,
    ])
    rows = []
    for n in range(count):
        rows.append({
            "id": n,
            "person": None if n % 13 == 5 else {
                "name": words("many", n), "color": words("few", n), "age": None if n % 5 == 1 else n, "born": days("steps", n)},
            "names": None if n % 9 == 4 else [None if (n + m) % 6 == 5 else words("many", n * m) for m in range(n % 4)],
            "numbers": [n + m for m in range(n % 3)],
            "grid": [[m, n] for m in range(n % 3)],
            "lines": None if n % 17 == 3 else [
                {"sku": words("many", n + m), "price": decimals(9, 2)("many", n), "tags": [words("few", m)] * (m % 3)}
                for m in range(n % 4)],
        })
    with gzip.open(f"{folder}/nested/in.json.gz", "wt") as file:
        for row in rows:
            file.write(json.dumps(row, default=str) + "\n")
    values(folder, "nested", {column: [text(row[column]) for row in rows] for column in rows[0]})


def large(folder):
    count = 300_000
    write(folder, "large", [
        {"name": "id", "logicalType": "integer", "physicalType": "bigint", "required": True, "primaryKey": True},
        {"name": "text", "logicalType": "string"}, {"name": "number", "logicalType": "integer", "physicalType": "int"},
        {"name": "moment", "logicalType": "timestamp", "physicalType": "timestamp"}])
    moment = moments(6)
    columns = {
        "id": range(count),
        # Some are larger than a page.
        "text": ["long" * 500_000 if n in (7, 200_000) else f"{chance.getrandbits(256):064x}" for n in range(count)],
        "number": [None if n % 11 == 7 else chance.randint(-1 << 31, (1 << 31) - 1) for n in range(count)],
        "moment": [moment("steps", n) for n in range(count)],
    }
    with gzip.open(f"{folder}/large/in.csv.gz", "wt", newline="", compresslevel=1) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([raw(name, value) for name, value in zip(columns, row)] for row in zip(*columns.values()))
    values(folder, "large", {column: [text(value) for value in found] for column, found in columns.items()})


folder = sys.argv[1]
flat(folder, "text", ["string", "json"])
flat(folder, "compact", ["string"], [("encodings", "compact")])
flat(folder, "types", [kind for kind in TYPES if kind not in ["string", "json"] + ALONE])
for kind in ALONE:
    flat(folder, kind, [kind])
nested(folder)
if sys.argv[2:] == ["large"]:
    large(folder)
