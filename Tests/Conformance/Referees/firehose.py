"""Delivery streams: creation, puts, delivery with and without partitions, failures, refusals; with boto3 and the AWS CLI."""
import base64, datetime, gzip, json, os, re, subprocess, sys, uuid
from pathlib import Path

from calls import bucket, check, client, endpoint, eventually, fails, s3

firehose, kinesis = client("firehose"), client("kinesis")
ROLE = "arn:aws:iam::000000000000:role/referee"
TRANSFORM = "arn:aws:lambda:us-east-1:000000000000:function:cupel-dev-firehose-transform"
SUFFIX = r"(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def delivery_stream(into, source=None, **more):
    """A delivery stream that delivers after a second."""
    name = "referee-" + uuid.uuid4().hex[:12]
    destination = {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{into}",
                   "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 1}} | more
    named = {"DeliveryStreamType": "DirectPut"}
    if source:
        named = {"DeliveryStreamType": "KinesisStreamAsSource",
                 "KinesisStreamSourceConfiguration": {"KinesisStreamARN": source, "RoleARN": ROLE}}
    firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination, **named)
    eventually(lambda: describe(name)["DeliveryStreamStatus"] == "ACTIVE", f"{name} is active")
    return name


def by_table(**more):
    """A destination that partitions by the table that the pipeline's transformation names."""
    return {
        "Prefix": "raw/!{partitionKeyFromLambda:table_name}/", "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "CompressionFormat": "GZIP", "FileExtension": ".json.gz", "DynamicPartitioningConfiguration": {"Enabled": True},
        "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": [
            {"ParameterName": "LambdaArn", "ParameterValue": TRANSFORM},
            {"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "1"}]}]}} | more


def describe(name): return firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]


def keys(name, prefix=""): return [o["Key"] for o in s3.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])]


def body(name, key): return s3.get_object(Bucket=name, Key=key)["Body"].read()


def envelope(table, row, operation="insert", **metadata):
    return json.dumps({"data": row, "metadata": {
        "timestamp": "2026-01-01T00:00:00.000000Z", "record-type": "data", "operation": operation,
        "partition-key-type": "primary-key", "schema-name": "public", "table-name": table} | metadata}).encode()


@check
def delivery_streams_are_created_described_listed_and_deleted():
    name = delivery_stream(bucket())
    described = describe(name)
    assert described["DeliveryStreamARN"] == f"arn:aws:firehose:us-east-1:000000000000:deliverystream/{name}"
    assert described["DeliveryStreamType"] == "DirectPut" and described["VersionId"] == "1", described
    assert isinstance(described["CreateTimestamp"], datetime.datetime)
    destination = described["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert destination["BufferingHints"] == {"SizeInMBs": 64, "IntervalInSeconds": 1}, destination
    assert name in firehose.list_delivery_streams(Limit=10000, DeliveryStreamType="DirectPut")["DeliveryStreamNames"]
    fails("ResourceInUseException", 400, firehose.create_delivery_stream, DeliveryStreamName=name,
          ExtendedS3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"})
    firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=[{"Key": "a", "Value": "1"}])
    assert firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"] == [{"Key": "a", "Value": "1"}]
    firehose.delete_delivery_stream(DeliveryStreamName=name)
    fails("ResourceNotFoundException", 400, firehose.describe_delivery_stream, DeliveryStreamName=name)
    fails("ResourceNotFoundException", 400, firehose.put_record, DeliveryStreamName=name, Record={"Data": b"x"})


@check
def records_are_joined_without_a_delimiter_under_the_default_prefix():
    into = bucket()
    name = delivery_stream(into)
    put = firehose.put_record(DeliveryStreamName=name, Record={"Data": b"one"})
    batch = firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"two"}, {"Data": b"three"}])
    ids = [put["RecordId"]] + [r["RecordId"] for r in batch["RequestResponses"]]
    assert batch["FailedPutCount"] == 0 and len(set(ids)) == 3, batch
    eventually(lambda: b"".join(body(into, k) for k in sorted(keys(into))) == b"onetwothree", "the object is delivered")
    for key in keys(into):
        match = re.fullmatch(rf"(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/{name}-1-{SUFFIX}", key)
        assert match and match.groups()[:4] == match.groups()[4:8], key


@check
def delimiters_compression_and_expressions():
    into = bucket()
    name = delivery_stream(
        into, Prefix="a/!{timestamp:yyyy}/!{firehose:random-string}/", CompressionFormat="GZIP",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": []}]})
    firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"one"}, {"Data": b"two"}])
    eventually(lambda: keys(into), "the object is delivered")
    key, = keys(into)
    assert re.fullmatch(rf"a/\d{{4}}/[A-Za-z0-9]{{11}}/{name}-1-{SUFFIX}\.gz", key), key
    assert gzip.decompress(body(into, key)) == b"one\ntwo\n"


@check
def a_function_transforms_and_partitions_and_its_failures_are_kept():
    into = bucket()
    name = delivery_stream(into, **by_table())
    rows = [("beer", {"beer_id": 1}), ("brewery", {"brewery_id": 2}), ("beer", {"beer_id": 3})]
    records = [envelope(table, row) for table, row in rows]
    control = json.dumps({"metadata": {"record-type": "control", "operation": "create-table", "table-name": "beer"}}).encode()
    answer = firehose.put_record_batch(
        DeliveryStreamName=name, Records=[{"Data": d} for d in records + [control, b"no JSON"]])
    assert answer["FailedPutCount"] == 0
    eventually(lambda: len(keys(into)) >= 3, "three prefixes are delivered")
    def lines(prefix):
        return [json.loads(line) for k in keys(into, prefix) for line in gzip.decompress(body(into, k)).splitlines()]
    assert [r["beer_id"] for r in lines("raw/beer/")] == [1, 3] and [r["brewery_id"] for r in lines("raw/brewery/")] == [2]
    failure, = lines("errors/processing-failed/")
    assert set(failure) == {"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp",
                            "rawData", "lambdaArn"}, failure
    assert base64.b64decode(failure["rawData"]) == b"no JSON" and failure["lambdaArn"] == TRANSFORM
    assert all(k.endswith(".json.gz") for k in keys(into)), keys(into)


@check
def a_kinesis_stream_is_read_from_the_creation_on():
    into, stream = bucket(), "referee-" + uuid.uuid4().hex[:12]
    kinesis.create_stream(StreamName=stream, ShardCount=2)
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.put_record(StreamName=stream, Data=b"before", PartitionKey="k")
    name = delivery_stream(into, source=arn, **by_table())
    fails("InvalidArgumentException", 400, firehose.put_record, DeliveryStreamName=name, Record={"Data": b"x"})
    put = kinesis.put_records(StreamName=stream, Records=[
        {"Data": envelope("beer", {"beer_id": n}), "PartitionKey": str(n)} for n in range(20)])
    sequences = {r["SequenceNumber"] for r in put["Records"]}
    def lines(): return [json.loads(l) for k in keys(into, "raw/beer/") for l in gzip.decompress(body(into, k)).splitlines()]
    eventually(lambda: len(lines()) >= 20, "all records are delivered")
    assert sorted(r["beer_id"] for r in lines()) == list(range(20)) and {r["_cdc_sequence"] for r in lines()} == sequences
    assert not keys(into, "errors/"), keys(into)


@check
def an_update_changes_the_version_in_the_names_of_objects():
    into = bucket()
    name = delivery_stream(into)
    described = describe(name)
    update = {"DeliveryStreamName": name, "DestinationId": described["Destinations"][0]["DestinationId"],
              "ExtendedS3DestinationUpdate": {"Prefix": "new/"}}
    fails("ConcurrentModificationException", 400, firehose.update_destination, CurrentDeliveryStreamVersionId="7", **update)
    firehose.update_destination(CurrentDeliveryStreamVersionId="1", **update)
    firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})
    eventually(lambda: keys(into), "the object is delivered")
    assert re.match(rf"new/\d{{4}}/\d\d/\d\d/\d\d/{name}-2-", keys(into)[0]), keys(into)


@check
def what_cannot_work_is_refused():
    def create(**more):
        destination = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"} | more
        return lambda: firehose.create_delivery_stream(
            DeliveryStreamName="referee-refused", ExtendedS3DestinationConfiguration=destination)
    partitioned = by_table()
    for broken in (partitioned | {"Prefix": "raw/"}, {k: v for k, v in partitioned.items() if k != "ErrorOutputPrefix"},
                   partitioned | {"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}},
                   {"Prefix": "!{timestamp:yyyy"}, {"Prefix": "!{unknown:x}"}):
        fails("InvalidArgumentException", 400, create(**broken))
    fails("InvalidArgumentException", 400, firehose.create_delivery_stream, DeliveryStreamName="referee-refused")
    name = delivery_stream(bucket())
    fails("InvalidArgumentException", 400, firehose.update_destination, DeliveryStreamName=name,
          CurrentDeliveryStreamVersionId="1", DestinationId="destinationId-000000000001")
    fails("ValidationException", 400, firehose.put_record, DeliveryStreamName=name, Record={"Data": b"x" * 1_024_001})
    fails("InvalidArgumentException", 400, firehose.put_record_batch, DeliveryStreamName=name,
          Records=[{"Data": b"x" * 1_000_000}] * 5)


@check
def tags_are_listed_in_pages():
    name = delivery_stream(bucket())
    tags = [{"Key": f"k{n}", "Value": f"v {n}"} for n in range(50)]
    firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=tags)
    first = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name, Limit=20)
    assert first["HasMoreTags"] and len(first["Tags"]) == 20, first
    rest = firehose.list_tags_for_delivery_stream(
        DeliveryStreamName=name, ExclusiveStartTagKey=first["Tags"][-1]["Key"])
    assert not rest["HasMoreTags"] and sorted(first["Tags"] + rest["Tags"], key=str) == sorted(tags, key=str), rest
    fails("LimitExceededException", 400, firehose.tag_delivery_stream, DeliveryStreamName=name, Tags=[{"Key": "more"}])
    fails("ValidationException", 400, firehose.tag_delivery_stream, DeliveryStreamName=name, Tags=[{"Key": "a!"}])


@check
def encryption_is_described_and_said_of_puts():
    name = delivery_stream(bucket())
    assert "DeliveryStreamEncryptionConfiguration" not in describe(name)
    firehose.start_delivery_stream_encryption(
        DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"})
    eventually(lambda: describe(name)["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED", "it is encrypted")
    assert firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"x"}])["Encrypted"]
    firehose.stop_delivery_stream_encryption(DeliveryStreamName=name)
    eventually(lambda: describe(name)["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED", "it is not encrypted")
    assert not firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})["Encrypted"]


@check
def the_aws_cli_puts():
    into = bucket()
    name = delivery_stream(into)
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    run = subprocess.run(
        [str(Path(sys.executable).parent / "aws"), "--endpoint-url", endpoint, "firehose", "put-record",
         "--delivery-stream-name", name, "--record", json.dumps({"Data": "cli"})],
        env=environment, capture_output=True, text=True)
    assert run.returncode == 0 and json.loads(run.stdout)["RecordId"], run.stderr
    eventually(lambda: keys(into), "the object is delivered")
    assert body(into, keys(into)[0]) == b"cli"
