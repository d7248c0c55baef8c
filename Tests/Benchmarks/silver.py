#!/usr/bin/env python3
"""Measures silver-merge on a table of ten million rows in three files, and DuckDB beside it.

    silver.py BINARIES DATA [--cases million neighbours hundred] [--rounds 3] [--peers] [--rows 10000000]

DATA keeps what is made once: the input (upserts.py) and the emulator's state of each case, its changes converted by the real
bronze-writer. Each round starts `cupel up` on a copy of that state and gives silver-merge one event as Lambda does; counted is the whole process,
from its start to its answer: CPU seconds, peak memory (VmHWM). DuckDB then reads the table through the catalog, and its rows, column
sums and distinct keys must be those of the generator. Peers do the same changes: `MERGE` through the same catalog (it leaves position
deletes to readers), and a full outer join that writes all files again (no catalog).
"""
import argparse, http.server, importlib.metadata, json, os, pathlib, resource, shutil, socket, statistics, subprocess, sys, tempfile, threading, time, warnings

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).resolve().parents[2]
python, iceberg_python = root / ".venv/bin/python3", root / ".venv-iceberg/bin/python3"
if __name__ == "__main__" and pathlib.Path(sys.executable) != iceberg_python:
    os.execv(iceberg_python, [str(iceberg_python), *sys.argv])
import duckdb, pyarrow as pa, pyarrow.parquet as pq
from pyiceberg.schema import Schema
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestamptzType
from emulator import Emulator, control, lake, stage

parser = argparse.ArgumentParser()
parser.add_argument("binaries", type=pathlib.Path)
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("--cases", nargs="*", default=["million", "neighbours", "hundred"])
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--rows", type=int, default=10_000_000)
parser.add_argument("--peers", action="store_true")
parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of silver-merge")
parser.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)  # what a peer's process does
options = parser.parse_args()
credentials = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
os.environ.update(credentials)

COLUMNS = ["review_id", "brewery_id", "beer_id", "profile_id", "review_overall", "review_aroma", "review_appearance", "review_palate",
           "review_taste", "review_time", "reviewed_at", "profile_name"]
KINDS = ["bigint"] * 4 + ["double"] * 5 + ["bigint", "timestamp", "string"]
LOADED = 1_760_000_000_000_000  # when the rows of the base came, in microseconds
ORDER = f"-{LOADED:018}-{'0' * 24}-0123456789abcdef"  # the order of rows that came in a file


def contracts(folder):
    """The pipeline's own contracts, and that of the table."""
    shutil.copytree(root / "infra/contracts", folder, dirs_exist_ok=True)
    lines = ["apiVersion: v3.1.0", "kind: DataContract", "id: review", "name: review", "version: 1.0.0", "status: active", "domain: beer", "schema:",
             "  - name: review", "    logicalType: object", "    physicalType: table", "    properties:"]
    logical = {"bigint": "integer", "double": "number", "timestamp": "timestamp", "string": "string"}
    for name, kind in zip(COLUMNS, KINDS):
        lines += [f"      - name: {name}", f"        logicalType: {logical[kind]}", "        classification: public"]
        if kind in ("bigint", "double"): lines.append(f"        physicalType: {kind}")
        if name == "review_id": lines += ["        primaryKey: true", "        primaryKeyPosition: 1", "        required: true"]
    (folder / "review.odcs.yaml").write_text("\n".join(lines) + "\n")


class Pipeline(Emulator):
    def __init__(self, state):
        super().__init__(options.binaries, state, "--template", root / "infra/pipeline.yaml", "--contracts", options.data / "contracts",
                         parameters=["SilverSchedule=rate(7 days)"])
        self.s3, self.dynamodb = self.client("s3"), self.client("dynamodb")

    def records(self):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=control, ConsistentRead=True)
        return [{k: v.get("S", v.get("N")) for k, v in item.items()} for page in pages for item in page["Items"]]

    def settle(self, count):
        """Waits until `count` raw files are bronze."""
        while True:
            bronze = [r for r in self.records() if r["schema_name"] == "dm_bronze"]
            if failed := [r for r in bronze if r["status"] == "error"]: raise SystemExit(str(failed))
            if sum(r["status"] == "success" for r in bronze) == count: return
            time.sleep(0.2)


def duck(endpoint=None):
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("SET threads = 2; SET memory_limit = '6GB'; SET TimeZone = 'UTC'")
    if endpoint:
        for name in ("avro", "httpfs", "iceberg"):
            files = importlib.metadata.files(f"duckdb_extension_{name}")
            connection.execute(f"LOAD '{next(str(f.locate()) for f in files if str(f).endswith('.duckdb_extension'))}'")
        host = endpoint.split("://")[1]
        connection.execute(f"CREATE SECRET s (TYPE s3, KEY_ID 'test', SECRET 'test', REGION 'us-east-1', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)")
        connection.execute(f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{endpoint}/iceberg', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')")
    return connection


# MARK: What is made once

def load(emulator):
    """The base as a silver table of three files."""
    kinds = {"bigint": LongType(), "double": DoubleType(), "timestamp": TimestamptzType(), "string": StringType()}
    fields = [*zip(COLUMNS, KINDS), ("created_at", "timestamp"), ("updated_at", "timestamp"), ("deleted_at", "timestamp"),
              ("_cdc_order", "string"), ("_cdc_column_orders", "string")]
    schema = Schema(*[NestedField(n + 1, name, kinds[kind], required=name == "review_id") for n, (name, kind) in enumerate(fields)],
                    identifier_field_ids=[1])
    catalog = emulator.catalog()
    catalog.create_namespace_if_not_exists("dm_silver")
    table = catalog.create_table("dm_silver.review", schema, location=f"s3://{lake}/silver/review", properties={
        "format-version": "2", "write.parquet.compression-codec": "zstd", "write.parquet.row-group-limit": "250000"})
    arrow = schema.as_arrow()
    for path in sorted((options.data / "in/base").glob("*.parquet")):
        rows = pq.read_table(path)
        count = rows.num_rows
        times = pa.repeat(pa.scalar(LOADED, pa.int64()), count).cast(pa.timestamp("us", "UTC"))
        rows = pa.table([*rows.columns, times, times, pa.nulls(count, times.type), pa.repeat(pa.scalar(ORDER), count), pa.nulls(count, pa.string())],
                        names=[name for name, _ in fields])
        table.append(rows.cast(pa.schema([f.with_type(rows.schema.field(f.name).type) for f in arrow])))


def convert(emulator, case):
    """Uploads the changes as files of JSON lines, which become bronze."""
    files = 100 if case == "hundred" else 1
    changes = f"read_parquet('{options.data}/in/{case}.parquet')"
    count = duck().execute(f"SELECT count(*) FROM {changes}").fetchone()[0]
    names = ", ".join(name for name in COLUMNS if name != "reviewed_at")
    for number in range(files):
        first, last = count * number // files, count * (number + 1) // files
        path = f"{options.data}/changes.json.gz"
        duck().execute(f"""COPY (SELECT operation, printf('%018d-%016X-%010d', {LOADED} + sequence * 1000, 50000000 + sequence * 150, 0) AS _cdc_order, {names},
            strftime(reviewed_at, '%Y-%m-%dT%H:%M:%S.%fZ') AS reviewed_at FROM {changes} WHERE sequence > {first} AND sequence <= {last})
            TO '{path}' (FORMAT json, COMPRESSION gzip)""")
        emulator.s3.upload_file(path, stage, f"raw/review/{number:03}.json.gz")
        os.unlink(path)
        emulator.settle(number + 1)


def prepared(case):
    """The emulator's state before the merge."""
    state = options.data / "states" / case
    if state.exists(): return state
    if not (options.data / "in/checks.json").exists():
        subprocess.run([python, root / "Tests/Benchmarks/upserts.py", options.data / "in", "--rows", str(options.rows)], check=True)
    making = options.data / "states/making"
    shutil.rmtree(making, ignore_errors=True)
    base = options.data / "states/base"
    if case != "base":
        shutil.copytree(prepared("base"), making)
    making.mkdir(parents=True, exist_ok=True)
    contracts(options.data / "contracts")
    emulator = Pipeline(making)
    if case == "base": load(emulator)
    else: convert(emulator, case)
    emulator.stop()
    making.rename(state)
    return state


# MARK: Runs

class Invocations(http.server.BaseHTTPRequestHandler):
    """Lambda's Runtime API for one event."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.given:  # nothing more to do
            self.server.ended.wait()
            self.close_connection = True
            return
        self.server.given = True
        body = self.server.event
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 900_000))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        answer = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answer = (self.path.rsplit("/", 1)[1], json.loads(answer), time.perf_counter())
        self.server.answered.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_): pass


def peak(pid):
    """Peak MiB of a running process. (`ru_maxrss` would count what its parent had when it was started.)"""
    return next(int(l.split()[1]) for l in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if l.startswith("VmHWM")) / 1024


def merge(emulator, settings):
    """One run of silver-merge -> CPU seconds, wall seconds, peak MiB, its answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Invocations)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a process that ends breaks its connections
    server.event, server.given, server.answer = json.dumps({"table": "review"}).encode(), False, None
    server.answered, server.ended = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**credentials, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % server.server_port, "AWS_ENDPOINT_URL": emulator.endpoint,
                   "CONTROL_TABLE": control, "LAKE_BUCKET": lake, "CONTRACTS_BUCKET": lake, "CONTRACTS_DIR": str(options.data / "contracts"), **settings, **dict(s.split("=", 1) for s in options.set)}
    errors = tempfile.TemporaryFile("w+")
    begin = time.perf_counter()
    process = subprocess.Popen([*os.environ.get("CUPEL_UNDER", "").split(), options.binaries / "silver-merge"], env=environment, stdout=errors, stderr=errors)
    while not server.answered.wait(0.1):
        if process.poll() is not None:
            errors.seek(0)
            raise SystemExit(errors.read())
    kind, answer, end = server.answer
    memory = peak(process.pid)
    process.terminate()
    usage = os.wait4(process.pid, 0)[2]
    server.ended.set()
    server.shutdown()
    if kind != "response" or answer.get("outcome") != "done": raise SystemExit(str(answer))
    return usage.ru_utime + usage.ru_stime, end - begin, memory, answer


def check(case, source, connection):
    """What DuckDB sees has the generator's sums."""
    wanted = json.loads((options.data / "in/checks.json").read_text())[case]
    terms = {"rows": "count(*)", "microseconds": "sum(epoch_us(reviewed_at) - review_time * 1000000)", "name_bytes": "sum(strlen(profile_name))"}
    *found, keys = connection.execute("SELECT " + ", ".join(terms.get(n, f"sum({n})") for n in wanted) + f", count(DISTINCT review_id) FROM {source}").fetchone()
    wrong = {name: (value, wanted[name]) for name, value in zip(wanted, found) if float(value) != float(wanted[name])}
    if wrong or keys != wanted["rows"]: raise SystemExit(f"{case}: found and wanted differ: {wrong}, {keys} keys")


def peer(kind, case):
    """A process of its own for what DuckDB does; prints its CPU seconds and peak MiB."""
    changes, endpoint = f"read_parquet('{options.data}/in/{case}.parquet')", kind
    if endpoint.startswith("http"):
        connection = duck(endpoint)
        connection.execute(f"""MERGE INTO lake.dm_silver.review t USING {changes} c ON t.review_id = c.review_id
            WHEN MATCHED THEN UPDATE SET {', '.join(f'{n} = c.{n}' for n in COLUMNS)}
            WHEN NOT MATCHED THEN INSERT ({', '.join(COLUMNS)}) VALUES ({', '.join(f'c.{n}' for n in COLUMNS)})""")
    else:
        connection = duck()
        values = ", ".join(f"CASE WHEN c.review_id IS NOT NULL THEN c.{n} ELSE t.{n} END AS {n}" for n in COLUMNS)
        connection.execute(f"""COPY (SELECT {values} FROM read_parquet('{options.data}/in/base/*.parquet') t FULL OUTER JOIN {changes} c ON t.review_id = c.review_id
            ORDER BY 1) TO '{kind}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 250000, FILE_SIZE_BYTES '100MB')""")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(usage.ru_utime + usage.ru_stime, peak(os.getpid()))


def run_peer(kind, case):
    begin = time.perf_counter()
    words = [iceberg_python, __file__, options.binaries, options.data, "--peer", kind, case]
    cpu, memory = map(float, subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())
    return cpu, time.perf_counter() - begin, memory


def report(name, runs, more=""):
    cpu, wall, memory = (statistics.median(run[n] for run in runs) for n in range(3))
    print(f"{name:34}{cpu:8.2f} CPU s{wall:8.2f} s{memory:8.0f} MiB   load {os.getloadavg()[0]:.1f}  {more}", flush=True)


def on_copy(case, body):
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        state = pathlib.Path(folder) / "state"
        shutil.copytree(prepared(case), state)
        emulator = Pipeline(state)
        try: return body(emulator)
        finally: emulator.stop()


def ours(case):
    def body(emulator):
        runs = [merge(emulator, {"BATCH_FILES": "1"}) for _ in range(100)] if case == "hundred" else [merge(emulator, {})]
        check(case, "lake.dm_silver.review", duck(emulator.endpoint))
        return runs
    return on_copy(case, body)


def main():
    if options.peer: return peer(*options.peer)
    options.data.mkdir(parents=True, exist_ok=True)
    for case in options.cases:
        rounds, merges, copies = [], [], []
        for _ in range(options.rounds):
            rounds.append(ours(case))
            if options.peers:
                def merged(emulator):
                    result = run_peer(emulator.endpoint, case)
                    check(case, "lake.dm_silver.review", duck(emulator.endpoint))
                    return result
                merges.append(on_copy(case, merged))
                with tempfile.TemporaryDirectory(dir=options.data) as folder:
                    copies.append(run_peer(f"{folder}/out", case))
                    check(case, f"read_parquet('{folder}/out/*.parquet')", duck())
        if case == "hundred":
            report("silver-merge, hundred: runs 1-10", [run for runs in rounds for run in runs[:10]])
            report("silver-merge, hundred: runs 91-100", [run for runs in rounds for run in runs[90:]])
        else:
            report(f"silver-merge, {case}", [run for runs in rounds for run in runs])
        if options.peers:
            report(f"DuckDB MERGE, {case}", merges)
            report(f"DuckDB COPY, {case}", copies)


main()
