#!/usr/bin/env python3
"""Measures gold and SQL: what gold-build takes over what its engine takes alone, what a small change costs, and how soon answers come.

    gold.py BINARIES DATA [--only models month athena run event] [--rounds 3] [--rows 1586614] [--many 16000000]

DATA keeps what is made once: samples, and the emulator's state with their rows in silver. CPU seconds are user and system time of a
process and its children, from its start to its answer; gold-build gets its event as Lambda gives it. The engine alone runs the same
statements over the same data files, one process each, and writes Parquet. Whether the rows are right is what the tests check.
"""
import argparse, atexit, gzip, http.server, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, threading, time

root = pathlib.Path(__file__).resolve().parents[2]
python = root / ".venv-iceberg/bin/python3"
if __name__ == "__main__" and pathlib.Path(sys.executable) != python: os.execv(python, [str(python), *sys.argv])
from emulator import Emulator, control, lake, stage

parser = argparse.ArgumentParser()
parser.add_argument("binaries", type=pathlib.Path)
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("--only", nargs="*", default=["models", "month", "athena", "run", "event"])
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--rows", type=int, default=1_586_614)
parser.add_argument("--many", type=int, default=16_000_000)
options = parser.parse_args()
binaries, data = options.binaries.resolve(), options.data.resolve()
credentials = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator"}
os.environ.update(credentials)
engine = next((root / ".venv-duckdb").glob("lib/python*/site-packages/duckdb_cli/duckdb"))
MODELS = ["state_by_review_volume", "top_beers_by_rating", "top_breweries_by_rating", "top_drinkers", "top_styles_by_popularity"]
FLAT = "dm_silver.review_flat"


class Pipeline(Emulator):
    def __init__(self, state, schedules="rate(7 days)", parameters=()):
        state.mkdir(parents=True, exist_ok=True)
        super().__init__(binaries, state, parameters=(f"SilverSchedule={schedules}", f"GoldSchedule={schedules}", *parameters),
                         log=state.parent / f"{state.name}.log")
        self.s3, self.athena, self.glue = (self.client(name, retries={"max_attempts": 1}) for name in ("s3", "athena", "glue"))

    def run(self, *files, until="silver"):
        command = [binaries / "cupel", "run", *files, "--endpoint", self.endpoint, "--timeout", "3600"]
        if until: command += ["--until", until]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode: raise SystemExit(done.stdout + done.stderr)
        return done.stdout

    def query(self, statement):
        """The rows of a statement, through Athena's API -> rows without their header."""
        started = self.athena.start_query_execution(QueryString=statement, ResultConfiguration={"OutputLocation": f"s3://{lake}/athena/"})
        name = started["QueryExecutionId"]
        while True:
            status = self.athena.get_query_execution(QueryExecutionId=name)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED": break
            if status["State"] in ("FAILED", "CANCELLED"): raise RuntimeError(status["StateChangeReason"])
            time.sleep(0.002)
        rows = self.athena.get_query_results(QueryExecutionId=name)["ResultSet"]["Rows"]
        return [[c.get("VarCharValue") for c in row["Data"]] for row in rows[1:]]


# MARK: Processes

class Invocations(http.server.BaseHTTPRequestHandler):
    """Lambda's Runtime API for one event."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.given:
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
        answer = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answer = (self.path.rsplit("/", 1)[1], json.loads(answer), time.perf_counter())
        self.server.answered.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_): pass


def build(emulator, model, outcome="built"):
    """One run of gold-build -> CPU seconds with its engine, wall seconds, its answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Invocations)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a process that ends breaks its connections
    server.event, server.given, server.answer = json.dumps({"model": model}).encode(), False, None
    server.answered, server.ended = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(dir=data) as folder, tempfile.TemporaryFile("w+") as errors:
        environment = {**credentials, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % server.server_port, "AWS_ENDPOINT_URL": emulator.endpoint,
                       "CONTROL_TABLE": control, "LAKE_BUCKET": lake, "MODELS_DIR": str(root / "infra/models"), "DUCKDB": str(engine),
                       "TMPDIR": folder, "ENGINE_MEMORY_MB": "4096"}
        begin = time.perf_counter()
        process = subprocess.Popen([binaries / "gold-build"], env=environment, stdout=errors, stderr=errors)
        while not server.answered.wait(0.1):
            if process.poll() is not None:
                errors.seek(0)
                raise SystemExit(errors.read())
        kind, answer, end = server.answer
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        own = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
        process.terminate()
        # With the engine's, for which it has waited.
        usage = os.wait4(process.pid, 0)[2]
        cpu = usage.ru_utime + usage.ru_stime
        server.ended.set()
        server.shutdown()
    if kind != "response" or answer.get("outcome") != outcome: raise SystemExit(f"{model}: {answer}")
    return cpu, own, end - begin, answer


def cpu_of(command, **more):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **more)
    _, status, usage = os.wait4(process.pid, 0)
    if status: raise SystemExit(f"{command} ended with {status}")
    return usage.ru_utime + usage.ru_stime


# MARK: What is made once

def sample(table, rows):
    path = data / f"sample-{rows}" / f"{table}.csv.gz"
    if not path.exists(): subprocess.run([binaries / "cupel", "generate", "--table", table, "--rows", str(rows), "-o", path.parent], check=True, stdout=subprocess.DEVNULL)
    return path


def prepared(rows):
    """The emulator's state with so many reviews in silver, and review_flat."""
    state = data / f"state-{rows}"
    if state.exists(): return state
    making = data / "making"
    shutil.rmtree(making, ignore_errors=True)
    emulator = Pipeline(making)
    emulator.run(sample("beer", 66_055), sample("brewery", 5_840), sample("profile", 33_388), sample("review", rows))
    emulator.stop()
    making.rename(state)
    return state


def flat(rows):
    """The emulator's state with so many rows in review_flat alone, written by pyiceberg: the models of gold read nothing else."""
    state = data / f"flat-{rows}"
    if state.exists(): return state
    import duckdb
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import IdentityTransform
    from pyiceberg.types import DoubleType, IntegerType, LongType, NestedField, StringType, TimestamptzType
    kinds = {"BIGINT": LongType(), "DOUBLE": DoubleType(), "VARCHAR": StringType(), "INTEGER": IntegerType(), "TIMESTAMP": TimestamptzType()}
    # Skewed like the sample: few beers and people have most reviews, and later years have more of them.
    relation = duckdb.sql(f"""
        SELECT n AS review_id, 1 + beer % 5840 AS brewery_id, beer AS beer_id, person AS profile_id, 'Brewery ' || (1 + beer % 5840) AS brewery_name,
          'Beer ' || beer AS beer_name, 'Style ' || (beer % 104) AS beer_style, 4.0 + beer % 80 / 10 AS beer_abv, 'person' || person AS profile_name,
          NULL::VARCHAR AS email, 'State ' || (person % 50) AS state, CASE WHEN n % 250 > 0 THEN 1 + hash(n) % 9 / 2.0 END AS review_overall,
          3.0::DOUBLE AS review_aroma, 3.5::DOUBLE AS review_appearance, 4.0::DOUBLE AS review_palate, 4.5::DOUBLE AS review_taste, t AS review_time,
          year(t)::INTEGER AS review_year, month(t)::INTEGER AS review_month, t AS created_at, t AS updated_at, NULL::TIMESTAMP AS deleted_at
        FROM (SELECT n, 1 + (pow(hash(n + 1) / 18446744073709551616.0, 3) * 66054)::BIGINT AS beer, 1 + (pow(hash(n + 2) / 18446744073709551616.0, 2) * 33387)::BIGINT AS person,
              make_timestamp((840672001 + floor(485613347 * pow(hash(n + 3) / 18446744073709551616.0, 0.5)))::BIGINT * 1000000) AS t FROM range(1, {rows + 1}) r(n))
        ORDER BY review_year, review_month""")
    fields = [NestedField(n + 1, name, kinds[str(kind)]) for n, (name, kind) in enumerate(zip(relation.columns, relation.types))]
    places = {field.name: field.field_id for field in fields}
    emulator = Pipeline(data / "making")
    catalog = emulator.catalog()
    catalog.create_namespace_if_not_exists("dm_silver")
    spec = PartitionSpec(*[PartitionField(places[name], 1000 + n, IdentityTransform(), name) for n, name in enumerate(("review_year", "review_month"))])
    table = catalog.create_table(FLAT, Schema(*fields), location=f"s3://{lake}/silver/review_flat", partition_spec=spec,
                                 properties={"format-version": "2", "write.parquet.compression-codec": "zstd"})
    arrow = relation.to_arrow_table()
    table.append(arrow.cast(table.schema().as_arrow()))
    emulator.stop()
    (data / "making").rename(state)
    return state


def on_copy(prepared_state, body):
    with tempfile.TemporaryDirectory(dir=data) as folder:
        state = pathlib.Path(folder) / "state"
        shutil.copytree(prepared_state, state)
        emulator = Pipeline(state)
        try: return body(emulator)
        finally: emulator.stop()


def files_of(emulator, table):
    """The local copies of a table's data files."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=data))
    atexit.register(shutil.rmtree, folder, True)
    paths = []
    for path, in emulator.query(f'SELECT file_path FROM dm_silver."{table.split(".")[1]}$files"'):
        target = folder / f"{len(paths)}.parquet"
        emulator.s3.download_file(lake, path.split("/", 3)[3], str(target))
        paths.append(str(target))
    return folder, paths


# MARK: What is measured

def report(what, value, wanted):
    print(f"{what:62} {value:>18}   wanted {wanted}   load {os.getloadavg()[0]:.1f}", flush=True)


def models():
    """The five models over all reviews, and the engine alone."""
    def body(emulator):
        folder, paths = files_of(emulator, FLAT)
        totals, alones = [], []
        for round in range(options.rounds):
            total, alone = 0, 0
            for model in MODELS:
                # A table that is not there is built from all.
                try: emulator.glue.delete_table(DatabaseName="dm_gold", Name=model)
                except emulator.glue.exceptions.EntityNotFoundException: pass
                cpu, own, wall, _ = build(emulator, f"dm_gold.{model}")
                text = (root / f"infra/models/gold/{model}.sql").read_text()
                statement = text.replace(FLAT, f"read_parquet({paths})")
                output = f"COPY ({statement}) TO '{folder}/out.parquet' (FORMAT parquet, COMPRESSION zstd)"
                peer = cpu_of([engine, "-batch", "-c", f"SET memory_limit='4096MB'; {output}"])
                print(f"    {model:28} gold-build {cpu:6.2f} CPU s (itself {own:5.2f}), engine alone {peer:6.2f}: {cpu / peer:5.2f} times; {wall:5.2f} s", flush=True)
                total, alone = total + cpu, alone + peer
            totals.append(total)
            alones.append(alone)
        ratio = statistics.median(t / a for t, a in zip(totals, alones))
        report(f"five models, CPU of gold-build / engine alone ({min(totals):.2f} / {min(alones):.2f} s)", f"{ratio:.2f}", "<= 1.3, aim 1.1")
    on_copy(flat(options.rows), body)


def month():
    """One review changes: its month's share of a full build."""
    def body(emulator):
        every = [FLAT, *(f"dm_gold.{m}" for m in MODELS)]
        full = {model: build(emulator, model) for model in every}
        months = int(emulator.query("SELECT count(*) FROM (SELECT DISTINCT review_year, review_month FROM dm_silver.review)")[0][0])
        still = {model: build(emulator, model, "unchanged") for model in every}
        columns = ["review_id", "brewery_id", "beer_id", "profile_id", "review_overall", "review_aroma", "review_appearance", "review_palate", "review_taste", "review_time"]
        row = emulator.query(f"SELECT {', '.join(columns)} FROM dm_silver.review WHERE review_year = 2010 AND review_month = 6 LIMIT 1")[0]
        row[4] = "1.0" if row[4] != "1.0" else "2.0"
        changed = data / "changed.csv.gz"
        with gzip.open(changed, "wt") as file: file.write(",".join(columns) + "\n" + ",".join(row) + "\n")
        emulator.run(changed, "--table", "review")
        part = {model: build(emulator, model) for model in every}
        for model in every:
            print(f"    {model:36} full {full[model][0]:7.2f} CPU s, unchanged {still[model][0]:5.2f}, one of {months} months {part[model][0]:5.2f}: "
                  f"{100 * (part[model][0] - still[model][0]) / full[model][0]:5.1f} % + start; {part[model][3]}", flush=True)
        sums = [sum(kind[model][0] for model in every) for kind in (full, still, part)]
        report(f"one of {months} months over {options.many:,} reviews ({sums[2]:.2f} of {sums[0]:.1f} CPU s)", f"{100 * (sums[2] - sums[1]) / sums[0]:.1f} % + start", "<= 2 % + start")
    on_copy(prepared(options.many), body)


def athena():
    """The first answer of an emulator that has just started, and answers of one that is warm."""
    state = data / "state-small"
    if not state.exists():
        emulator = Pipeline(data / "making")
        emulator.run(sample("beer", 66_055), sample("brewery", 5_840), sample("profile", 33_388), sample("review", 200_000), until=None)
        emulator.stop()
        (data / "making").rename(state)
    statement = "SELECT beer_name, avg_rating FROM dm_gold.top_beers_by_rating ORDER BY avg_rating DESC LIMIT 5"
    cold, warm = [], []
    for _ in range(options.rounds):
        emulator = Pipeline(state)
        begin = time.perf_counter()
        emulator.query(statement)
        cold.append(time.perf_counter() - begin)
        for _ in range(10):
            time.sleep(0.5)  # a spare engine is started between queries
            begin = time.perf_counter()
            emulator.query(statement)
            warm.append(time.perf_counter() - begin)
        emulator.stop()
    report("Athena, first answer of a warm emulator", f"{statistics.median(warm) * 1000:.0f} ms", "<= 50 ms")
    report("Athena, first answer after a start", f"{statistics.median(cold) * 1000:.0f} ms", "<= 150 ms")


def run():
    """What `make run` does once all is built: four files to silver and gold."""
    files = [sample("beer", 66_055), sample("brewery", 5_840), sample("profile", 33_388), sample("review", 200_000)]
    fresh, again = [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=data) as folder:
            for times in (fresh, again):
                begin = time.perf_counter()
                done = subprocess.run([binaries / "cupel", "run", *files, "--data", f"{folder}/data"], capture_output=True, text=True)
                times.append(time.perf_counter() - begin)
                if done.returncode: raise SystemExit(done.stdout + done.stderr)
    report("make run, four files to silver and gold, new data folder", f"{statistics.median(fresh):.2f} s", "<= 3 s, aim 2 s")
    report("make run again, the same files", f"{statistics.median(again):.2f} s", "<= 3 s, aim 2 s")


def event():
    """From the put of a raw object to its row of gold, by SQL; nothing is started by hand."""
    times = []
    with tempfile.TemporaryDirectory(dir=data) as folder:
        emulator = Pipeline(pathlib.Path(folder) / "state", parameters=["SilverStartFiles=1"])
        columns = "review_id,brewery_id,beer_id,profile_id,review_overall,review_aroma,review_appearance,review_palate,review_taste,review_time"
        emulator.run(sample("beer", 66_055), sample("brewery", 5_840), sample("profile", 33_388), sample("review", 20_000), until=None)
        for round in range(options.rounds + 1):
            time.sleep(3)  # what an earlier round started has ended
            rows = [f"{90_000_000 + round * 100 + n},1,{1 + round},{1 + n},4.5,4,4,4,4,1500000000" for n in range(30)]
            begin = time.perf_counter()
            emulator.s3.put_object(Bucket=stage, Key=f"raw/review/event-{round}.csv.gz", Body=gzip.compress((columns + "\n" + "\n".join(rows) + "\n").encode()))
            seen = None
            while True:
                # Looks into the catalog first: a query costs as much as what it waits for.
                current = emulator.glue.get_table(DatabaseName="dm_gold", Name="top_drinkers")["Table"]["Parameters"]["metadata_location"]
                if current != seen:
                    seen = current
                    found = emulator.query(f"SELECT sum(total_reviews) FROM dm_gold.top_drinkers WHERE review_year = 2017 AND review_month = 7")  # after all samples
                    if int(found[0][0] or 0) >= 30 * (round + 1): break
                time.sleep(0.01)
                if time.perf_counter() - begin > 300: raise SystemExit("the rows never reached gold")
            if round: times.append(time.perf_counter() - begin)
        emulator.stop()
    report("put of a raw object to its row of gold, by SQL", f"{statistics.median(times):.2f} s", "<= 2 s, aim 1 s")


data.mkdir(parents=True, exist_ok=True)
for part in options.only: {"models": models, "month": month, "athena": athena, "run": run, "event": event}[part]()
