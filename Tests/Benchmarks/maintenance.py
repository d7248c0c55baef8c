#!/usr/bin/env python3
"""Measures what lake-maintenance keeps a table at, and what it costs.

    maintenance.py BINARIES DATA commits [--commits 10000] [--minutes M] [--every 100] [--snapshots 100] [--rows 200000] [--spread]
    maintenance.py BINARIES DATA snapshots [--rows 200000]
    maintenance.py BINARIES DATA compaction [--files 1000] [--mixed]

`commits` makes a table of so many rows, and changes it by commits of 100 changes, each a file that goes through the whole pipeline: nine of ten are inserts above the
largest key, the others updates of the last thousand keys (with `--spread`: of any). After every so many commits lake-maintenance runs, with its
settings, but for the age of snapshots: the commits of days come in an hour here, so the last 100 stay, as SnapshotLimit has it an hour later. Then
DuckDB reads the whole table through the catalog, and looks keys up, in a process of its own each; then the same of the table made anew (`cupel
reload`), with one snapshot. Bytes written are those of the data files that the snapshots added; the amplification is these over the bytes that
as many rows as there were changes take in the new table, and over those of the raw files. What the catalog and the commits wrote of metadata is
listed after every hundred commits, of which the table keeps the documents. After so many minutes it goes on to the reading with the commits that there are.

`snapshots` reads and looks up keys in one table while it gets more and more snapshots.

`compaction` makes a table of so many files of 1 MB, each with its own range of keys or, with `--mixed`, with keys from everywhere, and gives
lake-maintenance one event as Lambda does: counted is the whole process. DuckDB writes the same files again, sorted by the key, with the same codec:
all at once, and as many at a time as lake-maintenance joins to one file.
"""
import argparse, gzip, http.server, importlib.metadata, json, os, pathlib, random, resource, shutil, statistics, subprocess, sys, tempfile, threading, time, warnings

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).resolve().parents[2]
iceberg_python = root / ".venv-iceberg/bin/python3"
if pathlib.Path(sys.executable) != iceberg_python: os.execv(iceberg_python, [str(iceberg_python), *sys.argv])
import duckdb, pyarrow as pa, pyarrow.parquet as pq
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType, TimestamptzType
from emulator import Emulator, control, lake, stage

parser = argparse.ArgumentParser()
parser.add_argument("binaries", type=pathlib.Path)
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("part", choices=["commits", "compaction", "snapshots"])
parser.add_argument("--commits", type=int, default=10_000)
parser.add_argument("--minutes", type=float, default=float("inf"))
parser.add_argument("--every", type=int, default=100, choices=range(1, 101), metavar="1…100")
parser.add_argument("--snapshots", type=int, default=25)
parser.add_argument("--rows", type=int, default=200_000)
parser.add_argument("--spread", action="store_true")
parser.add_argument("--files", type=int, default=1000)
parser.add_argument("--mixed", action="store_true")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)  # what a process of its own does
options = parser.parse_args()
credentials = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
os.environ.update(credentials)
CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: event
version: 1.0.0
status: active
schema:
  - name: event
    properties:
      - {name: event_id, logicalType: integer, physicalType: bigint, classification: public, primaryKey: true, primaryKeyPosition: 1}
      - {name: person, logicalType: integer, physicalType: bigint, classification: public}
      - {name: score, logicalType: integer, physicalType: bigint, classification: public}
      - {name: place, logicalType: string, physicalType: string, classification: public}
      - {name: note, logicalType: string, physicalType: string, classification: public}
"""
PLACES = [f"place {number:03}" for number in range(200)]
chance = random.Random(1)


class Pipeline(Emulator):
    def __init__(self, state):
        state.mkdir(parents=True, exist_ok=True)
        self.contracts = state.parent / "contracts"
        shutil.copytree(root / "infra/contracts", self.contracts, dirs_exist_ok=True)
        (self.contracts / "event.odcs.yaml").write_text(CONTRACT)
        super().__init__(options.binaries, state, "--template", root / "infra/pipeline.yaml", "--contracts", self.contracts,
                         parameters=["SilverSchedule=rate(7 days)", "MaintenanceSchedule=rate(7 days)"])
        self.s3, self.dynamodb, self.functions = (self.client(name) for name in ("s3", "dynamodb", "lambda"))

    def invoke(self, function, event):
        answer = self.functions.invoke(FunctionName=f"cupel-dev-{function}", Payload=json.dumps(event))
        result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer: raise SystemExit(f"{function}: {result}")
        return result

    def put(self, files):
        """Uploads raw files, and waits until their bronze files wait for silver -> bytes of the raw files."""
        bodies = {name: gzip.compress("\n".join(lines).encode()) for name, lines in files.items()}
        def upload(name): self.s3.put_object(Bucket=stage, Key=f"raw/event/{name}.json.gz", Body=bodies[name])
        for name in files: upload(name)  # in their order, which is that of the commits
        while self.waiting() < len(files): time.sleep(0.25)
        return sum(map(len, bodies.values()))

    def waiting(self):
        parts = [{":part": {"S": f"dm_silver#{digit}"}} for digit in "0123456789abcdef"]
        return sum(self.dynamodb.query(TableName=control, IndexName="dm-gsi-open-work", KeyConditionExpression="open_work = :part",
                                       ExpressionAttributeValues=part, Select="COUNT")["Count"] for part in parts)

    def merge(self):
        """Takes each file that waits to silver by a commit of its own -> CPU seconds."""
        environment = {**credentials, "AWS_ENDPOINT_URL": self.endpoint, "CONTROL_TABLE": control, "LAKE_BUCKET": lake, "CONTRACTS_BUCKET": lake,
                       "CONTRACTS_DIR": str(self.contracts), "BATCH_FILES": "1"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run([options.binaries / "silver-merge", "--table", "event"], env=environment, capture_output=True, text=True)
        if run.returncode: raise SystemExit(run.stdout + run.stderr)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def duck(endpoint=None):
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
    if endpoint:
        for name in ("avro", "httpfs", "iceberg"):
            files = importlib.metadata.files(f"duckdb_extension_{name}")
            connection.execute(f"LOAD '{next(str(f.locate()) for f in files if str(f).endswith('.duckdb_extension'))}'")
        host = endpoint.split("://")[1]
        connection.execute(f"CREATE SECRET s (TYPE s3, KEY_ID 'test', SECRET 'test', REGION 'us-east-1', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)")
        connection.execute(f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{endpoint}/iceberg', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')")
    return connection


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peer(kind, source, argument):
    """Prints the CPU and wall seconds of one thing that DuckDB does, without its start."""
    connection = duck(None if kind == "copy" else source)
    table = "lake.dm_silver.event"
    if kind != "copy": connection.execute(f"SELECT count(*) FROM {table} WHERE event_id = -1").fetchone()
    cpu, begin = used(), time.perf_counter()
    if kind == "read":
        connection.execute(f"SELECT count(*), sum(event_id), sum(person), sum(score), sum(strlen(place)), sum(strlen(note)), max(updated_at) FROM {table}").fetchone()
    elif kind == "keys":
        for key in argument.split(","):
            assert connection.execute(f"SELECT count(*) FROM {table} WHERE event_id = {key}").fetchone()[0] == 1, key
    else:
        files = sorted(map(str, pathlib.Path(source).glob("*.parquet")))
        count = int(argument.split(",")[1]) or len(files)
        for place in range(0, len(files), count):
            connection.execute(f"""COPY (SELECT * FROM read_parquet({files[place:place + count]}) ORDER BY event_id)
                TO '{argument.split(",")[0]}-{place}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, FILE_SIZE_BYTES '64MB')""")
    print(used() - cpu, time.perf_counter() - begin)


def run_peer(*arguments):
    words = [iceberg_python, __file__, options.binaries, options.data, options.part, "--peer", *map(str, arguments)]
    return tuple(map(float, subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()))


def line(key, operation=None, order=None):
    row = {"event_id": key, "person": chance.randrange(50_000), "score": chance.randrange(1_000_000), "place": chance.choice(PLACES),
           "note": f"{chance.getrandbits(64):016x}"}
    if operation: row |= {"operation": operation, "_cdc_order": f"{order:018}-{order:016X}-0000000000"}
    return json.dumps(row)


def readings(emulator, keys):
    """Medians of CPU and wall seconds: the whole table; so many keys."""
    found = {}
    for kind in ("read", "keys"):
        runs = [run_peer(kind, emulator.endpoint, ",".join(map(str, keys))) for _ in range(options.rounds)]
        found[kind] = tuple(statistics.median(run[place] for run in runs) for place in range(2))
    return found


def commits():
    folder = pathlib.Path(tempfile.mkdtemp(dir=options.data))
    emulator = Pipeline(folder / "state")
    emulator.put({"base": [line(key) for key in range(options.rows)]})
    emulator.merge()
    table = emulator.catalog().load_table("dm_silver.event")
    keep(table, options.snapshots)
    base = {snapshot.snapshot_id for snapshot in table.refresh().snapshots()}
    last, added, kinds, sizes = options.rows, {}, {"merge": 0, "maintenance": 0}, {}

    def note():
        for snapshot in table.refresh().snapshots():
            if snapshot.snapshot_id in base or snapshot.snapshot_id in added: continue
            added[snapshot.snapshot_id] = int(snapshot.summary["added-files-size"] or 0)
            kinds["maintenance" if snapshot.summary["cupel.maintenance"] else "merge"] += added[snapshot.snapshot_id]
        for page in emulator.s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix="silver/event/metadata/"):
            sizes.update({entry["Key"]: entry["Size"] for entry in page["Contents"]})

    def changes():
        nonlocal last, moment
        for place in range(100):
            moment += 1
            if place % 10:
                yield line(last, "insert", moment)
                last += 1
            else: yield line(chance.randrange(0 if options.spread else last - 1000, last), "update", moment)

    begin, moment, count, cpu, raw = time.time(), 1_760_000_000_000_000, 0, 0, 0
    while count < options.commits and time.time() < begin + options.minutes * 60:
        raw += emulator.put({f"commit-{count + n}": list(changes()) for n in range(options.every)})
        cpu += emulator.merge()
        note()
        count += options.every
        if count >= options.commits: print("before the last maintenance", readings(emulator, keys_of(last)), flush=True)
        report = emulator.invoke("lake-maintenance", {"table": "dm_silver.event"})
        note()
        if count % (options.every * 10) == 0: print(count, f"{time.time() - begin:.0f} s, silver-merge {1000 * cpu / count:.1f} ms of CPU a commit, written {kinds}", report, flush=True)
    if len(added) < count: raise SystemExit(f"{len(added)} snapshots of {count} commits")
    metadata = table.refresh().metadata
    files = [task.file for task in table.scan().plan_files()]
    keys = keys_of(last)
    aged = readings(emulator, keys)
    command = [options.binaries / "cupel", "reload", "--table", "event", "--endpoint", emulator.endpoint]
    subprocess.run(command, check=True, capture_output=True)
    keep(table.refresh(), 1)
    emulator.invoke("lake-maintenance", {"table": "dm_silver.event"})
    fresh_files = [task.file for task in table.refresh().scan().plan_files()]
    fresh = readings(emulator, keys)
    size = sum(file.file_size_in_bytes for file in fresh_files)
    rows = sum(file.record_count for file in fresh_files)
    written, changed = sum(added.values()), size / rows * count * 100
    print(f"after {count} commits: {rows} rows, {len(files)} files, {len(metadata.snapshots)} snapshots; made anew: {len(fresh_files)} files, "
          f"{len(table.metadata.snapshots)} snapshots, {size} bytes")
    for kind, name in (("read", "the whole table"), ("keys", f"{len(keys)} keys")):
        (cpu, wall), (fresh_cpu, fresh_wall) = aged[kind], fresh[kind]
        print(f"{name:16}{cpu:8.3f} CPU s {wall:8.3f} s; anew {fresh_cpu:8.3f} CPU s {fresh_wall:8.3f} s: {cpu / fresh_cpu:.2f} x, {wall / fresh_wall:.2f} x")
    print(f"written {written} bytes ({kinds}) for {changed:.0f} bytes of rows: {written / changed:.1f} x; for raw files of {raw} bytes: {written / raw:.1f} x")
    documents = sum(size for key, size in sizes.items() if key.endswith(".json"))
    print(f"manifests and their lists {sum(sizes.values()) - documents} bytes, the catalog's documents {documents} bytes in {len(sizes)} objects")
    emulator.stop()
    shutil.rmtree(folder)


def keys_of(count): return [chance.randrange(count) for _ in range(50)]


def keep(table, count):
    """Of old snapshots lake-maintenance leaves so many."""
    table.transaction().set_properties({
        "history.expire.max-snapshot-age-ms": "0", "history.expire.min-snapshots-to-keep": str(count)}).commit_transaction()


def snapshots():
    folder = pathlib.Path(tempfile.mkdtemp(dir=options.data))
    emulator = Pipeline(folder / "state")
    emulator.put({"base": [line(key) for key in range(options.rows)]})
    emulator.merge()
    keys = keys_of(options.rows)
    catalog = emulator.catalog()
    place = catalog.url("namespaces/dm_silver/tables/event")
    document = catalog._session.get(place).json()["metadata"]
    for count in (1, 100, 200, 500, 1000):
        while len(document["snapshots"]) < count:
            # The same files again.
            last = next(s for s in document["snapshots"] if s["snapshot-id"] == document["current-snapshot-id"])
            new = last | {"snapshot-id": chance.getrandbits(62), "parent-snapshot-id": last["snapshot-id"], "timestamp-ms": last["timestamp-ms"] + 1,
                          "sequence-number": last["sequence-number"] + 1}
            answer = catalog._session.post(place, json={"requirements": [], "updates": [
                {"action": "add-snapshot", "snapshot": new},
                {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": new["snapshot-id"]}]})
            answer.raise_for_status()
            document = answer.json()["metadata"]
        found = readings(emulator, keys)
        print(f"{count:5} snapshots, {len(catalog._session.get(place).content):8} bytes: "
              + "; ".join(f"{kind} {cpu:.3f} CPU s {wall:.3f} s" for kind, (cpu, wall) in found.items()), flush=True)
    emulator.stop()
    shutil.rmtree(folder)


class Invocations(http.server.BaseHTTPRequestHandler):
    """Lambda's Runtime API for one event."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.given:  # nothing more to do
            self.server.ended.wait()
            self.close_connection = True
            return
        self.server.given = True
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 900_000))
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self):
        self.server.answer = self.path.rsplit("/", 1)[1], json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.answered.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_): pass


def maintain(emulator):
    """One run of lake-maintenance -> CPU seconds, wall seconds, peak MiB, its answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Invocations)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a process that ends breaks its connections
    server.event, server.given, server.answer = json.dumps({"table": "dm_silver.event"}).encode(), False, None
    server.answered, server.ended = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**credentials, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % server.server_port, "AWS_ENDPOINT_URL": emulator.endpoint,
                   "CONTROL_TABLE": control, "CONTRACTS_BUCKET": lake, "CONTRACTS_DIR": str(emulator.contracts)}
    errors = tempfile.TemporaryFile("w+")
    begin = time.perf_counter()
    process = subprocess.Popen([options.binaries / "lake-maintenance"], env=environment, stdout=errors, stderr=errors)
    while not server.answered.wait(0.1):
        if process.poll() is not None:
            errors.seek(0)
            raise SystemExit(errors.read())
    wall, (kind, answer) = time.perf_counter() - begin, server.answer
    memory = next(int(l.split()[1]) for l in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines() if l.startswith("VmHWM")) / 1024
    process.terminate()
    usage = os.wait4(process.pid, 0)[2]
    server.ended.set()
    server.shutdown()
    if kind != "response": raise SystemExit(str(answer))
    return usage.ru_utime + usage.ru_stime, wall, memory, answer


def compaction():
    folder = pathlib.Path(tempfile.mkdtemp(dir=options.data))
    names = ["event_id", "person", "score", "place", "note", "created_at", "updated_at", "deleted_at", "_cdc_order", "_cdc_column_orders"]
    kinds = [LongType()] * 3 + [StringType()] * 2 + [TimestamptzType()] * 3 + [StringType()] * 2
    schema = Schema(*[NestedField(n + 1, name, kind, required=n == 0) for n, (name, kind) in enumerate(zip(names, kinds))], identifier_field_ids=[1])
    # Some 42,000 rows are 1 MB: of a row, the note's 16 digits hardly shrink.
    count = 42_000
    local = folder / "files"
    local.mkdir()
    step = f"{count} * {{n}} + i" if not options.mixed else f"i * {options.files} + {{n}}"
    arrow = schema.as_arrow()
    connection = duck()
    emulator = Pipeline(folder / "state")
    catalog = emulator.catalog()
    catalog.create_namespace_if_not_exists("dm_silver")
    table = catalog.create_table("dm_silver.event", schema, location=f"s3://{lake}/silver/event", properties={"format-version": "2"})
    paths = []
    for number in range(options.files):
        rows = connection.execute(f"""SELECT ({step.format(n=number)})::BIGINT, (hash(i + {number}) % 50000)::BIGINT, (hash(i * 3 + {number}) % 1000000)::BIGINT,
            printf('place %03d', (hash(i * 5 + {number}) % 200)::INTEGER), printf('%016x', hash(i * 7 + {number * count})), to_timestamp(1760000000 + {number}),
            to_timestamp(1760000000 + {number}), NULL::TIMESTAMPTZ, printf('%018d-%016X-%010d', 1760000000000000 + {number}, {number}, i), NULL::VARCHAR
            FROM range({count}) t(i)""").to_arrow_table().rename_columns(names)
        rows = rows.cast(pa.schema([pa.field(f.name, f.type if pa.types.is_timestamp(f.type) else rows.schema.field(f.name).type, f.nullable) for f in arrow]))
        fields = [pa.field(f.name, f.type, f.nullable, {b"PARQUET:field_id": str(n + 1).encode()}) for n, f in enumerate(rows.schema)]
        rows = pa.table(rows.columns, schema=pa.schema(fields))
        pq.write_table(rows, local / f"{number:04}.parquet", compression="zstd", compression_level=1)
        key = f"silver/event/data/made-{number:04}.parquet"
        emulator.s3.upload_file(str(local / f"{number:04}.parquet"), lake, key)
        paths.append(f"s3://{lake}/{key}")
    sizes = [path.stat().st_size for path in local.glob("*.parquet")]
    add(table, paths)
    cpu, wall, memory, answer = maintain(emulator)
    print(f"{options.files} files of {statistics.mean(sizes) / 1e6:.2f} MB, {'mixed' if options.mixed else 'apart'}")
    print(f"lake-maintenance {cpu:8.2f} CPU s {wall:8.2f} s {memory:8.0f} MiB  {answer}")
    # Files of sorted keys, and each once.
    result = duck(emulator.endpoint).execute("SELECT count(*), count(DISTINCT event_id), sum(event_id) FROM lake.dm_silver.event").fetchone()
    wanted = duck().execute(f"SELECT count(*), count(DISTINCT event_id), sum(event_id) FROM read_parquet('{local}/*.parquet')").fetchone()
    if result != wanted: raise SystemExit(f"{result}, not {wanted}")
    for count, name in ((0, "all at once"), (round(answer["joined_files"] / answer["written_files"]), "file by file")):
        runs = []
        for number in range(3):
            runs.append(run_peer("copy", local, f"{folder}/out,{count}"))
            for path in folder.glob("out-*"): shutil.rmtree(path) if path.is_dir() else path.unlink()
        peer_cpu, peer_wall = (statistics.median(run[place] for run in runs) for place in range(2))
        print(f"DuckDB COPY, {name} {peer_cpu:8.2f} CPU s {peer_wall:8.2f} s: {cpu / peer_cpu:.2f} x", flush=True)
    emulator.stop()
    shutil.rmtree(folder)


def add(table, paths):
    """Files with field ids, as Cupel writes them: pyiceberg adds only files without."""
    from pyiceberg.io.pyarrow import data_file_statistics_from_parquet_metadata, compute_statistics_plan, parquet_path_to_id_mapping
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.typedef import Record
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        for path in paths:
            file = table.io.new_input(path)
            with file.open() as stream: footer = pq.read_metadata(stream)
            statistics_of_file = data_file_statistics_from_parquet_metadata(
                footer, compute_statistics_plan(table.schema(), table.properties), parquet_path_to_id_mapping(table.schema()))
            append.append_data_file(DataFile.from_args(
                content=DataFileContent.DATA, file_path=path, file_format=FileFormat.PARQUET, partition=Record(), file_size_in_bytes=len(file),
                sort_order_id=None, spec_id=table.metadata.default_spec_id, equality_ids=None, key_metadata=None,
                **statistics_of_file.to_serialized_dict()))


if options.peer: peer(*options.peer)
else:
    options.data.mkdir(parents=True, exist_ok=True)
    {"commits": commits, "compaction": compaction, "snapshots": snapshots}[options.part]()
