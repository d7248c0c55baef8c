"""Every function in an empty root, under AWS's own emulator of its runtime."""
import base64, json, os, subprocess

from services import Service, trust, trusting
from surroundings import Function, Root, check, environment, expect, functions, packages

CONTROL_ID = "0123456789abcdef0123456789abcdef"


def change(number, size=0):
    data = {"beer_id": number, "beer_name": "x" * size}
    record = {"data": data, "metadata": {"timestamp": "2026-01-01T00:00:00Z", "record-type": "data", "operation": "insert",
                                         "partition-key-type": "schema-table", "schema-name": "app", "table-name": "beer"}}
    return {"recordId": str(number), "approximateArrivalTimestamp": 1767225600000,
            "data": base64.b64encode(json.dumps(record).encode()).decode(),
            "kinesisRecordMetadata": {"sequenceNumber": str(number), "shardId": "s", "partitionKey": "p",
                                      "approximateArrivalTimestamp": 1767225600000, "subsequenceNumber": ""}}


def batch(records):
    return {"invocationId": "i", "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/d",
            "sourceKinesisStreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s", "region": "us-east-1", "records": records}


created = {"Records": [{
    "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-01-01T00:00:00.000Z",
    "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "stage"}, "object": {
        "key": "raw/beer/beer.csv.gz", "size": 100, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "1"}}}]}


def aws(name, **options):
    return Function(name, trust | options.pop("variables", {}), trusting | options.pop("files", {}), **options)


@check
def the_root_is_empty_read_only_and_unprivileged():
    root = Root("replayer")
    found = sorted(path.name for path in root.path.iterdir())
    expect(found == ["dev", "proc", "rie", "tmp", "var"], found)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        root._enter()
        findings = {"capabilities": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapBnd")]}
        for path in ["/x", "/var/task/x", "/tmp/x"]:
            try:
                open(path, "w").close()
                findings[path] = "written"
            except OSError: findings[path] = "refused"
        os.write(writer, json.dumps(findings).encode())
        os._exit(0)
    os.waitpid(child, 0)
    findings = json.loads(os.read(reader, 4096))
    wanted = {"capabilities": ["0000000000000000"], "/x": "refused", "/var/task/x": "refused", "/tmp/x": "written"}
    expect(findings == wanted, findings)


@check
def every_function_is_packaged_and_known_here():
    expect(sorted(path.stem for path in packages.glob("*.zip")) == functions, list(packages.glob("*.zip")))


@check
def firehose_transform_flattens_with_the_contracts_beside_it():
    with Function("firehose-transform", without=["AWS_REGION", "CONTROL_TABLE"]) as function:
        answer = function.invoke(batch([change(7)]))
        record = answer["records"][0]
        expect(record["result"] == "Ok" and record["metadata"]["partitionKeys"] == {"table_name": "beer"}, answer)
        expect(json.loads(base64.b64decode(record["data"]))["beer_id"] == 7, answer)


@check
def control_recorder_records_in_dynamodb_over_tls():
    with aws("control-recorder") as function:
        Service.calls.clear()
        answer = function.invoke(created)
        expect(answer == {"recorded": 1, "already_recorded": 0, "refused": 0, "ignored": 0}, (answer, function.log[-800:]))
        made = [(host, action, body["TableName"]) for host, action, body in Service.calls]
        host = "dynamodb.us-east-1.amazonaws.com"
        expect(made == [(host, "UpdateItem", "control"), (host, "PutItem", "control")], Service.calls)


@check
def compute_router_and_bronze_writer_read_their_record():
    for name in ["compute-router", "bronze-writer"]:
        with aws(name) as function:
            Service.calls.clear()
            answer = function.invoke({"control_id": CONTROL_ID, "lease_owner": "test"})
            expect(CONTROL_ID in answer.get("errorMessage", "") and Service.calls, (name, answer, function.log[-800:]))


@check
def replayer_finds_nothing_to_replay():
    with aws("replayer") as function:
        answer = function.invoke({})
        expect(answer.get("replayed") == 0 and answer.get("complete") is True, (answer, function.log[-800:]))


@check
def three_hundred_invocations_take_one_process():
    with aws("control-recorder") as function:
        for number in range(300):
            event = json.loads(json.dumps(created).replace("beer.csv.gz", f"beer{number}.csv.gz"))
            answer = function.invoke(event)
            expect(answer.get("recorded") == 1, answer)
        expect(function.starts() == 1, function.log[:2000])


@check
def a_handler_error_is_answered_and_the_process_stays():
    with Function("firehose-transform") as function:
        for event, said in [({"no": "records"}, "records"), (b"not json", "byte 0"), (b"", "")]:
            answer = function.invoke(event)
            expect(answer["errorType"] and said in answer["errorMessage"], answer)
        expect(function.invoke(batch([change(1)]))["records"][0]["result"] == "Ok", "no answer after errors")
        expect(function.starts() == 1, function.log[:2000])


@check
def an_init_error_names_the_missing_variable():
    for name, options, said in [
        ("control-recorder", {"without": ["CONTROL_TABLE"]}, "CONTROL_TABLE"),
        ("bronze-writer", {"without": ["LAKE_BUCKET"]}, "LAKE_BUCKET"),
        ("replayer", {"without": ["AWS_REGION"]}, "AWS_REGION"),
        ("firehose-transform", {"variables": {"CONTRACTS_DIR": "/nowhere"}}, "/nowhere"),
    ]:
        with Function(name, **options) as function:
            answer = function.invoke({})
            expect("errorType" in answer and said in json.dumps(answer) + function.log, (name, answer, function.log[-800:]))


@check
def gold_build_finds_its_models_and_has_its_engine():
    with aws("gold-build") as function:
        answer = function.invoke({})
        levels = answer.get("levels", [])
        expect(levels[:1] == [["dm_silver.review_flat"]] and len(sum(levels, [])) == 6, (answer, function.log[-800:]))
    folder = packages / "gold-build"
    run = subprocess.run([folder / "duckdb", "-csv", "-noheader", "-c", "SELECT 41 + 1, uuid() IS NOT NULL; SELECT error('thrown')"],
                         capture_output=True, text=True, env={"LD_LIBRARY_PATH": str(folder / "lib")})
    expect(run.stdout == "42,true\n" and "thrown" in run.stderr, run)


@check
def payloads_of_six_megabytes_pass_both_ways():
    limit = 6 * 1024 * 1024
    records = [change(number, 20_000) for number in range(220)]
    while len(json.dumps(batch(records))) > limit: records.pop()
    with Function("firehose-transform") as function:
        answer = function.invoke(batch(records))
        results = {record["result"] for record in answer["records"]}
        expect(len(answer["records"]) == len(records) and results == {"Ok"}, results)
        expect(len(json.dumps(answer)) > 5_500_000, len(json.dumps(answer)))
        expect(function.invoke(batch([change(1)]))["records"][0]["result"] == "Ok", "no answer after a large one")


@check
def a_timeout_ends_the_process_and_the_next_invocation_gets_a_new_one():
    with aws("replayer", variables={"CONTROL_TABLE": "stall"}, timeout=10) as function:
        answer = function.invoke({})
        expect("timed out" in json.dumps(answer).lower() or "deadline" in json.dumps(answer).lower(), answer)
        answer = function.invoke({"ids": "none"})
        expect("errorType" in answer and "ids" in answer["errorMessage"], (answer, function.log[-1500:]))
