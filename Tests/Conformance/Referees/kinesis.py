"""Streams: putting, reading by every iterator, resharding, limits, and refusals; with boto3 and with the AWS CLI."""
import base64, datetime, hashlib, json, os, subprocess, sys, tempfile, time, uuid
from pathlib import Path

from calls import check, client, endpoint, fails, raw

kinesis = client("kinesis")
ALL_KEYS = 2 ** 128
HALF = str(ALL_KEYS // 2)


def stream(shards=1, **more):
    name = "referee-" + uuid.uuid4().hex[:12]
    kinesis.create_stream(StreamName=name, ShardCount=shards, **more)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return name


def shard_id(number): return f"shardId-{number:012}"


def shards(name, **more): return kinesis.list_shards(StreamName=name, **more)["Shards"]


def iterator(name, shard=0, type="TRIM_HORIZON", **more):
    return kinesis.get_shard_iterator(
        StreamName=name, ShardId=shard_id(shard), ShardIteratorType=type, **more)["ShardIterator"]


def patiently(call, **arguments):
    """Calls again when the shard's limits say so, as every consumer must."""
    while True:
        try:
            return call(**arguments)
        except kinesis.exceptions.ProvisionedThroughputExceededException:
            time.sleep(0.2)


def read(iterator):
    """All records up to the tip or the end of a shard, and the last answer."""
    records = []
    while True:
        answer = patiently(kinesis.get_records, ShardIterator=iterator)
        records += answer["Records"]
        if not answer["Records"] or not answer.get("NextShardIterator"): return records, answer
        iterator = answer["NextShardIterator"]


def data(records): return [r["Data"] for r in records]


@check
def streams_are_created_described_and_deleted():
    name = stream(3)
    described = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    arn = f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"
    assert described["StreamARN"] == arn and described["StreamStatus"] == "ACTIVE", described
    assert described["RetentionPeriodHours"] == 24 and described["EncryptionType"] == "NONE"
    assert described["StreamModeDetails"] == {"StreamMode": "PROVISIONED"} and not described["HasMoreShards"]
    ranges = [(int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"]))
              for s in described["Shards"]]
    assert ranges[0][0] == 0 and ranges[-1][1] == ALL_KEYS - 1, ranges
    assert all(left[1] + 1 == right[0] for left, right in zip(ranges, ranges[1:])), ranges
    assert [s["ShardId"] for s in described["Shards"]] == [shard_id(n) for n in range(3)]
    summary = kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 3 and summary["ConsumerCount"] == 0
    fails("ResourceInUseException", 400, kinesis.create_stream, StreamName=name, ShardCount=1)
    assert name in [n for page in kinesis.get_paginator("list_streams").paginate() for n in page["StreamNames"]]
    kinesis.delete_stream(StreamName=name)
    fails("ResourceNotFoundException", 400, kinesis.describe_stream, StreamName=name)
    fails("ResourceNotFoundException", 400, kinesis.put_record, StreamName=name, Data=b"", PartitionKey="k")
    fails("LimitExceededException", 400, kinesis.create_stream, StreamName=name, ShardCount=100_000)


@check
def records_are_read_as_they_were_put():
    name = stream()
    contents = [b"", b"\x00\xff" * 500, "é".encode(), b"x" * 300]
    places = [kinesis.put_record(StreamName=name, Data=c, PartitionKey="k")["SequenceNumber"] for c in contents]
    assert all(len(p) == 56 and p.isdigit() for p in places), places
    assert [int(p) for p in places] == sorted(int(p) for p in places)
    records, last = read(iterator(name))
    assert data(records) == contents and [r["SequenceNumber"] for r in records] == places
    assert last["MillisBehindLatest"] == 0
    age = datetime.datetime.now(datetime.timezone.utc) - records[0]["ApproximateArrivalTimestamp"]
    assert datetime.timedelta(seconds=-5) < age < datetime.timedelta(minutes=5), age
    next_place = kinesis.put_record(
        StreamName=name, Data=b"last", PartitionKey="k", SequenceNumberForOrdering=places[-1])["SequenceNumber"]
    assert int(next_place) > int(places[-1])


@check
def every_type_of_iterator_starts_at_its_place():
    name = stream()
    latest = iterator(name, type="LATEST")
    places = [kinesis.put_record(StreamName=name, Data=b"%d" % n, PartitionKey="k")["SequenceNumber"] for n in range(3)]
    def found(type, **more): return data(read(iterator(name, type=type, **more))[0])
    assert found("TRIM_HORIZON") == [b"0", b"1", b"2"]
    assert found("AT_SEQUENCE_NUMBER", StartingSequenceNumber=places[1]) == [b"1", b"2"]
    assert found("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=places[1]) == [b"2"]
    assert found("AT_TIMESTAMP", Timestamp=datetime.datetime(2020, 1, 1)) == [b"0", b"1", b"2"]
    assert data(read(latest)[0]) == [b"0", b"1", b"2"]
    start = shards(name)[0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert found("AT_SEQUENCE_NUMBER", StartingSequenceNumber=start) == [b"0", b"1", b"2"]
    def refused(**more):
        fails("InvalidArgumentException", 400, kinesis.get_shard_iterator, StreamName=name, ShardId=shard_id(0), **more)
    refused(ShardIteratorType="AT_SEQUENCE_NUMBER")
    refused(ShardIteratorType="LATEST", StartingSequenceNumber=places[0])
    refused(ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber="12345")
    other = stream()
    foreign = kinesis.put_record(StreamName=stream(2), Data=b"", PartitionKey="x", ExplicitHashKey=HALF)["SequenceNumber"]
    fails("InvalidArgumentException", 400, kinesis.get_shard_iterator, StreamName=other, ShardId=shard_id(0),
          ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=foreign)
    fails("ResourceNotFoundException", 400, kinesis.get_shard_iterator, StreamName=name, ShardId=shard_id(5),
          ShardIteratorType="LATEST")
    fails("InvalidArgumentException", 400, kinesis.get_records, ShardIterator="AAAA")


@check
def a_record_goes_to_the_shard_of_its_hash_key():
    name = stream(4)
    ranges = [(int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"])) for s in shards(name)]
    def owner(key): return next(shard_id(n) for n, (low, high) in enumerate(ranges) if low <= key <= high)
    keys = [uuid.uuid4().hex for _ in range(100)]
    answer = kinesis.put_records(StreamName=name, Records=[{"Data": k.encode(), "PartitionKey": k} for k in keys])
    assert answer["FailedRecordCount"] == 0
    for key, result in zip(keys, answer["Records"]):
        assert result["ShardId"] == owner(int(hashlib.md5(key.encode()).hexdigest(), 16)), (key, result)
    for key in (0, ranges[2][0], ranges[1][1], ALL_KEYS - 1):
        put = kinesis.put_record(StreamName=name, Data=b"", PartitionKey="k", ExplicitHashKey=str(key))
        assert put["ShardId"] == owner(key), (key, put)
    fails("InvalidArgumentException", 400, kinesis.put_record, StreamName=name, Data=b"", PartitionKey="k",
          ExplicitHashKey=str(ALL_KEYS))


@check
def a_split_shard_is_read_to_its_end():
    name = stream()
    kinesis.put_record(StreamName=name, Data=b"parent", PartitionKey="k")
    open_end = read(iterator(name))[1]
    assert open_end["NextShardIterator"] and "ChildShards" not in open_end
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=HALF)
    put = kinesis.put_record(StreamName=name, Data=b"child", PartitionKey="k", ExplicitHashKey=HALF)
    assert put["ShardId"] == shard_id(2), put
    records, end = read(iterator(name))
    assert data(records) == [b"parent"] and "NextShardIterator" not in end, end
    assert [(c["ShardId"], c["ParentShards"]) for c in end["ChildShards"]] == [
        (shard_id(1), [shard_id(0)]), (shard_id(2), [shard_id(0)])]
    parent, low, high = shards(name)
    assert int(parent["SequenceNumberRange"]["EndingSequenceNumber"]) < int(put["SequenceNumber"])
    assert low["ParentShardId"] == high["ParentShardId"] == shard_id(0) and "AdjacentParentShardId" not in low
    assert [s["ShardId"] for s in shards(name, ShardFilter={"Type": "AT_LATEST"})] == [shard_id(1), shard_id(2)]
    assert [s["ShardId"] for s in shards(name, ShardFilter={"Type": "AT_TRIM_HORIZON"})] == [shard_id(0)]
    fails("InvalidArgumentException", 400, kinesis.merge_shards, StreamName=name, ShardToMerge=shard_id(2),
          AdjacentShardToMerge=shard_id(1))
    fails("InvalidArgumentException", 400, kinesis.split_shard, StreamName=name, ShardToSplit=shard_id(0),
          NewStartingHashKey=HALF)
    kinesis.merge_shards(StreamName=name, ShardToMerge=shard_id(1), AdjacentShardToMerge=shard_id(2))
    child = shards(name)[3]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (shard_id(1), shard_id(2))
    assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(ALL_KEYS - 1)}
    assert data(read(iterator(name, 2))[0]) == [b"child"]
    for key in ("0", "1", str(ALL_KEYS - 1)):
        fails("InvalidArgumentException", 400, kinesis.split_shard, StreamName=name, ShardToSplit=shard_id(3),
              NewStartingHashKey=key)
    fails("ResourceNotFoundException", 400, kinesis.split_shard, StreamName=name, ShardToSplit=shard_id(9),
          NewStartingHashKey=HALF)


@check
def the_shard_count_goes_up_and_down():
    name = stream(2)
    answer = kinesis.update_shard_count(StreamName=name, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 3), answer
    ranges = sorted(int(s["HashKeyRange"]["StartingHashKey"]) for s in shards(name, ShardFilter={"Type": "AT_LATEST"}))
    assert ranges == [n * (ALL_KEYS // 3) for n in range(3)], ranges
    for target in (1, 7):
        fails("LimitExceededException", 400, kinesis.update_shard_count, StreamName=name, TargetShardCount=target,
              ScalingType="UNIFORM_SCALING")


@check
def a_shard_takes_a_megabyte_and_a_thousand_records_in_a_second():
    name = stream()
    small = [{"Data": b"x", "PartitionKey": "k"}] * 500
    accepted = refused = 0
    while not refused:
        answer = kinesis.put_records(StreamName=name, Records=small)
        errors = [r for r in answer["Records"] if "ErrorCode" in r]
        assert len(errors) == answer["FailedRecordCount"] and len(answer["Records"]) == 500
        for error in errors:
            assert error["ErrorCode"] == "ProvisionedThroughputExceededException" and "SequenceNumber" not in error
            assert error["ErrorMessage"] == (
                f"Rate exceeded for shard {shard_id(0)} in stream {name} under account 000000000000."), error
        accepted, refused = accepted + 500 - len(errors), refused + len(errors)
        assert accepted < 100_000, "the limit is never reached"
    assert len(read(iterator(name))[0]) == accepted


@check
def settings_and_tags_are_kept():
    name = stream(1, Tags={"a": "1"})
    kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=72)
    fails("InvalidArgumentException", 400, kinesis.increase_stream_retention_period, StreamName=name,
          RetentionPeriodHours=48)
    fails("InvalidArgumentException", 400, kinesis.decrease_stream_retention_period, StreamName=name,
          RetentionPeriodHours=23)
    kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=48)
    kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["ALL"])
    kinesis.add_tags_to_stream(StreamName=name, Tags={"b": "2"})
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 48 and summary["KeyId"] == "alias/aws/kinesis"
    assert len(summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == 7
    assert kinesis.list_tags_for_stream(StreamName=name)["Tags"] == [
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    kinesis.remove_tags_from_stream(StreamName=name, TagKeys=["a"])
    assert kinesis.list_tags_for_resource(ResourceARN=summary["StreamARN"])["Tags"] == [{"Key": "b", "Value": "2"}]
    put = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="k")
    assert put["EncryptionType"] == "KMS" and read(iterator(name))[0][0]["EncryptionType"] == "KMS"
    kinesis.update_stream_mode(StreamARN=summary["StreamARN"], StreamModeDetails={"StreamMode": "ON_DEMAND"})
    mode = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamModeDetails"]
    assert mode == {"StreamMode": "ON_DEMAND"}


@check
def policies_are_kept():
    arn = kinesis.describe_stream_summary(StreamName=stream())["StreamDescriptionSummary"]["StreamARN"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "kinesis:*", "Resource": arn}]})
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == policy
    kinesis.delete_resource_policy(ResourceARN=arn)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"
    fails("ResourceNotFoundException", 400, kinesis.delete_resource_policy, ResourceARN=arn)
    fails("ResourceNotFoundException", 400, kinesis.get_resource_policy, ResourceARN=arn + "-other")


@check
def an_on_demand_stream_has_four_shards():
    name = "referee-" + uuid.uuid4().hex[:12]
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert len(shards(name)) == 4
    first = kinesis.list_shards(StreamName=name, MaxResults=3)
    second = kinesis.list_shards(NextToken=first["NextToken"], MaxResults=3)
    assert [len(p["Shards"]) for p in (first, second)] == [3, 1] and "NextToken" not in second
    # As documented, although boto3's paginator sends both.
    fails("InvalidArgumentException", 400, kinesis.list_shards, StreamName=name, NextToken=first["NextToken"])


@check
def requests_are_refused_as_the_service_does():
    name = stream()
    def post(action, document, type="application/x-amz-json-1.1"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        status, _, content = raw(
            "POST", "/", body, {"X-Amz-Target": f"Kinesis_20131202.{action}", "Content-Type": type})
        return status, json.loads(content)
    status, answer = post("PutRecord", {"StreamName": name, "PartitionKey": "k"})
    assert status == 400 and answer["__type"].endswith("ValidationException"), answer
    assert answer["message"] == (
        "1 validation error detected: Value null at 'data' failed to satisfy constraint: Member must not be null"), answer
    status, answer = post("PutRecord", {"StreamName": name, "PartitionKey": "k" * 257, "Data": ""})
    assert status == 400 and "'partitionKey'" in answer["message"], answer
    status, answer = post("PutRecords", {"StreamName": name, "Records": [{"Data": "", "PartitionKey": "k"}] * 501})
    assert status == 400 and answer["__type"].endswith("ValidationException"), answer
    big = base64.b64encode(b"x" * (1 << 20 | 1)).decode()
    status, answer = post("PutRecord", {"StreamName": name, "PartitionKey": "k", "Data": big})
    assert status == 400 and answer["__type"].endswith("ValidationException"), answer
    # The partition key counts, too.
    limit = base64.b64encode(b"x" * ((1 << 20) - 2)).decode()
    for data in (big, limit):
        status, answer = post("PutRecords", {"StreamName": name, "Records": [{"PartitionKey": "key", "Data": data}]})
        assert status == 400 and answer["message"] == (
            "1 validation error detected: Value at 'records.1.member.data' failed to satisfy constraint: Member must have length less "
            "than or equal to 1048576"), answer
    status, answer = post("SplitShard", {"StreamName": name, "ShardToSplit": "", "NewStartingHashKey": "01"})
    assert answer["message"] == (
        "3 validation errors detected: Value '' at 'shardToSplit' failed to satisfy constraint: Member must satisfy regular expression "
        "pattern: [a-zA-Z0-9_.-]+; Value '' at 'shardToSplit' failed to satisfy constraint: Member must have length greater than or equal "
        "to 1; Value '01' at 'newStartingHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        "0|([1-9]\\d{0,38})"), answer
    status, answer = post("GetShardIterator", {"StreamName": name, "ShardId": "0", "ShardIteratorType": "FIRST"})
    assert "[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]" in answer["message"], answer
    status, answer = post("PutRecord", {"StreamName": name, "PartitionKey": "k", "Data": "no base64"})
    assert status == 400 and answer["__type"].endswith("SerializationException"), answer
    status, answer = post("ListStreams", b"\xa0", "application/x-amz-cbor-1.1")
    assert status == 400 and "AWS_CBOR_DISABLE" in answer["message"], answer
    status, answer = post("SubscribeToShard", {})
    assert status == 400 and answer["__type"].endswith("ValidationException"), answer


@check
def a_consumer_subscribes_to_a_shard():
    name = stream()
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]
    assert consumer["ConsumerARN"].startswith(arn + "/consumer/c:") and consumer["ConsumerStatus"] in ("CREATING", "ACTIVE")
    fails("ResourceInUseException", 400, kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="c")
    described = kinesis.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]
    assert described["StreamARN"] == arn and described["ConsumerName"] == "c", described
    assert [c["ConsumerName"] for c in kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]] == ["c"]
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["ConsumerCount"] == 1
    put = [kinesis.put_record(StreamName=name, Data=b"%d" % n, PartitionKey="k")["SequenceNumber"] for n in range(3)]
    def events(**start):
        return iter(kinesis.subscribe_to_shard(ConsumerARN=consumer["ConsumerARN"], ShardId=shard_id(0),
                                               StartingPosition=start)["EventStream"])
    found = events(Type="AT_SEQUENCE_NUMBER", SequenceNumber=put[1])
    event = next(found)["SubscribeToShardEvent"]
    assert [r["Data"] for r in event["Records"]] == [b"1", b"2"] and event["MillisBehindLatest"] == 0, event
    assert event["ContinuationSequenceNumber"] == put[2], event
    # What is put later arrives in the same stream, and the end of a shard ends it.
    kinesis.put_record(StreamName=name, Data=b"later", PartitionKey="k")
    later = []
    while not later: later = [r["Data"] for r in next(found)["SubscribeToShardEvent"]["Records"]]
    assert later == [b"later"], later
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=HALF)
    last = [e["SubscribeToShardEvent"] for e in found][-1]
    assert [c["ShardId"] for c in last["ChildShards"]] == [shard_id(1), shard_id(2)], last
    assert [r["Data"] for r in next(events(Type="TRIM_HORIZON"))["SubscribeToShardEvent"]["Records"]][:1] == [b"0"]
    fails("ResourceInUseException", 400, kinesis.delete_stream, StreamName=name)
    kinesis.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"])
    fails("ResourceNotFoundException", 400, kinesis.describe_stream_consumer, ConsumerARN=consumer["ConsumerARN"])
    kinesis.delete_stream(StreamName=name)


@check
def the_aws_cli_puts_and_reads():
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    def aws(*words):
        run = subprocess.run(
            [str(Path(sys.executable).parent / "aws"), "--endpoint-url", endpoint, "kinesis", *words],
            env=environment, capture_output=True, text=True)
        assert run.returncode == 0, (words, run.stderr)
        return json.loads(run.stdout) if run.stdout.strip() else None
    name = "referee-" + uuid.uuid4().hex[:12]
    aws("create-stream", "--stream-name", name, "--shard-count", "1")
    aws("wait", "stream-exists", "--stream-name", name)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "data").write_bytes(b"from the cli")
        put = aws("put-record", "--stream-name", name, "--partition-key", "k", "--data", f"fileb://{folder}/data")
    found = aws("get-shard-iterator", "--stream-name", name, "--shard-id", put["ShardId"], "--shard-iterator-type",
                "TRIM_HORIZON")
    record, = aws("get-records", "--shard-iterator", found["ShardIterator"])["Records"]
    assert base64.b64decode(record["Data"]) == b"from the cli" and record["SequenceNumber"] == put["SequenceNumber"]
    aws("delete-stream", "--stream-name", name)
