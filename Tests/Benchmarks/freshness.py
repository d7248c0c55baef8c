#!/usr/bin/env python3
"""Measures how long a commit in PostgreSQL takes to be a row of silver, at a steady rate of single-row commits.

    freshness.py BINARIES [--rate 5000] [--seconds 60]

PostgreSQL, change-capture, Kinesis, Firehose with the transformation (buffers of a second), bronze and silver-merge all run on this
machine, from the templates; SilverStartFiles=1 starts a merge as soon as one bronze file waits. A row is there when the first snapshot
that has it is the table's current one, as a client of the catalog sees that. The snapshots are read afterwards.
"""
import argparse, os, pathlib, shutil, signal, socket, statistics, subprocess, tempfile, threading, time

import boto3
from botocore.config import Config
from pyiceberg.catalog import load_catalog

parser = argparse.ArgumentParser()
parser.add_argument("binaries", type=pathlib.Path)
parser.add_argument("--rate", type=int, default=5_000)
parser.add_argument("--seconds", type=int, default=60)
options = parser.parse_args()
root = pathlib.Path(__file__).resolve().parents[2]
programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="cupel-freshness-"))
folder.chmod(0o755)
processes = []
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}

# Each tick commits its rows one by one, then waits for the next one's time. A row says when it was committed, but for microseconds.
WORK = f"""
CREATE PROCEDURE work(rate int, seconds int) LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz := clock_timestamp();
    number int := 0;
BEGIN
    FOR tick IN 1..seconds * 50 LOOP
        FOR i IN 1..rate / 50 LOOP
            number := number + 1;
            INSERT INTO beer VALUES (number, number % 1000, extract(epoch FROM clock_timestamp())::text, 'Kölsch', 5);
            COMMIT;
        END LOOP;
        PERFORM pg_sleep(greatest(0, extract(epoch FROM begun + tick * interval '20 ms' - clock_timestamp())));
    END LOOP;
END $$;
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(name, *words, **more):
    process = subprocess.Popen([str(w) for w in words], stdout=open(folder / f"{name}.log", "w"), stderr=subprocess.STDOUT, **more)
    processes.append(process)
    return process


def wait_until(name, process, is_done):
    while not is_done((folder / f"{name}.log").read_text()):
        if process.poll() is not None: raise SystemExit((folder / f"{name}.log").read_text())
        time.sleep(0.02)


def postgres():
    """A server of its own, as nobody if this is root. Returns its address."""
    port, data = free_port(), folder / "postgres"
    data.mkdir()
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    if drop: shutil.chown(data, "nobody", "nogroup")
    subprocess.run([*drop, programs / "initdb", "-D", data / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"],
                   check=True, stdout=subprocess.DEVNULL)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "wal_level=logical", "synchronous_commit=off"]
    start("postgres", *drop, programs / "postgres", "-D", data / "data", *[w for s in settings for w in ("-c", s)])
    while subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode: time.sleep(0.1)
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def psql(uri, statements):
    return subprocess.run([programs / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", uri], input=statements, text=True, check=True,
                          capture_output=True).stdout.strip()


def emulator():
    """`cupel up` with all stages. Returns its endpoint."""
    process = start("emulator", options.binaries / "cupel", "up", "--port", "0", "--data", folder / "state", "--functions", options.binaries,
                    "--template", root / "infra/pipeline.yaml", "--firehose-interval", "1", "--kinesis-limits", "off",
                    "--parameter", "SilverStartFiles=1")
    wait_until("emulator", process, lambda text: "http://127.0.0.1:" in text)
    return "http://127.0.0.1:" + (folder / "emulator.log").read_text().split("http://127.0.0.1:")[1].split()[0]


class Watcher(threading.Thread):
    """Notes when the table's current metadata changed, as the catalog says."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self.glue = boto3.client("glue", endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}), **keys)
        self.seen, self.ended = {}, False

    def run(self):
        while not self.ended:
            try:
                place = self.glue.get_table(DatabaseName="dm_silver", Name="beer")["Table"]["Parameters"]["metadata_location"]
                self.seen.setdefault(place, time.time())
            except self.glue.exceptions.EntityNotFoundException:
                pass
            time.sleep(0.01)


def measure():
    uri = postgres()
    psql(uri, "CREATE TABLE beer (beer_id bigint PRIMARY KEY, brewery_id bigint, beer_name text, beer_style text, beer_abv float8);" + WORK)
    endpoint = emulator()
    capture = start("capture", options.binaries / "change-capture", "--source", uri, "--stream", "cupel-dev-changes", "--bucket",
                    "cupel-dev-stage-000000000000-us-east-1", "--tables", "public.beer", "--endpoint-url", endpoint, "--spill", folder,
                    env={**os.environ, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
    wait_until("capture", capture, lambda text: '"read a table"' in text or '"streams"' in text)
    watcher = Watcher(endpoint)
    watcher.start()
    begin = time.monotonic()
    psql(uri, f"CALL work({options.rate}, {options.seconds})")
    took, expected = time.monotonic() - begin, options.rate // 50 * 50 * options.seconds
    catalog = load_catalog("benchmark", type="rest", uri=f"{endpoint}/iceberg", warehouse="", **{
        "s3.endpoint": endpoint, "s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"})
    deadline = time.monotonic() + 120
    while not watcher.seen or catalog.load_table("dm_silver.beer").scan(selected_fields=("beer_id",)).count() < expected:
        if time.monotonic() > deadline: raise SystemExit("rows are missing from silver after two minutes")
        time.sleep(1)
    watcher.ended = True
    watcher.join()

    table = catalog.load_table("dm_silver.beer")
    waits, arrived = [], set()
    for snapshot in sorted(table.snapshots(), key=lambda s: s.sequence_number):
        rows = table.scan(snapshot_id=snapshot.snapshot_id, selected_fields=("beer_id", "beer_name")).to_arrow()
        # Its own time is before its commit, and the commit before was seen by then.
        after = [t for t in watcher.seen.values() if t * 1000 >= snapshot.timestamp_ms]
        for key, committed in zip(rows["beer_id"].to_pylist(), rows["beer_name"].to_pylist()):
            if key in arrived: continue
            arrived.add(key)
            waits.append(min(after) - float(committed))
    waits.sort()
    print(f"{expected:,} commits in {took:.1f} s ({expected / took:,.0f} a second), {len(table.snapshots())} snapshots, "
          f"load {os.getloadavg()[0]:.1f}, PostgreSQL {programs.parent.name}")
    print(f"commit to silver: median {statistics.median(waits):.2f} s, 99 % within {waits[int(len(waits) * 0.99)]:.2f} s, "
          f"all within {waits[-1]:.2f} s")


try:
    measure()
finally:
    for process in reversed(processes):
        process.send_signal(signal.SIGQUIT if process is processes[0] else signal.SIGTERM)
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
