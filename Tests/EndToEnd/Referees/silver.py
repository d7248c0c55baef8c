#!/usr/bin/env python3
"""Says what silver must be, and reads what it is with pyiceberg and DuckDB. Prints one JSON document.

    silver.py ENDPOINT changes TABLE SEED ROWS FILE  writes random changes of the table's rows as a raw file; -> {"rows": …}
    silver.py ENDPOINT nested SEED ROWS FILE         the same of a table with structs and lists
    silver.py ENDPOINT merge                         starts the state machine, without gold, and waits; -> {"tables": [...]}
    silver.py ENDPOINT load STOP                     uploads changes and starts the state machine, over and over, until there is a
                                                     file STOP; makes STOP.begun first; -> {"accepted": [the keys whose upload was answered]}
    silver.py ENDPOINT finish                        merges until no file waits; -> {"errors": [records that failed]}
    silver.py ENDPOINT plan TABLE FILTER             -> {"files": those that pyiceberg reads for the filter, "all": …, "partitions": [...]}
    silver.py ENDPOINT foreign TABLE FILE            deletes and updates rows with DuckDB and notes in FILE what they are; -> {"deletes":
                                                     the files of position deletes}
    silver.py ENDPOINT convert-again TABLE           gives the table's bronze files other values, with the same orders
    silver.py ENDPOINT damage TABLE                  deletes rows of the table with DuckDB, and sets a wrong mark of a truncate
    silver.py ENDPOINT note TABLE FILE               notes in FILE what the table's rows are, for after-foreign
    silver.py ENDPOINT verify TABLE                  checks the table by verify_iceberg.py
    silver.py ENDPOINT rows TABLE                    -> {"rows": {key: what pyiceberg reads}}
    silver.py ENDPOINT after-foreign TABLE FILE RAW  checks that the table is what FILE says, with the rows of the raw file merged
    silver.py ENDPOINT check TABLE [KEY[,…] [NAME=PART(COLUMN) …]]  folds the bronze files by key and order, and compares every column of every
                                                     row with both readers; checks the files' bounds, counts and field ids,
                                                     and the whole table by verify_iceberg.py; -> {"rows": …, "deleted": …, "files": …, "snapshots": …}
    silver.py ENDPOINT appended TABLE                compares a table that keeps every record with the records of all bronze files, each once,
                                                     as both readers see it, and verifies it by verify_iceberg.py; -> {"rows": …}
    silver.py ENDPOINT versions TABLE KEY            compares a table that keeps versions with those that the bronze files' changes make, one
                                                     after the other, as both readers see it, and verifies it; -> {"rows": …, "current": …}
    silver.py ENDPOINT diff TABLE FROM TO            compares the rows of two snapshots, by their numbers; 0 is before the first
                                                     -> {"inserted": [keys], "updated": {key: [columns]}, "deleted": [keys]}
"""
import datetime, gzip, importlib.metadata, io, json, os, random, re, subprocess, sys, time, uuid, warnings

warnings.filterwarnings("ignore")
import boto3, duckdb, pyarrow as pa, pyarrow.parquet as pq
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import load_catalog
from pyiceberg.conversions import from_bytes

endpoint, command, *arguments = sys.argv[1:]
key_of = {"beer": ["beer_id"], "brewery": ["brewery_id"], "profile": ["profile_id"], "review": ["review_id"]}
os.environ.update(AWS_REGION="us-east-1")


def client(service, **settings):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, connect_timeout=600, read_timeout=600, **settings))


s3, dynamodb, states = client("s3"), client("dynamodb"), client("stepfunctions")
buckets = [b["Name"] for b in s3.list_buckets()["Buckets"]]
lake, stage = (next(name for name in buckets if part in name) for part in ("-lake", "-stage"))
control = next(t for t in dynamodb.list_tables()["TableNames"] if t.endswith("control"))
machine = next((m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"] if m["name"].endswith("-silver")), None)


def records():
    pages = dynamodb.get_paginator("scan").paginate(TableName=control, ConsistentRead=True)
    return [{k: v.get("S", v.get("N")) for k, v in i.items()} for page in pages for i in page["Items"]]


def bronze_files(table):
    """The table's bronze files, with the record of the conversion that wrote each."""
    wanted = [i for i in records() if i["schema_name"] == "dm_bronze" and i["table_name"] == table and i["status"] == "success"
              and "superseded_by" not in i and "identical_to" not in i]
    for item in wanted:
        body = s3.get_object(Bucket=lake, Key=item["output_key"])["Body"].read()
        yield item, pq.read_table(io.BytesIO(body))


def microseconds(text):
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if not time.tzinfo: time = time.replace(tzinfo=datetime.timezone.utc)
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def folded(table):
    """The current state of each key: its changes one after the other. A row without an order ranks before all that have one."""
    changes = []
    for record, rows in bronze_files(table):
        created = microseconds(record["created_at"])
        for number, row in enumerate(plain(rows.to_pylist(), all=True)):
            order = row["_cdc_order"]
            place = (1, order) if order else (0, created, record.get("sequencer", "").ljust(24, "0"), record["control_id"], number)
            at = int(order[:18]) if order and int(order[:18]) else created
            if not order and row["_cdc_timestamp"]: at = microseconds(row["_cdc_timestamp"])
            changes.append((place, at, row))
    key, state = key_of[table], {}
    for place, at, row in sorted(changes, key=lambda change: change[0]):
        if row["operation"] == "truncate":
            for current in state.values(): current["updated_at"] = current["deleted_at"] = at
            continue
        left_out = set(json.loads(row["_cdc_unchanged"] or "[]"))
        columns = [name for name in row if not name.startswith("_cdc_") and name not in ("operation", "_rescued_data")]
        former = json.loads(row["_cdc_previous_key"] or "null")
        # A change of a key also deletes the row of the former one.
        steps = [({name: row[name] for name in key}, row["operation"])]
        if former: steps.append(({name: former[name] for name in key}, "delete"))
        for names, operation in steps:
            current = state.setdefault(tuple(names.values()), {"created_at": at, "updated_at": at, "deleted_at": None})
            for column in columns:
                if column in names: current[column] = names[column]
                elif operation != "delete" and column not in left_out: current[column] = row[column]
                elif operation != "delete" and former:
                    current[column] = state.get(tuple(former[name] for name in key), {}).get(column)
                else: current.setdefault(column, None)
            # A file of another version of the contract lacks columns, which counts as nulls.
            if operation != "delete": current |= {column: None for column in current.keys() - row.keys() - {"created_at", "updated_at", "deleted_at"}}
            current["created_at"] = min(current["created_at"], at)
            current["updated_at"] = at
            current["deleted_at"] = at if operation == "delete" else None
    columns = {column for row in state.values() for column in row}
    for row in state.values():
        row |= {column: None for column in columns - row.keys()}
        for name, part, source in derived:
            value = None if row[source] is None else getattr(row[source], part)
            row[name] = value() if callable(value) else value
    return state


def plain(rows, all=False):
    """Rows with their times as microseconds, UUIDs as text, without the columns that silver keeps for itself."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    for row in rows:
        row = {name: str(uuid.UUID(bytes=value)) if isinstance(value, bytes) and len(value) == 16 else str(value) if isinstance(value, uuid.UUID)
               else value for name, value in row.items()}
        yield {name: ((value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)) - epoch) // datetime.timedelta(microseconds=1)
               if isinstance(value, datetime.datetime) and name.endswith("_at") else value
               for name, value in row.items() if all or not name.startswith("_cdc_")}


def catalog():
    return load_catalog("referee", type="rest", uri=f"{endpoint}/iceberg", warehouse="", **{
        "s3.endpoint": endpoint, "s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"})


def duck():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for name in ("avro", "httpfs", "iceberg"):
        files = importlib.metadata.files(f"duckdb_extension_{name}")
        connection.execute(f"LOAD '{next(str(f.locate()) for f in files if str(f).endswith('.duckdb_extension'))}'")
    host = endpoint.split("://")[1]
    connection.execute(f"CREATE SECRET s (TYPE s3, KEY_ID 'test', SECRET 'test', REGION 'us-east-1', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)")
    connection.execute(f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{endpoint}/iceberg', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def read_by_duckdb(table): return duck().execute(f"SELECT * FROM lake.dm_silver.{table}").to_arrow_table().to_pylist()


def check_files(table, iceberg):
    """What the manifests say of the files is so."""
    types = {field.field_id: field.field_type for field in iceberg.schema().fields}
    files = [task.file for task in iceberg.scan().plan_files()]
    for file in files:
        body = s3.get_object(Bucket=lake, Key=file.file_path.split("/", 3)[3])["Body"].read()
        assert len(body) == file.file_size_in_bytes, file.file_path
        rows = pq.read_table(io.BytesIO(body))
        assert rows.num_rows == file.record_count, file.file_path
        for field in pq.ParquetFile(io.BytesIO(body)).schema_arrow:
            number = int(field.metadata[b"PARQUET:field_id"])
            assert iceberg.schema().find_field(number).name == field.name, (file.file_path, field)
            if pa.types.is_nested(rows[field.name].type): continue
            values = [value for value in rows[field.name].to_pylist() if value is not None]
            assert file.null_value_counts[number] == rows.num_rows - len(values), (file.file_path, field.name, "nulls")
            if not values or number not in file.lower_bounds: continue
            lower, upper = (from_bytes(types[number], bounds[number]) for bounds in (file.lower_bounds, file.upper_bounds))
            if str(types[number]).startswith("timestamp"): values = [microseconds(str(v)) for v in values]
            if str(types[number]) == "date": values = [(v - datetime.date(1970, 1, 1)).days for v in values]
            if str(types[number]) == "time": values = [((v.hour * 60 + v.minute) * 60 + v.second) * 10**6 + v.microsecond for v in values]
            if str(types[number]) == "uuid": values = [uuid.UUID(str(v)).bytes for v in values]
            assert lower <= min(values) and max(values) <= upper, (file.file_path, field.name, lower, min(values), max(values), upper)
    return len(files)


def verify(table):
    run = subprocess.run(
        [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify_iceberg.py"), "--catalog", f"{endpoint}/iceberg",
         "--table", f"dm_silver.{table}", "--key", ",".join(key_of[table]), "--s3-endpoint", endpoint], capture_output=True, text=True)
    assert run.returncode == 0, "\n".join(line for line in run.stdout.splitlines() if not line.startswith("ok")) + run.stderr


derived = []


def check(table, key=None, *functions):
    if key: key_of[table] = key.split(",")
    for function in functions:
        name, part, source = re.fullmatch(r"(\w+)=(\w+)\((\w+)\)", function).groups()
        derived.append((name, part, source))
    expected, iceberg = folded(table), catalog().load_table(f"dm_silver.{table}")
    for reader, rows in (("DuckDB", read_by_duckdb(table)), ("pyiceberg", iceberg.scan().to_arrow().to_pylist())):
        found = {}
        for row in plain(rows):
            key = tuple(row[name] for name in key_of[table])
            assert key not in found, f"{reader}: the key {key} is there twice"
            found[key] = row
        # pyiceberg 0.12 reads a null as an empty list where a list's elements are structs.
        blurred = [field.name for field in iceberg.schema().fields if reader == "pyiceberg" and str(field.field_type).startswith("list<struct")]
        for row in [*expected.values(), *found.values()] if blurred else []:
            for name in blurred: row[name] = row[name] or []
        for key in expected.keys() | found.keys():
            assert expected.get(key) == found.get(key), f"{reader}: {key}: {found.get(key)}, not {expected.get(key)}"
    assert int(iceberg.current_snapshot().summary["total-records"]) == len(expected)
    verify(table)
    return {"rows": len(expected), "deleted": sum(row["deleted_at"] is not None for row in expected.values()),
            "files": check_files(table, iceberg), "snapshots": len(iceberg.snapshots())}


def appended(table):
    key_of[table] = ["_record_id"]
    expected = {}
    for record, rows in bronze_files(table):
        for number, row in enumerate(plain(rows.to_pylist(), all=True)):
            own = {name: value for name, value in row.items() if not name.startswith("_") or name == "_record_id"}
            expected[row["_cdc_order"] or (record["control_id"], number)] = json.dumps(own, sort_keys=True, default=str)
    iceberg = catalog().load_table(f"dm_silver.{table}")
    for reader, rows in (("DuckDB", read_by_duckdb(table)), ("pyiceberg", iceberg.scan().to_arrow().to_pylist())):
        found = []
        for row in plain(rows):
            assert row["deleted_at"] is None, (reader, row)
            own = {name: value for name, value in row.items() if not name.startswith("_") and name not in ("created_at", "updated_at", "deleted_at")}
            found.append(json.dumps(own, sort_keys=True, default=str))
        assert sorted(found) == sorted(expected.values()), (reader, len(found), len(expected), sorted(found)[:2], sorted(expected.values())[:2])
    verify(table)
    return {"rows": len(expected), "files": check_files(table, iceberg)}


def versions(table, key):
    key_of[table] = [key, "_cdc_order"]
    changes = {}
    for record, rows in bronze_files(table):
        for row in plain(rows.to_pylist(), all=True): changes[row[key], row["_cdc_order"]] = row
    expected, former = [], None
    for (value, order), row in sorted(changes.items()):
        at = int(order[:18])
        if former and former["key"] == value: former["row"]["valid_to"], former["row"]["is_current"] = at, False
        before = former["row"] if former and former["key"] == value else {}
        left_out = set(json.loads(row["_cdc_unchanged"] or "[]"))
        gone = row["operation"] == "delete"
        own = {name: before.get(name) if (gone and name != key) or name in left_out else content
               for name, content in row.items() if not name.startswith("_") and name != "operation"}
        version = own | {"valid_from": at, "valid_to": None, "deleted_at": at if gone else None, "is_current": not gone}
        expected.append(version)
        former = {"key": value, "row": version}
    iceberg = catalog().load_table(f"dm_silver.{table}")
    for reader, rows in (("DuckDB", read_by_duckdb(table)), ("pyiceberg", iceberg.scan().to_arrow().to_pylist())):
        found = []
        for row in plain(rows):
            for name in ("valid_from", "valid_to"): row[name] = row[name] and microseconds(str(row[name]))
            found.append(row)
        place = lambda row: (row[key], row["valid_from"])
        assert sorted(found, key=place) == sorted(expected, key=place), (reader, sorted(found, key=place)[:3], sorted(expected, key=place)[:3])
    verify(table)
    return {"rows": len(expected), "current": sum(row["is_current"] for row in expected), "files": check_files(table, iceberg)}


def diff(table, old, new):
    iceberg, key = catalog().load_table(f"dm_silver.{table}"), key_of[table][0]

    def live(number):
        if number == "0": return {}
        snapshot = next(s for s in iceberg.snapshots() if s.sequence_number == int(number))
        rows = iceberg.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()
        return {row[key]: {n: v for n, v in row.items() if not n.startswith("_cdc_") and not n.endswith("_at")}
                for row in rows if row["deleted_at"] is None}

    before, after = live(old), live(new)
    changed = {k: sorted(n for n in after[k] if before[k][n] != after[k][n]) for k in before.keys() & after.keys()}
    return {"inserted": sorted(after.keys() - before.keys()), "deleted": sorted(before.keys() - after.keys()),
            "updated": {str(k): names for k, names in changed.items() if names}}


def plan(table, filter):
    iceberg = catalog().load_table(f"dm_silver.{table}")
    files = [task.file for task in iceberg.scan().plan_files()]
    return {"files": len(list(iceberg.scan(row_filter=filter).plan_files())), "all": len(files),
            "partitions": sorted({str(file.partition) for file in files})}


def of_contract(table):
    rows = catalog().load_table(f"dm_silver.{table}").scan().to_arrow().to_pylist()
    key, system = key_of[table][0], {"created_at", "updated_at", "deleted_at", "_cdc_order", "_cdc_column_orders"}
    assert len({row[key] for row in rows}) == len(rows), "a key is there twice"
    return {str(row[key]): {name: value for name, value in row.items() if name not in system} for row in rows}


def foreign(table, path):
    # DuckDB deletes by position only where the table says so, as Athena always does.
    catalog().load_table(f"dm_silver.{table}").transaction().set_properties(
        {"write.delete.mode": "merge-on-read", "write.update.mode": "merge-on-read"}).commit_transaction()
    connection, key = duck(), key_of[table][0]
    connection.execute(f"DELETE FROM lake.dm_silver.{table} WHERE {key} % 7 = 0")
    connection.execute(f"UPDATE lake.dm_silver.{table} SET {table}_name = 'by DuckDB' WHERE {key} % 11 = 0")
    note(table, path)
    iceberg = catalog().load_table(f"dm_silver.{table}")
    deletes = {delete.file_path for task in iceberg.scan().plan_files() for delete in task.delete_files}
    return {"deletes": len(deletes)}


def convert_again(table):
    """Other values in the bronze files, with the same orders."""
    for item, rows in list(bronze_files(table)):
        place = rows.schema.get_field_index(f"{table}_name")
        names = pa.array([None if name is None else f"{name}, again" for name in rows.column(place).to_pylist()], rows.schema.field(place).type)
        body, head = io.BytesIO(), s3.head_object(Bucket=lake, Key=item["output_key"])
        pq.write_table(rows.set_column(place, rows.schema.field(place), names), body)
        s3.put_object(Bucket=lake, Key=item["output_key"], Body=body.getvalue(), Metadata=head["Metadata"])
    return {}


def damage(table):
    """Rows that another engine deletes, and a mark of a truncate that nobody made."""
    catalog().load_table(f"dm_silver.{table}").transaction().set_properties(
        {"cupel.truncate-order": "9", "cupel.truncate-time": "1", "write.delete.mode": "merge-on-read"}).commit_transaction()
    duck().execute(f"DELETE FROM lake.dm_silver.{table} WHERE {key_of[table][0]} % 3 = 0")
    return {}


def note(table, path):
    with open(path, "w") as file: json.dump(of_contract(table), file)
    return {}


def rows(table):
    found = plain(catalog().load_table(f"dm_silver.{table}").scan().to_arrow().to_pylist())
    return {"rows": {str(row[key_of[table][0]]): row for row in found}}


def after_foreign(table, path, raw):
    with open(path) as file: expected = json.load(file)
    with gzip.open(raw, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            row.pop("operation", None)
            expected[str(row[key_of[table][0]])] = row
    found = of_contract(table)
    for key in expected.keys() | found.keys(): assert expected.get(key) == found.get(key), (key, found.get(key), expected.get(key))
    verify(table)
    return {"rows": len(found)}


def merge():
    execution = states.start_execution(stateMachineArn=machine, input='{"gold": false}')["executionArn"]
    while (state := states.describe_execution(executionArn=execution))["status"] == "RUNNING": time.sleep(0.05)
    assert state["status"] == "SUCCEEDED", state
    return {"tables": json.loads(state["output"])}


def finish():
    deadline = time.time() + 600
    while [r for r in records() if r["schema_name"] == "dm_silver" and r["status"] in ("pending", "running")]:
        assert time.time() < deadline, "silver does not end"
        merge()
    return {"errors": [r for r in records() if r["schema_name"] == "dm_silver" and r["status"] == "error"]}


def lines_of_changes(chance, count):
    """Inserts, updates that leave columns out or change the key, and deletes that carry the key alone, as firehose-transform flattens
    them; rarely a truncate."""
    for number in range(count):
        operation = "truncate" if chance.random() < 0.0005 else chance.choice(["insert", "update", "update", "delete"])
        row = {"beer_id": chance.randrange(1, 400)} if operation != "truncate" else {}
        if operation in ("insert", "update"):
            row |= {"brewery_id": chance.randrange(100), "beer_name": f"änderung {number}", "beer_style": None, "beer_abv": number % 800 / 8}
        left_out = [name for name in ("beer_name", "beer_abv") if operation == "update" and chance.random() < 0.3]
        kept = {name: row.pop(name) for name in left_out}
        at = 1_750_000_000_000_000 + chance.randrange(10**12)
        row |= {"operation": operation, "_cdc_order": f"{at:018}-{chance.getrandbits(64):016X}-0000000000",
                "_cdc_timestamp": datetime.datetime.fromtimestamp(at // 10**6, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
        if left_out: row["_cdc_unchanged"] = left_out
        if operation == "update" and chance.random() < 0.1:
            # Keys are taken again here, so what such a change leaves out may be gone when it comes.
            row |= kept | {"_cdc_previous_key": {"beer_id": row["beer_id"] % 400 + 1}}
            row.pop("_cdc_unchanged", None)
        yield json.dumps(row, ensure_ascii=False)


def nested(seed, count, path):
    """Changes of rows with structs and lists: missing, empty, with nulls in them, left out."""
    chance = random.Random(int(seed))
    def maybe(value): return None if chance.random() < 0.25 else value()
    def line(): return {"sku": f"s{chance.randrange(9)}", "price": maybe(lambda: chance.randrange(999) / 100),
                        "tags": maybe(lambda: [maybe(lambda: f"t{chance.randrange(9)}") for _ in range(chance.randrange(3))])}
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number in range(int(count)):
            operation = chance.choice(["insert", "update", "update", "delete"])
            row = {"id": chance.randrange(60)}
            if operation != "delete":
                row |= {"note": f"n{number}", "address": maybe(lambda: {"city": f"c{number}", "at": maybe(lambda: "2026-01-02T03:04:05.678Z"),
                                                                         "place": maybe(lambda: {"x": chance.random(), "y": maybe(chance.random)})}),
                        "lines": maybe(lambda: [maybe(line) for _ in range(chance.randrange(4))]),
                        "grid": maybe(lambda: [maybe(lambda: [chance.randrange(9) for _ in range(chance.randrange(3))]) for _ in range(2)])}
            left_out = [name for name in ("lines", "address", "note") if operation == "update" and chance.random() < 0.3]
            for name in left_out: row.pop(name)
            at = 1_750_000_000_000_000 + chance.randrange(10**12)
            row |= {"operation": operation, "_cdc_order": f"{at:018}-{chance.getrandbits(64):016X}-0000000000"}
            if left_out: row["_cdc_unchanged"] = left_out
            file.write(json.dumps(row) + "\n")
    return {"rows": int(count)}


def changes(table, seed, count, path):
    assert table == "beer"
    lines = list(lines_of_changes(random.Random(int(seed)), int(count)))
    with gzip.open(path, "wt", encoding="utf-8") as file: file.write("\n".join(lines) + "\n")
    return {"rows": len(lines)}


def load(stop):
    chance, accepted, number = random.Random(5), [], 0
    s3, states = client("s3", retries={"total_max_attempts": 1}), client("stepfunctions", retries={"total_max_attempts": 1})
    open(f"{stop}.begun", "w").close()
    while not os.path.exists(stop):
        key = f"raw/beer/load-{number}.json.gz"
        body = gzip.compress(("\n".join(lines_of_changes(chance, 40)) + "\n").encode())
        number += 1
        try:
            s3.put_object(Bucket=stage, Key=key, Body=body)
            accepted.append(key)
            states.start_execution(stateMachineArn=machine, input='{"gold": false}')
        except (BotoCoreError, ClientError): pass
        time.sleep(0.05)
    return {"accepted": accepted}


print(json.dumps({"verify": lambda table: verify(table) or {}, "appended": appended, "versions": versions, "changes": changes, "diff": diff, "merge": merge, "check": check, "load": load, "finish": finish,
                  "plan": plan, "nested": nested, "convert-again": convert_again, "damage": damage, "foreign": foreign, "note": note, "rows": rows, "after-foreign": after_foreign}[command](*arguments), default=str), flush=True)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
