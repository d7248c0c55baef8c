"""The AWS CLI as people use it, with only its endpoint set."""
import json, os, subprocess, sys, tempfile, uuid
from pathlib import Path

from calls import check, endpoint, eventually

ENVIRONMENT = os.environ | {
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": endpoint}


def aws(*words, fails=False):
    run = subprocess.run([str(Path(sys.executable).parent / "aws"), *words], env=ENVIRONMENT, capture_output=True, text=True)
    assert (run.returncode != 0) == fails, (words, run.returncode, run.stderr)
    if fails: return run.stderr
    try: return json.loads(run.stdout)
    except ValueError: return run.stdout


@check
def files_are_uploaded_and_downloaded():
    name = "referee-" + uuid.uuid4().hex[:16]
    aws("s3", "mb", f"s3://{name}")
    with tempfile.TemporaryDirectory() as folder:
        content = os.urandom(11 << 20)
        Path(folder, "tree/b c").mkdir(parents=True)
        Path(folder, "tree/big").write_bytes(content)
        Path(folder, "tree/b c/é").write_bytes(b"small")
        aws("s3", "sync", f"{folder}/tree", f"s3://{name}/t", "--only-show-errors")
        assert "b c/é" in aws("s3", "ls", f"s3://{name}", "--recursive")
        assert not aws("s3", "sync", f"{folder}/tree", f"s3://{name}/t").strip(), "the second sync had something to do"
        Path(folder, "tree/b c/é").unlink()
        aws("s3", "sync", f"{folder}/tree", f"s3://{name}/t", "--delete", "--only-show-errors")
        assert "é" not in aws("s3", "ls", f"s3://{name}", "--recursive")
        aws("s3", "cp", f"s3://{name}/t/big", f"{folder}/back", "--only-show-errors")
        assert Path(folder, "back").read_bytes() == content
    assert "NoSuchBucket" in aws("s3", "ls", "s3://referee-none", fails=True)
    aws("s3", "rb", f"s3://{name}", "--force")


@check
def a_table_is_used():
    name = "referee-" + uuid.uuid4().hex[:12]
    aws("dynamodb", "create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST", "--attribute-definitions",
        "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH")
    aws("dynamodb", "wait", "table-exists", "--table-name", name)
    aws("dynamodb", "put-item", "--table-name", name, "--item", '{"id": {"S": "a"}, "n": {"N": "1"}}')
    got = aws("dynamodb", "get-item", "--table-name", name, "--key", '{"id": {"S": "a"}}')
    assert got["Item"] == {"id": {"S": "a"}, "n": {"N": "1"}}, got
    assert aws("dynamodb", "scan", "--table-name", name, "--select", "COUNT")["Count"] == 1
    assert "ConditionalCheckFailedException" in aws(
        "dynamodb", "put-item", "--table-name", name, "--item", '{"id": {"S": "a"}}', "--condition-expression",
        "attribute_not_exists(id)", fails=True)
    assert name in aws("dynamodb", "list-tables")["TableNames"]
    aws("dynamodb", "delete-table", "--table-name", name)


@check
def a_topic_reaches_a_queue():
    # Version 1 of the CLI uses its own host names for SQS, and needs the endpoint in the command.
    def sqs(*words, **more): return aws("sqs", "--endpoint-url", endpoint, *words, **more)
    name = "referee-" + uuid.uuid4().hex[:12]
    url = sqs("create-queue", "--queue-name", name)["QueueUrl"]
    arn = sqs("get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")["Attributes"]["QueueArn"]
    topic = aws("sns", "create-topic", "--name", name)["TopicArn"]
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    sent = aws("sns", "publish", "--topic-arn", topic, "--message", "hello")["MessageId"]
    message, = sqs("receive-message", "--queue-url", url, "--wait-time-seconds", "20")["Messages"]
    assert json.loads(message["Body"])["MessageId"] == sent, message
    sqs("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    assert "NonExistentQueue" in sqs("get-queue-url", "--queue-name", name + "-none", fails=True)
    aws("sns", "delete-topic", "--topic-arn", topic)
    sqs("delete-queue", "--queue-url", url)


@check
def the_pipelines_state_machine_and_logs_are_shown():
    listed = {m["name"]: m["stateMachineArn"] for m in aws("stepfunctions", "list-state-machines")["stateMachines"]}
    arn = listed["cupel-dev-ingestion"]
    started = aws("stepfunctions", "start-execution", "--state-machine-arn", arn, "--input", '{"control_id": "none"}')
    describe = ("stepfunctions", "describe-execution", "--execution-arn", started["executionArn"])
    eventually(lambda: aws(*describe)["status"] != "RUNNING", "the execution ends")
    assert aws(*describe)["status"] == "FAILED", "no control record has this id"
    history = aws("stepfunctions", "get-execution-history", "--execution-arn", started["executionArn"])["events"]
    assert history[0]["type"] == "ExecutionStarted" and history[-1]["type"] == "ExecutionFailed"
    assert "cupel-dev-dispatch" in listed
    aws("stepfunctions", "start-execution", "--state-machine-arn", listed["cupel-dev-dispatch"],
        "--input", '[{"control_id": "none"}]')
    reports = ("logs", "filter-log-events", "--log-group-name", "/aws/lambda/cupel-dev-compute-router",
               "--filter-pattern", "REPORT")
    eventually(lambda: aws(*reports).get("events"), "the dispatcher asks where to convert it")
    lines = aws(*reports)["events"]
    assert lines and all(e["message"].startswith("REPORT RequestId") for e in lines), lines


@check
def a_function_is_invoked():
    assert "cupel-dev-bronze-writer" in [f["FunctionName"] for f in aws("lambda", "list-functions")["Functions"]]
    with tempfile.TemporaryDirectory() as folder:
        answer = aws("lambda", "invoke", "--function-name", "cupel-dev-replayer", "--payload", "{}", f"{folder}/out")
        assert answer["StatusCode"] == 200 and "FunctionError" not in answer, answer
        json.loads(Path(folder, "out").read_text())


@check
def a_query_is_answered():
    name = "referee-" + uuid.uuid4().hex[:16]
    aws("s3", "mb", f"s3://{name}")
    started = aws("athena", "start-query-execution", "--query-string", "SELECT 6 * 7 AS answer", "--result-configuration",
                  f"OutputLocation=s3://{name}/athena/")["QueryExecutionId"]
    eventually(lambda: aws("athena", "get-query-execution", "--query-execution-id", started)
               ["QueryExecution"]["Status"]["State"] == "SUCCEEDED", "the query's end")
    results = aws("athena", "get-query-results", "--query-execution-id", started)
    assert [row["Data"][0]["VarCharValue"] for row in results["ResultSet"]["Rows"]] == ["answer", "42"]


@check
def a_table_of_glue_is_described_and_parted():
    name = "referee_" + uuid.uuid4().hex[:12]
    names = ("--database-name", name, "--table-name", "visits")
    def described(**more):
        return json.dumps({"Name": "visits", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
                           "PartitionKeys": [{"Name": "day", "Type": "date"}, {"Name": "shard", "Type": "int"}],
                           "StorageDescriptor": {"Location": f"s3://{name}/visits", "Columns": [{"Name": "id", "Type": "bigint"}]}} | more)
    aws("glue", "create-database", "--database-input", json.dumps({"Name": name, "Description": "A referee's."}))
    assert aws("glue", "get-database", "--name", name)["Database"]["Description"] == "A referee's."
    aws("glue", "create-table", "--database-name", name, "--table-input", described())
    assert "AlreadyExistsException" in aws(
        "glue", "create-table", "--database-name", name, "--table-input", described(), fails=True)
    table = aws("glue", "get-table", "--database-name", name, "--name", "visits")["Table"]
    assert table["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "bigint"}], table
    assert table["VersionId"] == "0" and table["CreateTime"], table
    aws("glue", "update-table", "--database-name", name, "--table-input", described(Description="Second"))
    assert aws("glue", "get-table", "--database-name", name, "--name", "visits")["Table"]["Description"] == "Second"
    assert [v["Table"]["VersionId"] for v in aws("glue", "get-table-versions", *names)["TableVersions"]] == ["1", "0"]

    def part(day, shard): return {"Values": [day, str(shard)], "StorageDescriptor": {"Location": f"s3://{name}/visits/{day}/{shard}"}}
    aws("glue", "create-partition", *names, "--partition-input", json.dumps(part("2026-03-01", 1)))
    failed = aws("glue", "batch-create-partition", *names, "--partition-input-list",
                 json.dumps([part("2026-03-01", 1), part("2026-03-01", 2), part("2026-03-02", 10)]))["Errors"]
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in failed] == [(["2026-03-01", "1"], "AlreadyExistsException")], failed
    def values(expression):
        return sorted(p["Values"] for p in aws("glue", "get-partitions", *names, "--expression", expression)["Partitions"])
    assert values("day = '2026-03-01' AND shard > 1") == [["2026-03-01", "2"]]
    assert values("shard BETWEEN 2 AND 10") == [["2026-03-01", "2"], ["2026-03-02", "10"]]
    aws("glue", "update-partition", *names, "--partition-value-list", "2026-03-02", "10", "--partition-input",
        json.dumps(part("2026-03-02", 10) | {"Parameters": {"rows": "7"}}))
    moved = aws("glue", "get-partition", *names, "--partition-values", "2026-03-02", "10")["Partition"]
    assert moved["Parameters"] == {"rows": "7"}, moved
    aws("glue", "delete-partition", *names, "--partition-values", "2026-03-01", "1")
    # Pages are asked for until none is left.
    assert len(aws("glue", "get-partitions", *names, "--page-size", "1")["Partitions"]) == 2
    assert "EntityNotFoundException" in aws(
        "glue", "get-partition", *names, "--partition-values", "2026-03-01", "1", fails=True)
    assert "visits" in [t["Name"] for t in aws("glue", "get-tables", "--database-name", name)["TableList"]]
    aws("glue", "delete-table", "--database-name", name, "--name", "visits")
    assert "EntityNotFoundException" in aws("glue", "get-table", "--database-name", name, "--name", "visits", fails=True)
    aws("glue", "delete-database", "--name", name)
