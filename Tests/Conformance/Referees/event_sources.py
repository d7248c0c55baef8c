"""Event source mappings of Lambda, with boto3: records of Kinesis and DynamoDB invoke functions, in order, filtered, and what fails
is known of in a queue."""
import base64, io, json, uuid, zipfile

from calls import bucket, check, client, eventually, fails, s3

kinesis, dynamodb, functions, sqs, logs = map(client, ("kinesis", "dynamodb", "lambda", "sqs", "logs"))
ROLE = "arn:aws:iam::000000000000:role/referee"

# Prints what it gets; fails if a record's data are `bad`; with a window, counts its records.
CODE = """
import base64, json

def handler(event, context):
    records = event["Records"]
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() if "kinesis" in r else r["dynamodb"]["Keys"]["id"]["S"]
             for r in records]
    print(json.dumps({"texts": texts, "first": records[:1], "state": event.get("state"),
                      "final": event.get("isFinalInvokeForWindow")}))
    bad = [r for r, text in zip(records, texts) if "bad" in text]
    if "state" in event: return {"state": {"count": event["state"].get("count", 0) + len(records)}}
    if bad and "report" in context.function_name:
        return {"batchItemFailures": [{"itemIdentifier": r["kinesis"]["sequenceNumber"]} for r in bad]}
    if bad: raise Exception("bad record")
"""


def function(word=""):
    archive, name = io.BytesIO(), f"referee-{word}{uuid.uuid4().hex[:12]}"
    with zipfile.ZipFile(archive, "w") as file: file.writestr("index.py", CODE)
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=60,
                              Code={"ZipFile": archive.getvalue()})
    return name


def stream(shards=1):
    name = "referee-" + uuid.uuid4().hex[:12]
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    return name, kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]


def mapping(name, arn, **more):
    made = functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, **{"StartingPosition": "TRIM_HORIZON"} | more)
    eventually(lambda: functions.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled", "it is enabled")
    return made["UUID"]


def put(name, *texts, key="k"):
    answer = kinesis.put_records(StreamName=name, Records=[{"Data": t.encode(), "PartitionKey": key} for t in texts])
    return [r["SequenceNumber"] for r in answer["Records"]]


def seen(name):
    """What the function printed, an entry for each invocation."""
    try: events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    except logs.exceptions.ResourceNotFoundException: return []
    return [json.loads(e["message"]) for e in events if e["message"].startswith("{")]


def texts(name): return [text for entry in seen(name) for text in entry["texts"]]


def queue():
    url = sqs.create_queue(QueueName="referee-" + uuid.uuid4().hex[:12])["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def letter(url):
    found = []
    def receive():
        found.extend(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []))
        return found
    eventually(receive, "a letter arrives")
    return json.loads(found[0]["Body"])


@check
def records_of_kinesis_invoke_a_function_in_their_order():
    name, (source, arn) = function(), stream()
    mapping(name, arn, BatchSize=3)
    sequences = put(source, *[str(n) for n in range(10)])
    eventually(lambda: len(texts(name)) >= 10, "all records arrive")
    assert texts(name) == [str(n) for n in range(10)] and all(len(e["texts"]) <= 3 for e in seen(name)), seen(name)
    first = seen(name)[0]["first"][0]
    assert first["eventID"] == f"shardId-000000000000:{sequences[0]}" and first["eventSourceARN"] == arn, first
    assert (first["eventSource"], first["eventName"]) == ("aws:kinesis", "aws:kinesis:record"), first
    assert first["kinesis"]["sequenceNumber"] == sequences[0] and first["kinesis"]["partitionKey"] == "k", first


@check
def changes_of_a_table_invoke_a_function():
    name, table = function(), "referee-" + uuid.uuid4().hex[:12]
    dynamodb.create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    mapping(name, arn, FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]})
    for n in range(3): dynamodb.put_item(TableName=table, Item={"id": {"S": str(n)}})
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "0"}})
    dynamodb.put_item(TableName=table, Item={"id": {"S": "last"}})
    eventually(lambda: "last" in texts(name), "all changes arrive")
    assert texts(name) == ["0", "1", "2", "last"], texts(name)
    dynamodb.delete_table(TableName=table)


@check
def filters_see_the_data_as_json():
    name, (source, arn) = function(), stream()
    mapping(name, arn, FilterCriteria={"Filters": [{"Pattern": '{"data": {"type": ["buy"]}}'}]})
    put(source, '{"type": "buy", "n": 1}', '{"type": "sell"}', "no JSON", '{"type": "buy", "n": 2}')
    eventually(lambda: len(texts(name)) >= 2, "both records arrive")
    assert [json.loads(t)["n"] for t in texts(name)] == [1, 2], texts(name)


@check
def a_failing_batch_is_halved_and_its_bad_record_is_named_in_the_queue():
    name, (source, arn), (url, queue_arn) = function(), stream(), queue()
    mapping(name, arn, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": queue_arn}})
    sequences = put(source, "a", "b", "bad", "d")
    body = letter(url)
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted", body
    assert body["responseContext"]["functionError"] == "Unhandled" and body["version"] == "1.0", body
    info = body["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"]) == (sequences[2], sequences[2]), info
    assert info["batchSize"] == 1 and info["streamArn"] == arn and info["shardId"] == "shardId-000000000000", info
    eventually(lambda: "d" in texts(name), "the records after it arrive")


@check
def what_a_function_reports_is_retried_alone_and_kept_in_a_bucket():
    name, (source, arn), into = function("report-"), stream(), bucket()
    id = mapping(name, arn, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=0,
                 DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{into}"}})
    put(source, "a", "bad", "c")
    def objects(): return s3.list_objects_v2(Bucket=into).get("Contents", [])
    eventually(objects, "the letter is stored")
    key = objects()[0]["Key"]
    assert key.startswith(f"aws/lambda/{id}/shardId-000000000000/"), key
    body = json.loads(s3.get_object(Bucket=into, Key=key)["Body"].read())
    records = json.loads(body["payload"])["Records"]
    assert "bad" in [base64.b64decode(r["kinesis"]["data"]).decode() for r in records], records
    assert texts(name)[:3] == ["a", "bad", "c"], texts(name)


@check
def a_window_counts():
    name, (source, arn) = function(), stream()
    mapping(name, arn, TumblingWindowInSeconds=2, BatchSize=1)
    put(source, "a", "b", "c")
    def finals(): return [e["state"]["count"] for e in seen(name) if e["final"]]
    eventually(lambda: sum(finals()) >= 3, "the windows end")
    assert sum(finals()) == 3 and texts(name) == ["a", "b", "c"], seen(name)


@check
def a_mapping_is_listed_changed_and_deleted():
    name, (source, arn) = function(), stream()
    id = mapping(name, arn, BatchSize=10)
    fails("ResourceConflictException", 409, functions.create_event_source_mapping, FunctionName=name, EventSourceArn=arn,
          StartingPosition="LATEST")
    fails("InvalidParameterValueException", 400, functions.create_event_source_mapping, FunctionName=function(),
          EventSourceArn=arn)
    listed = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [m["UUID"] for m in listed] == [id] and listed[0]["BatchSize"] == 10, listed
    assert functions.update_event_source_mapping(UUID=id, Enabled=False)["State"] in ("Disabled", "Disabling")
    put(source, "later")
    functions.update_event_source_mapping(UUID=id, Enabled=True)
    eventually(lambda: texts(name) == ["later"], "the record arrives")
    functions.delete_event_source_mapping(UUID=id)
    fails("ResourceNotFoundException", 404, functions.get_event_source_mapping, UUID=id)
