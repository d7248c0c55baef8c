#!/usr/bin/env python3
"""firehose-transform against the same transform in Python with orjson, CPU per event: firehose.py BINARY [EVENT.json] [--rounds N]

Each round runs both, one after the other, on the same event. Ours is the whole process behind a Runtime API that this script
plays, so reading requests and writing answers counts; the peer turns bytes into bytes in a loop, without sockets. CPU of an
event is what 60 invocations take more than 10 do, divided by 50. Every answer is checked: ids and order, values digit for
digit, base64, table. Without an EVENT one of some 3 MB is made, as AWS DMS and Kinesis write it.
"""
import argparse
import base64
import decimal
import http.server
import json
import os
import random
import statistics
import subprocess
import sys
import threading

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

PEER = r'''
import base64, orjson, resource, sys
def transform(raw):
    out = []
    for record in orjson.loads(raw)["records"]:
        envelope = orjson.loads(base64.b64decode(record["data"]))
        metadata, row = envelope["metadata"], envelope["data"]
        if metadata["record-type"] != "data":
            out.append({"recordId": record["recordId"], "result": "Dropped"})
            continue
        row["operation"] = metadata["operation"]
        row["_cdc_timestamp"] = metadata["timestamp"]
        row["_cdc_transaction_id"] = metadata["transaction-id"]
        place = record["kinesisRecordMetadata"]
        row["_cdc_sequence"] = place["sequenceNumber"]
        row["_cdc_order"] = (f'{place["approximateArrivalTimestamp"] * 1000:018}-{place["sequenceNumber"]:0>56}-'
                             f'{place["subsequenceNumber"]:010}')
        data = base64.b64encode(orjson.dumps(row) + b"\n").decode()
        out.append({"recordId": record["recordId"], "result": "Ok", "data": data,
                    "metadata": {"partitionKeys": {"table_name": metadata["table-name"]}}})
    return orjson.dumps({"records": out})
raw = open(sys.argv[1], "rb").read()
for _ in range(int(sys.argv[2])):
    answer = transform(raw)
open(sys.argv[3], "wb").write(answer)
'''


def make_event(path, size):
    chance = random.Random(7)
    records, total = [], 0
    while total < size:
        n = len(records)
        row = {"beer_id": n, "brewery_id": chance.randrange(6000), "beer_name": f"Kölsch No. {n} “special”",
               "beer_style": "American Double / Imperial IPA", "beer_abv": chance.choice([None, 5.5, 12.25])}
        metadata = {"timestamp": f"2025-07-01T12:00:00.{n:06}Z", "record-type": "data", "operation": "insert",
                    "partition-key-type": "schema-table", "schema-name": "dm_core", "table-name": "beer",
                    "transaction-id": 12884905812 + n}
        data = json.dumps({"data": row, "metadata": metadata}, separators=(",", ":"), ensure_ascii=False).encode()
        total += len(data)
        records.append({"recordId": f"{n:056}", "approximateArrivalTimestamp": 1752000000000 + n,
                        "data": base64.b64encode(data).decode(),
                        "kinesisRecordMetadata": {"shardId": "shardId-0", "partitionKey": "beer",
                                                  "approximateArrivalTimestamp": 1752000000000 + n,
                                                  "sequenceNumber": f"{n:056}", "subsequenceNumber": 0}})
    with open(path, "w") as file:
        json.dump({"invocationId": "i", "region": "us-east-1", "records": records}, file, separators=(",", ":"))


def cpu(command, environment=None):
    """CPU seconds and peak MiB of a process."""
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def ours(binary, event, invocations, target):
    """Plays the Runtime API for so many invocations, then refuses the next, which ends the process."""
    given = 0

    class RuntimeAPI(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body, headers=()):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            nonlocal given
            given += 1
            if given > invocations:
                return self.answer(403, b"{}")
            self.answer(200, event, [("Lambda-Runtime-Aws-Request-Id", f"r{given}"),
                                     ("Lambda-Runtime-Deadline-Ms", "4102444800000")])

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if given == invocations:
                with open(target, "wb") as file:
                    file.write(body)
            self.answer(202, b"{}")

    server = http.server.HTTPServer(("127.0.0.1", 0), RuntimeAPI)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
                   "CONTRACTS_DIR": os.path.join(ROOT, "infra/contracts")}
    used = cpu([binary], environment)
    server.shutdown()
    return used


def check(event, path):
    """The answer to every record: Ok, under its id, with the row's values digit for digit, for its table."""
    def loads(text):
        return json.loads(text, parse_float=decimal.Decimal)
    sent = json.loads(event)["records"]
    with open(path, "rb") as file:
        raw = file.read()
    got = json.loads(raw)["records"]
    assert len(raw) <= 6 << 20, "longer than Lambda takes"
    assert [r["recordId"] for r in sent] == [r["recordId"] for r in got], "other ids, or another order"
    for question, answer in zip(sent, got):
        envelope, line = loads(base64.b64decode(question["data"])), base64.b64decode(answer["data"])
        assert answer["result"] == "Ok" and line.endswith(b"}\n") and line.count(b"\n") == 1
        row = loads(line)
        assert row.pop("operation") == envelope["metadata"]["operation"]
        time, position, index = row["_cdc_order"].split("-")
        place = question["kinesisRecordMetadata"]
        assert (int(time), position, int(index)) == (
            place["approximateArrivalTimestamp"] * 1000, place["sequenceNumber"].zfill(56), place["subsequenceNumber"])
        assert row.pop("_cdc_sequence") == question["kinesisRecordMetadata"]["sequenceNumber"]
        assert {k: v for k, v in row.items() if not k.startswith("_cdc_")} == envelope["data"]
        assert answer["metadata"]["partitionKeys"] == {"table_name": envelope["metadata"]["table-name"]}
    return len(sent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("event", nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    folder = os.path.join(ROOT, ".build/firehose-bench")
    os.makedirs(folder, exist_ok=True)
    path = options.event or os.path.join(folder, "event.json")
    if not options.event:
        make_event(path, 3_000_000)
    with open(path, "rb") as file:
        event = file.read()
    answers = {name: os.path.join(folder, f"{name}.json") for name in ("cupel", "orjson")}
    runs = {
        "cupel": lambda n: ours(options.binary, event, n, answers["cupel"]),
        "orjson": lambda n: cpu([sys.executable, "-c", PEER, path, str(n), answers["orjson"]]),
    }
    taken, peak, ratios = {name: [] for name in runs}, dict.fromkeys(runs, 0), []
    for _ in range(options.rounds):
        for name, run in runs.items():
            few, many = run(10), run(60)
            taken[name].append((many[0] - few[0]) / 50)
            peak[name] = max(peak[name], many[1])
        ratios.append(taken["orjson"][-1] / taken["cupel"][-1])
    records = {name: check(event, answer) for name, answer in answers.items()}
    for name in runs:
        median = statistics.median(taken[name])
        print(f"{name:8}{median * 1000:8.2f} ms CPU an event {records[name] / median:12,.0f} records a CPU second"
              f"{peak[name]:8.1f} MiB")
    print(f"orjson / cupel: median {statistics.median(ratios):.1f}, least {min(ratios):.1f}, over {options.rounds} rounds; "
          f"an event of {len(event) / 1e6:.1f} MB, {records['cupel']} records, every answer checked")


main()
