#!/usr/bin/env python3
"""Compares the types in a catalog's template with those that pyarrow finds in bronze files of the same contracts.

    catalog.py BRONZE_WRITER CONTRACTS TEMPLATE
"""
import gzip, json, os, pathlib, subprocess, sys, tempfile

import pyarrow.parquet as pq, pyarrow.types as t, yaml

writer, contracts, template = sys.argv[1:]


class Template(yaml.SafeLoader):
    """Ignores intrinsic functions."""


Template.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", None))


def glue(kind):
    """The Hive type that holds every value of an Arrow type, by Athena's documentation."""
    kind = getattr(kind, "storage_type", kind)
    plain = {"bool": "boolean", "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "uint8": "smallint",
             "uint16": "int", "uint32": "bigint", "uint64": "bigint", "float": "float", "double": "double", "string": "string",
             "date32[day]": "date", "time32[ms]": "int", "time64[us]": "bigint"}
    if str(kind) in plain: return plain[str(kind)]
    if t.is_fixed_size_binary(kind): return "binary"
    if t.is_timestamp(kind): return "timestamp"
    if t.is_decimal(kind): return f"decimal({kind.precision},{kind.scale})"
    if t.is_struct(kind): return "struct<" + ",".join(f"{f.name}:{glue(f.type)}" for f in kind) + ">"
    if t.is_list(kind): return f"array<{glue(kind.value_type)}>"
    raise SystemExit(f"no Hive type is known for {kind}")


def row(properties):
    """The shortest row that satisfies the contract."""
    some = {"integer": 1, "number": 1.5, "boolean": True, "string": "a", "array": [], "object": {}}
    return {p["name"]: some[p["logicalType"]] for p in properties if p.get("required")}


tables = {r["Properties"]["TableInput"]["Name"]: r["Properties"]["TableInput"]
          for r in yaml.load(open(template), Template)["Resources"].values()}
files = sorted(pathlib.Path(contracts).glob("*.odcs.yaml"))
assert files and len(files) == len(tables), (files, sorted(tables))
for path in files:
    schema = yaml.safe_load(path.read_text())["schema"][0]
    with tempfile.TemporaryDirectory() as folder:
        raw, bronze = f"{folder}/{schema['name']}.json.gz", f"{folder}/bronze.parquet"
        with gzip.open(raw, "wt") as file: file.write(json.dumps(row(schema["properties"])) + "\n")
        run = subprocess.run([writer, "convert", "--contract", path, raw, bronze], capture_output=True, text=True,
                             env={**os.environ, "MASKING_KEY": "k" * 32})
        assert run.returncode == 0, run.stdout + run.stderr
        found = [(field.name, glue(field.type)) for field in pq.read_schema(bronze)]
    named = [(c["Name"], c["Type"]) for c in tables[schema["name"]]["StorageDescriptor"]["Columns"]]
    assert named == found, f"{schema['name']}: {[pair for pair in zip(named, found) if pair[0] != pair[1]]}"
    print(schema["name"], len(found))
sys.stdout.flush()
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
