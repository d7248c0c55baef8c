#!/usr/bin/env python3
"""Measures change-capture beside PostgreSQL's own pg_recvlogical, on one server, in turns.

    capture.py BINARIES [--changes 200000] [--rows 2000000] [--rounds 3] [--transaction 1000000] [--aggregate on]
               [--parts changes transaction snapshot] [--peer PYTHON] [--to silver]

Changes: single-row commits (60 % inserts, 30 % updates, 10 % deletes) are in the log before. pg_recvlogical reads them from a copied
slot into /dev/null; change-capture reads them from another into `cupel up --kinesis-limits off`, up to gzipped raw objects; with
--peer, consumer.py reads them from a third into a gzipped file, under a Python that has psycopg2 (`infra/setup benchmarks` makes
.venv-benchmarks). Snapshot: a table of ROWS rows of five columns, up to raw objects, beside COPY of the same table to /dev/null.
Transaction: one of many inserts, which the source sends before it ends.

Nothing listens to the raw bucket, unless --to silver leaves the rest of the pipeline on. Every change and row is counted in the
objects, afterwards: the time ends when the last object was listed. Run it as root or any user; PostgreSQL runs as nobody if it is root.
"""
import argparse, gzip, os, pathlib, shutil, signal, socket, statistics, subprocess, tempfile, time

from emulator import Emulator, stage

parser = argparse.ArgumentParser()
parser.add_argument("binaries", type=pathlib.Path)
parser.add_argument("--changes", type=int, default=200_000)
parser.add_argument("--rows", type=int, default=2_000_000)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--transaction", type=int, default=1_000_000)
parser.add_argument("--aggregate", choices=["on", "off"], default="off")
parser.add_argument("--parts", nargs="+", choices=["changes", "transaction", "snapshot"], default=["changes", "transaction", "snapshot"])
parser.add_argument("--peer", metavar="PYTHON")
parser.add_argument("--to", choices=["raw", "silver"], default="raw")
options = parser.parse_args()
root = pathlib.Path(__file__).resolve().parents[2]
programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="cupel-capture-"))
folder.chmod(0o755)
os.environ.update({"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def as_nobody(*words):
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    return [*drop, *map(str, words)]


class Postgres:
    def __init__(self):
        self.port = free_port()
        data = folder / "postgres"
        data.mkdir()
        if os.getuid() == 0: shutil.chown(data, "nobody", "nogroup")
        subprocess.run(as_nobody(programs / "initdb", "-D", data / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"),
                       check=True, stdout=subprocess.DEVNULL)
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "wal_level=logical", "max_wal_size=8GB",
                    "synchronous_commit=off", "shared_buffers=256MB"]
        self.process = subprocess.Popen(as_nobody(programs / "postgres", "-D", data / "data", *[w for s in settings for w in ("-c", s)]),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.uri = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        while subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode: time.sleep(0.1)

    def run(self, statements):
        return subprocess.run([programs / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", self.uri], input=statements, text=True,
                              check=True, capture_output=True).stdout.strip()


    def drop_slot(self, name):
        """The server notices a reader's end some time after it."""
        while self.run(f"SELECT active FROM pg_replication_slots WHERE slot_name = '{name}'") == "t": time.sleep(0.05)
        self.run(f"SELECT pg_drop_replication_slot('{name}')")


class Objects(Emulator):
    """An emulator whose raw objects are counted."""

    def __init__(self, name):
        self.data = folder / name
        self.data.mkdir()
        super().__init__(options.binaries, self.data / "state", "--template", root / "infra/pipeline.yaml", "--firehose-interval", "1",
                         "--kinesis-limits", "off")
        self.s3 = self.client("s3")
        if options.to == "raw": self.s3.put_bucket_notification_configuration(Bucket=stage, NotificationConfiguration={})
        self.seen, self.counted = {}, {}

    def list(self):
        """Notes when each raw object was listed first. Returns the time of the last one."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=stage, Prefix="raw/beer/"):
            for o in page.get("Contents", []): self.seen.setdefault(o["Key"], time.monotonic())
        return max(self.seen.values(), default=0)

    def lines(self):
        """The lines in raw objects without those of truncates; each object is read once."""
        self.list()
        for key in self.seen.keys() - self.counted.keys():
            body = gzip.decompress(self.s3.get_object(Bucket=stage, Key=key)["Body"].read())
            self.counted[key] = body.count(b"\n") - body.count(b'"operation":"truncate"')
        return sum(self.counted.values())

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.data)


def capture(postgres, emulator, *more):
    environment = {**os.environ, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return subprocess.Popen(
        [options.binaries / "change-capture", "--source", postgres.uri, "--stream", "cupel-dev-changes", "--bucket", stage, "--tables",
         "public.beer", "--endpoint-url", emulator.endpoint, "--spill", folder, *more],
        env=environment, stderr=open(folder / "capture.log", "w"))


def cost(process):
    """CPU seconds and peak MiB of a running process."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    peak = next(l for l in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines() if l.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1024


def family_cost(process):
    """CPU seconds of a running process and its children, those that have ended too."""
    seconds = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try: fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError: continue
        if int(folder.name) == process.pid: seconds += sum(map(int, fields[11:15]))
        elif int(fields[1]) == process.pid: seconds += sum(map(int, fields[11:13]))
    return seconds / os.sysconf("SC_CLK_TCK")


def wait_for_lines(emulator, process, count):
    """Seconds until the last of `count` lines was in an object."""
    begin, quiet = time.monotonic(), 3
    while True:
        last = emulator.list()
        if process.poll() is not None: raise SystemExit((folder / "capture.log").read_text())
        if last and time.monotonic() - last > quiet:
            # Reading the objects takes the time of those that are measured, so it waits until nothing seems to come.
            found = emulator.lines()
            if found == count: return last - begin
            if found > count or quiet > 600: raise SystemExit(f"{found} lines; expected {count}")
            quiet += 3
        time.sleep(0.1)


CHANGES = """
CREATE TABLE beer (beer_id bigint PRIMARY KEY, brewery_id bigint, beer_name text, beer_style text, beer_abv float8);
CREATE PUBLICATION cupel FOR TABLE beer WITH (publish_via_partition_root = true);
SELECT pg_create_logical_replication_slot('origin', 'pgoutput');
CREATE PROCEDURE work(changes int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..changes LOOP
        IF i %% 10 < 6 THEN INSERT INTO beer VALUES (i, i %% 1000, 'beer number ' || i || ' of the benchmark', 'Kölsch', i * 0.01);
        ELSIF i %% 10 < 9 THEN UPDATE beer SET beer_style = 'Alt', beer_abv = beer_abv + 1 WHERE beer_id = i - i %% 10 - 10 + i %% 6;
        ELSE DELETE FROM beer WHERE beer_id = i - 29;
        END IF;
        COMMIT;
    END LOOP;
END $$;
CALL work(%d);
CHECKPOINT;
""".replace("%%", "%")


def report(name, values, unit=""):
    print(f"{name:58} {statistics.median(values):>12,.2f}{unit}   " + " ".join(f"{v:,.2f}" for v in values), flush=True)


def changes(postgres):
    postgres.run("SET statement_timeout = 0;" + CHANGES.replace("%d", str(options.changes)))
    end = postgres.run("SELECT pg_current_wal_flush_lsn()")
    count = int(postgres.run(
        "SELECT pg_copy_logical_replication_slot('origin', 'counted'); "
        "SELECT count(*) FROM pg_logical_slot_get_binary_changes('counted', NULL, NULL, 'proto_version', '1', 'publication_names', 'cupel') "
        "WHERE get_byte(data, 0) IN (68, 73, 85); SELECT pg_drop_replication_slot('counted')").split("\n")[1])
    peer, python, ours, ratios, cpu, memory, emulated = [], [], [], [], [], [], []
    for number in range(options.rounds):
        postgres.run("SELECT pg_copy_logical_replication_slot('origin', 'peer'); SELECT pg_copy_logical_replication_slot('origin', 'cupel')")
        begin = time.monotonic()
        subprocess.run([programs / "pg_recvlogical", "-d", postgres.uri, "--slot", "peer", "--start", "-o", "proto_version=1",
                        "-o", "publication_names=cupel", "-f", "/dev/null", "--endpos", end, "--no-loop"], check=True)
        peer.append(options.changes / (time.monotonic() - begin))
        if options.peer:
            postgres.run("SELECT pg_copy_logical_replication_slot('origin', 'python')")
            begin = time.monotonic()
            subprocess.run([options.peer, root / "Tests/Benchmarks/consumer.py", postgres.uri, "python", "cupel", str(count),
                            folder / "peer.json.gz"], check=True)
            python.append(options.changes / (time.monotonic() - begin))
            with gzip.open(folder / "peer.json.gz") as file: assert sum(1 for _ in file) == count
            postgres.drop_slot("python")
        emulator = Objects(f"emulator-{number}")
        process = capture(postgres, emulator, "--snapshot", "never", "--aggregate", options.aggregate)
        ours.append(options.changes / wait_for_lines(emulator, process, count))
        seconds, peak = cost(process)
        emulated.append(options.changes / family_cost(emulator.process))
        process.terminate()
        if process.wait() != 0: raise SystemExit((folder / "capture.log").read_text())
        cpu.append(options.changes / seconds)
        memory.append(peak)
        ratios.append(ours[-1] / peer[-1])
        emulator.end()
        postgres.drop_slot("peer")
        postgres.drop_slot("cupel")
    if python: report("consumer.py to a gz file, commits a second", python)
    report("pg_recvlogical to /dev/null, commits a second", peer)
    report("change-capture to raw objects, commits a second", ours)
    report("  of pg_recvlogical's", ratios)
    report("  commits a CPU second of change-capture", cpu)
    report("  commits a CPU second of the emulator and its functions", emulated)
    report("  peak memory", memory, " MiB")
    postgres.run("SELECT pg_drop_replication_slot('origin')")


def transaction(postgres):
    postgres.run("TRUNCATE beer")
    postgres.run("SELECT pg_create_logical_replication_slot('cupel', 'pgoutput')")
    postgres.run("INSERT INTO beer SELECT g, g % 1000, 'beer number ' || g || ' of the benchmark', 'Kölsch', 0.5 "
                 f"FROM generate_series(1, {options.transaction}) g")
    emulator = Objects("transaction")
    process = capture(postgres, emulator, "--snapshot", "never", "--aggregate", options.aggregate)
    report("one large transaction, changes a second", [options.transaction / wait_for_lines(emulator, process, options.transaction)])
    report("  peak memory", [cost(process)[1]], " MiB")
    process.terminate()
    process.wait()
    emulator.end()
    postgres.drop_slot("cupel")


def snapshot(postgres):
    postgres.run("DROP PUBLICATION IF EXISTS cupel; DROP TABLE beer; CREATE TABLE beer AS SELECT g::bigint AS beer_id, "
                 "(g % 1000)::bigint AS brewery_id, 'beer number ' || g || ' of the benchmark' AS beer_name, 'Kölsch'::text AS beer_style, "
                 f"(g % 1000) * 0.01::float8 AS beer_abv FROM generate_series(1, {options.rows}) g; "
                 "ALTER TABLE beer ADD PRIMARY KEY (beer_id)")
    postgres.run("VACUUM ANALYZE beer")
    postgres.run("CHECKPOINT")
    copies, speeds, cpu, memory = [], [], [], []
    for number in range(options.rounds):
        begin = time.monotonic()
        postgres.run("\\copy beer TO '/dev/null'")
        copies.append(options.rows / (time.monotonic() - begin))
        emulator = Objects(f"snapshot-{number}")
        begin = time.monotonic()
        process = capture(postgres, emulator)
        while '"read a table"' not in (folder / "capture.log").read_text():
            if process.poll() is not None: raise SystemExit((folder / "capture.log").read_text())
            time.sleep(0.05)
        speeds.append(options.rows / (time.monotonic() - begin))
        seconds, peak = cost(process)
        cpu.append(options.rows / seconds)
        memory.append(peak)
        process.terminate()
        process.wait()
        if (found := emulator.lines()) != options.rows: raise SystemExit(f"{found} rows; expected {options.rows}")
        emulator.end()
        postgres.drop_slot("cupel")
        postgres.run("DROP PUBLICATION cupel")
    report("COPY to /dev/null by psql, rows a second", copies)
    report("snapshot to raw objects, rows a second", speeds)
    report("  rows a CPU second of change-capture", cpu)
    report("  peak memory", memory, " MiB")


postgres = Postgres()
try:
    print(f"{options.changes:,} commits, {options.rows:,} rows, load {os.getloadavg()[0]:.1f}, PostgreSQL {programs.parent.name}", flush=True)
    if "changes" in options.parts: changes(postgres)
    else: postgres.run(CHANGES.replace("%d", "0") + "SELECT pg_drop_replication_slot('origin')")
    if "transaction" in options.parts: transaction(postgres)
    if "snapshot" in options.parts: snapshot(postgres)
finally:
    postgres.process.send_signal(signal.SIGQUIT)
    postgres.process.wait()
    shutil.rmtree(folder, ignore_errors=True)
