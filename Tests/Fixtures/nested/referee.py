"""Reads nested Parquet files with pyarrow and DuckDB and compares them, value by value, with what Python reads in JSON.

    referee.py generate FOLDER COUNT SEED...  for each seed a folder with a contract, and rows as JSON lines and as CSV
    referee.py check FOLDER                   compares each folder's json.parquet and csv.parquet with its rows
    referee.py rows FOLDER                    compares every *.parquet with the rows in the *.json beside it
"""

import datetime
import decimal
import gzip
import json
import os
import pathlib
import re
import sys
import uuid

import duckdb
import pyarrow.parquet as pq

from documents import Number, at, columns, generate, is_text, parse

UTC = datetime.timezone.utc


def expected(prop, value):
    """What a JSON value becomes in a column of that property."""
    if value is None:
        return None
    if is_text(prop):
        return parse(value) if type(value) is str else value
    if prop["logicalType"] == "object":
        return {field["name"]: expected(field, value.get(field["name"])) for field in prop["properties"]}
    if prop["logicalType"] == "array":
        return [expected(prop["items"], item) for item in value]
    match prop["logicalType"]:
        case "integer":
            return int(value)
        case "number":
            return decimal.Decimal(value) if "decimal" in prop.get("physicalType", "") else float(value)
        case "date":
            return datetime.date.fromisoformat(value)
        case "time":
            return datetime.time.fromisoformat(value)
        case "timestamp":
            moment = datetime.datetime.fromisoformat(value)
            return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        case "string" if prop.get("physicalType") == "uuid":
            return uuid.UUID(value)
    return value


class Members(dict):
    """An object whose repeated members are kept: the last one counts, ``replaced`` has the earlier values."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.replaced = {}
        seen = {}
        for name, value in pairs:
            if seen.get(name) is not None:
                self.replaced[name] = seen[name]
            seen[name] = value


def parse_all(text):
    """Like ``parse``, with the values that later ones of the same name replace."""
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Members)


def unknown(properties, document, path=""):
    """The members that the contract does not know, and the values that later ones replace, by their paths."""
    known = {prop["name"]: prop for prop in properties}
    found = {}
    for key, value in document.items():
        place = f"{path}.{key}" if path else key
        if key not in known:
            found[place] = value
            continue
        found |= unknown_in(known[key], value, place)
        if key in getattr(document, "replaced", {}):
            found[place] = document.replaced[key]
    return found


def unknown_in(prop, value, place):
    if value is None or is_text(prop):
        return {}
    if prop["logicalType"] == "object":
        return unknown(prop["properties"], value, place)
    if prop["logicalType"] == "array":
        return {
            key: member
            for number, item in enumerate(value)
            for key, member in unknown_in(prop["items"], item, f"{place}[{number}]").items()
        }
    return {}


def seen(prop, value):
    """What a reader gave back, in the same terms."""
    if value is None:
        return None
    if is_text(prop):
        outside = re.sub(r'"(\\.|[^"\\])*"', "", value)
        assert not re.search(r"\s", outside), f"white space in {value!r}"
        return parse(value)
    if prop["logicalType"] == "object":
        return {field["name"]: seen(field, value[field["name"]]) for field in prop["properties"]}
    if prop["logicalType"] == "array":
        return [seen(prop["items"], item) for item in value]
    if prop.get("physicalType") == "uuid":
        return uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(str(value))
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def arrow_rows(path):
    return pq.ParquetFile(path).read().to_pylist()


def duckdb_rows(path):
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    result = connection.execute("select * from read_parquet(?)", [str(path)])
    names = [column[0] for column in result.description]
    return [dict(zip(names, row)) for row in result.fetchall()]


def same(left, right):
    """Equal, also in the sign of zero."""
    if isinstance(left, float) and isinstance(right, float):
        return left.hex() == right.hex()
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def check(folder):
    contract = json.loads((folder / "nested.odcs.yaml").read_text())
    properties = contract["schema"][0]["properties"]
    with gzip.open(folder / "nested.json.gz", "rt", encoding="utf-8", newline="\n") as file:
        lines = list(file)
    documents = [parse(line) for line in lines]
    for name in ["json", "csv"]:
        path = folder / f"{name}.parquet"
        for reader in [arrow_rows, duckdb_rows]:
            rows = reader(path)
            assert len(rows) == len(documents), f"{path}: {len(rows)} rows, expected {len(documents)}"
            for number, (row, document) in enumerate(zip(rows, documents)):
                for column, keys, prop in columns(properties):
                    got, due = seen(prop, row[column]), expected(prop, at(document, keys))
                    # In CSV an empty text and a null are both written as nothing that is quoted.
                    if name == "csv" and got == "" and due is None and prop["logicalType"] == "string":
                        continue
                    assert same(got, due), f"{path}, {reader.__name__}, row {number}, {column}: {got!r}, not {due!r}"
                rescued = parse(row["_rescued_data"]) if row["_rescued_data"] else {}
                if name == "json":
                    due = unknown(properties, parse_all(lines[number]))
                else:
                    due = {}
                    for _, keys, prop in columns(properties):
                        due |= unknown_in(prop, at(document, keys), ".".join(keys))
                assert rescued == due, f"{path}, {reader.__name__}, row {number}: rescued {rescued!r}, not {due!r}"


def check_rows(folder):
    files = sorted(folder.glob("*.parquet"))
    assert files, f"no file in {folder}"
    for path in files:
        due = json.loads(path.with_suffix(".json").read_text())
        for reader in [arrow_rows, duckdb_rows]:
            rows = reader(path)
            assert len(rows) == len(due), f"{path}: {len(rows)} rows, expected {len(due)}"
            for number, (got, row) in enumerate(zip(rows, due)):
                assert same(got, row), f"{path}, {reader.__name__}, row {number}: {got!r}, not {row!r}"


folder = pathlib.Path(sys.argv[2])
match sys.argv[1]:
    case "generate":
        for seed in sys.argv[4:]:
            (folder / seed).mkdir()
            generate(int(seed), int(sys.argv[3]), folder / seed)
    case "check":
        folders = sorted(folder.iterdir())
        assert folders, f"nothing in {folder}"
        for each in folders:
            check(each)
    case "rows":
        check_rows(folder)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
sys.stdout.flush()
os._exit(0)
