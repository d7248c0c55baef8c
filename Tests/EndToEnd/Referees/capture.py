#!/usr/bin/env python3
"""Folds the bronze rows of tables by key and order, as silver would, and compares them with the source, column by column, as text.

    capture.py ENDPOINT URI PSQL TABLE...                  waits until they are equal;
                                                           -> {"TABLE": {"rows": n, "changes": n, "repeated": n}}
    capture.py ENDPOINT URI PSQL TABLE... --changes FILE   then compares each change of bronze with that of pg_recvlogical in FILE,
                                                           one by one, in their order; -> and {"pg_recvlogical": {"changes": n}}

It knows nothing of change-capture but the columns that it writes. Two different changes at one place in the order end it, and
so does what is unequal once bronze has got no more files for CAPTURE_SECONDS (120). The source must be at rest.
"""
import json, os, subprocess, sys, time

import boto3, duckdb
from botocore.config import Config

import recvlogical

endpoint, uri, psql, *tables = sys.argv[1:]
decoded = None
if "--changes" in tables: *tables, _, decoded = tables


def client(service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 8, "mode": "standard"},
                      connect_timeout=600, read_timeout=600))


s3, dynamodb, functions = client("s3"), client("dynamodb"), client("lambda")
lake = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
control = next(t for t in dynamodb.list_tables()["TableNames"] if t.endswith("control"))
UNKNOWN = "(no change carries it)"
files = {}  # bronze objects that have been read: output key -> rows


def query(statement):
    """Rows of a statement as lists of text and None."""
    run = subprocess.run([psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", f"COPY ({statement}) TO STDOUT (FORMAT csv, NULL '\\N', FORCE_QUOTE *)", uri],
                         capture_output=True, check=True)
    # FORCE_QUOTE leaves nulls without quotes, so that a text \N is another thing.
    return list(parse_csv(run.stdout.decode()))


def parse_csv(text):
    at, row = 0, []
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while text[end] != '"' or text[end + 1:end + 2] == '"': end += 2 if text[end] == '"' else 1
            row.append(text[at + 1:end].replace('""', '"'))
            at = end + 1
        else:
            assert text.startswith("\\N", at), text[at:at + 20]
            row.append(None)
            at += 2
        if text[at] == "\n": yield row; row = []
        at += 1


def shape(table):
    """The columns of a table with their types, and the key."""
    columns = query(f"SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '{table}'::regclass "
                    "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum")
    key = query("SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
                f"WHERE indrelid = '{table}'::regclass AND indisprimary ORDER BY attnum")
    return dict(columns), [k for k, in key]


def source(table, columns):
    """The rows as they are now."""
    names = ", ".join(f'"{c}"::text' for c in columns)
    return query(f"SELECT {names} FROM {table}")


def records():
    pages = dynamodb.get_paginator("scan").paginate(TableName=control, ConsistentRead=True)
    found = [{k: next(iter(v.values())) for k, v in i.items()} for p in pages for i in p["Items"]]
    names = {t.split(".")[1] for t in tables}
    bronze = [r for r in found if r["schema_name"] == "dm_bronze" and r.get("table_name") in names]
    failed = [r for r in bronze if r["status"] == "error"]
    if failed: sys.exit(f"a file failed: {failed[:3]}")
    return bronze


def rows_of(record):
    key = record["output_key"]
    if key not in files:
        path = f"{os.environ.get('TMPDIR', '/tmp')}/capture-{os.getpid()}-{len(files)}.parquet"
        with open(path, "wb") as file: file.write(s3.get_object(Bucket=lake, Key=key)["Body"].read())
        found = duckdb.sql(f"SELECT * FROM read_parquet('{path}', hive_partitioning = false)")
        files[key] = [dict(zip(found.columns, row)) for row in found.fetchall()]
        os.remove(path)
    return files[key]


def text(value, type):
    """A value of bronze as PostgreSQL writes it."""
    if value is None: return None
    if isinstance(value, bool): return "true" if value else "false"
    return str(value)


def same(bronze, original, type):
    if bronze is None or original is None: return bronze is original
    if type in ("double precision", "real"): return bronze == original or float(bronze) == float(original)
    return bronze == original


def changes_of(table):
    """Bronze's rows of a table by their place in the order, and how many of them came again."""
    name = table.split(".")[1]
    changes, repeated = {}, 0
    for record in records():
        if record["table_name"] != name or not record.get("output_key"): continue
        for row in rows_of(record):
            order = row["_cdc_order"]
            if order in changes:
                repeated += 1
                a, b = ({k: v for k, v in r.items() if not k.startswith("_")} for r in (row, changes[order]))
                if a != b: sys.exit(f"{table}: two changes at {order}: {a} and {b}")
            changes[order] = row
    return changes, repeated


def fold(table, columns, key):
    changes, repeated = changes_of(table)
    state = {}
    def of(row, names): return tuple(text(row[n], columns[n]) for n in names)
    for order in sorted(changes):
        row = changes[order]
        operation = row["operation"]
        if operation == "truncate":
            state.clear()
            continue
        place = of(row, key)
        if operation == "delete":
            state.pop(place, None)
            continue
        previous = json.loads(row["_cdc_previous_key"]) if row.get("_cdc_previous_key") else None
        before = state.pop(tuple(text(previous[k], columns[k]) for k in key), None) if previous else state.get(place)
        values = {c: text(row[c], columns[c]) for c in columns}
        for column in json.loads(row.get("_cdc_unchanged") or "[]"):
            # Before a table's snapshot is taken, its changes may lack what none before them carries.
            values[column] = (before or {}).get(column, UNKNOWN)
        state[place] = values
    return state, len(changes), repeated


def differences(table):
    columns, key = shape(table)
    original = {}
    for row in source(table, columns):
        row = dict(zip(columns, row))
        original[tuple(row[k] for k in key)] = row
    state, changes, repeated = fold(table, columns, key)
    found = [f"{table}: {k} is in the source only" for k in original.keys() - state.keys()]
    found += [f"{table}: {k} is in bronze only" for k in state.keys() - original.keys()]
    for k in original.keys() & state.keys():
        for column, type in columns.items():
            if not same(state[k][column], original[k][column], type):
                found.append(f"{table}: {k}.{column} is {original[k][column]!r:.100} and in bronze {state[k][column]!r:.100}")
    return found, {"rows": len(original), "changes": changes, "repeated": repeated}


def compare_changes():
    """Ends with what differs between bronze and PostgreSQL's own decoding. -> the number of changes"""
    with open(decoded, encoding="utf-8", newline="") as file: expected = [c for c in recvlogical.changes(file.read()) if c.table in tables]
    shapes = {t: shape(t) for t in tables}
    rows = sorted((order, t, row) for t in tables for order, row in changes_of(t)[0].items() if not row["_cdc_load"])
    for (order, table, row), change in zip(rows, expected):
        columns, key = shapes[table]
        wrong = difference(change, table, row, columns, key)
        if wrong: sys.exit(f"{table} at {order}: {wrong}; pg_recvlogical has {str(change):.2000}")
    if len(rows) != len(expected): sys.exit(f"bronze has {len(rows)} changes, pg_recvlogical {len(expected)}")
    return len(rows)


def difference(change, table, row, columns, key):
    """What is not the same in a row of bronze and a change, if anything."""
    if (row["operation"], table) != (change.operation, change.table): return f"it is a {row['operation']}"
    if change.operation == "truncate": return None
    # A row without its old key has the one it had.
    names = key if change.operation == "delete" else columns
    values = {**change.old, **change.new}
    unchanged = set(json.loads(row.get("_cdc_unchanged") or "[]"))
    # With the whole row as identity, the old row has what the new one does not carry; bronze may leave it out.
    if not change.unchanged - change.old.keys() <= unchanged <= change.unchanged: return f"unchanged are {unchanged}"
    for name in names:
        if name not in unchanged and not same(text(row[name], columns[name]), values.get(name), columns[name]):
            return f"{name} is {row[name]!r:.500}"
    moved = {k: change.old[k] for k in key} if change.operation == "update" and change.old else None
    if moved == {k: values[k] for k in key}: moved = None
    previous = json.loads(row["_cdc_previous_key"]) if row.get("_cdc_previous_key") else None
    if (previous and {k: text(v, columns[k]) for k, v in previous.items()}) != moved: return f"the previous key is {previous}"
    return None


patience, rounds, known = float(os.environ.get("CAPTURE_SECONDS", "120")), 0, None
while True:
    answer, found = {}, []
    for table in tables:
        unequal, counts = differences(table)
        found += unequal
        answer[table] = counts
    if not found: break
    # Rounds, not the clock: a machine that stood still has waited for nothing.
    rounds, known = (0, len(files)) if len(files) != known else (rounds + 1, known)
    if rounds * 0.5 > patience: sys.exit(f"{len(found)} differences: " + "\n".join(found[:10]))
    # What a killed worker has left is taken up every five minutes.
    if rounds % 20 == 19: functions.invoke(FunctionName=control.replace("control", "replayer"), InvocationType="Event", Payload=b"{}")
    time.sleep(0.5)
if decoded: answer["pg_recvlogical"] = {"changes": compare_changes()}
print(json.dumps(answer))
