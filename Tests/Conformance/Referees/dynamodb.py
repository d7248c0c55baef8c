"""Tables, items, conditions, transactions, queries, indexes and streams."""
from decimal import Decimal
import gzip, json, threading, uuid

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from calls import check, client, fails

dynamodb, streams = client("dynamodb"), client("dynamodbstreams")


def item(**values): return {name: TypeSerializer().serialize(value) for name, value in values.items()}


def plain(item): return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def table(sort=None, index=False, stream=None):
    name = "referee-" + uuid.uuid4().hex[:12]
    attributes, keys, more = [("id", "S")], [("id", "HASH")], {}
    if sort:
        attributes.append((sort, "N"))
        keys.append((sort, "RANGE"))
    if index:
        attributes.append(("state", "S"))
        more["GlobalSecondaryIndexes"] = [{
            "IndexName": "by-state", "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}}]
    if stream: more["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream}
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in attributes],
        KeySchema=[{"AttributeName": n, "KeyType": t} for n, t in keys], **more)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    return name


@check
def tables_are_created_listed_and_deleted():
    name = table()
    assert dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
    listed = [n for page in dynamodb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
              for n in page["TableNames"]]
    assert name in listed and listed == sorted(listed), listed
    fails("ResourceInUseException", 400, dynamodb.create_table, TableName=name, BillingMode="PAY_PER_REQUEST",
          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    dynamodb.delete_table(TableName=name)
    fails("ResourceNotFoundException", 400, dynamodb.describe_table, TableName=name)
    fails("ResourceNotFoundException", 400, dynamodb.get_item, TableName=name, Key=item(id="a"))


@check
def every_type_is_returned_as_stored():
    name = table()
    value = item(id="a", n=Decimal("-12345678901234567890.123456789"), b=b"\x00\xff", t=True, z=None, l=[1, "x", [None]],
                 m={"é": {"deep": 1}}, ss={"p", "q"}, ns={1, 2}, bs={b"1"})
    dynamodb.put_item(TableName=name, Item=value)
    got = dynamodb.get_item(TableName=name, Key=item(id="a"), ConsistentRead=True)["Item"]
    assert plain(got) == plain(value), got
    assert "Item" not in dynamodb.get_item(TableName=name, Key=item(id="b"))
    part = dynamodb.get_item(TableName=name, Key=item(id="a"), ProjectionExpression="m.#e.deep, l[1]",
                             ExpressionAttributeNames={"#e": "é"})["Item"]
    assert plain(part) == {"m": {"é": {"deep": 1}}, "l": ["x"]}, part
    fails("ValidationException", 400, dynamodb.put_item, TableName=name, Item=item(n=1))
    fails("ValidationException", 400, dynamodb.put_item, TableName=name, Item=item(id=1))


@check
def a_condition_decides_a_write():
    name = table()
    once = dict(TableName=name, ConditionExpression="attribute_not_exists(id)")
    dynamodb.put_item(Item=item(id="a", v=1), **once)
    refused = fails("ConditionalCheckFailedException", 400, dynamodb.put_item, Item=item(id="a", v=2), **once,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert plain(refused["Item"]) == {"id": "a", "v": 1}, refused
    changed = dynamodb.update_item(
        TableName=name, Key=item(id="a"), UpdateExpression="SET v = v + :one, #l = list_append(if_not_exists(#l, :e), :x)",
        ConditionExpression="v = :one AND id IN (:a, :b)", ExpressionAttributeNames={"#l": "list"},
        ExpressionAttributeValues=item(**{":one": 1, ":a": "a", ":b": "b", ":e": [], ":x": ["x"]}), ReturnValues="ALL_NEW")
    assert plain(changed["Attributes"]) == {"id": "a", "v": 2, "list": ["x"]}, changed
    fails("ConditionalCheckFailedException", 400, dynamodb.delete_item, TableName=name, Key=item(id="a"),
          ConditionExpression="v > :n", ExpressionAttributeValues=item(**{":n": 5}))
    fails("ValidationException", 400, dynamodb.delete_item, TableName=name, Key=item(id="a"), ConditionExpression="v >")
    gone = dynamodb.delete_item(TableName=name, Key=item(id="a"), ReturnValues="ALL_OLD")
    assert plain(gone["Attributes"])["v"] == 2


@check
def one_of_many_concurrent_writes_succeeds():
    name, wins = table(), []

    def claim(number):
        try:
            dynamodb.put_item(TableName=name, Item=item(id="a", by=number), ConditionExpression="attribute_not_exists(id)")
            wins.append(number)
        except dynamodb.exceptions.ConditionalCheckFailedException: pass

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(16)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    stored = plain(dynamodb.get_item(TableName=name, Key=item(id="a"), ConsistentRead=True)["Item"])
    assert wins == [stored["by"]], (wins, stored)


@check
def a_transaction_is_all_or_nothing():
    name = table()
    dynamodb.transact_write_items(TransactItems=[
        {"Put": {"TableName": name, "Item": item(id="a", v=1)}}, {"Put": {"TableName": name, "Item": item(id="b", v=1)}}])
    refused = fails("TransactionCanceledException", 400, dynamodb.transact_write_items, TransactItems=[
        {"Delete": {"TableName": name, "Key": item(id="a")}},
        {"Put": {"TableName": name, "Item": item(id="b"), "ConditionExpression": "attribute_not_exists(id)"}}])
    assert [r["Code"] for r in refused["CancellationReasons"]] == ["None", "ConditionalCheckFailed"], refused
    both = dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": name, "Key": item(id=key)}} for key in ("a", "b", "c")])["Responses"]
    assert [r.get("Item") and plain(r["Item"])["v"] for r in both] == [1, 1, None], both
    fails("ValidationException", 400, dynamodb.transact_write_items, TransactItems=[
        {"Put": {"TableName": name, "Item": item(id="a")}}, {"Delete": {"TableName": name, "Key": item(id="a")}}])
    token = uuid.uuid4().hex
    for _ in range(2):
        dynamodb.transact_write_items(ClientRequestToken=token, TransactItems=[
            {"Update": {"TableName": name, "Key": item(id="a"), "UpdateExpression": "ADD v :n",
                        "ExpressionAttributeValues": item(**{":n": 1})}}])
    assert plain(dynamodb.get_item(TableName=name, Key=item(id="a"), ConsistentRead=True)["Item"])["v"] == 2


@check
def a_query_pages_in_the_order_of_the_sort_key():
    name = table(sort="n")
    numbers = [-20, -1, 0, 1, 2, 3, 9, 10, 11, 100]
    for start in range(0, len(numbers), 5):
        puts = [{"PutRequest": {"Item": item(id="a", n=n, even=n % 2 == 0)}} for n in numbers[start:start + 5][::-1]]
        assert not dynamodb.batch_write_item(RequestItems={name: puts})["UnprocessedItems"]
    dynamodb.put_item(TableName=name, Item=item(id="b", n=5))

    def query(condition="id = :a", values={":a": "a"}, page=3, **more):
        pages = dynamodb.get_paginator("query").paginate(
            TableName=name, KeyConditionExpression=condition, ExpressionAttributeValues=item(**values),
            PaginationConfig={"PageSize": page}, **more)
        return [int(plain(i)["n"]) for p in pages for i in p["Items"]]

    assert query() == numbers and query(ScanIndexForward=False) == numbers[::-1]
    assert query("id = :a AND n BETWEEN :l AND :h", {":a": "a", ":l": -1, ":h": 9}) == [-1, 0, 1, 2, 3, 9]
    assert query(values={":a": "a", ":t": True}, FilterExpression="even = :t") == [n for n in numbers if n % 2 == 0]
    first = dynamodb.query(TableName=name, KeyConditionExpression="id = :a", Limit=3,
                           ExpressionAttributeValues=item(**{":a": "a"}))
    assert plain(first["LastEvaluatedKey"]) == {"id": "a", "n": 0} and first["Count"] == 3
    count = dynamodb.query(TableName=name, KeyConditionExpression="id = :a", Select="COUNT",
                           ExpressionAttributeValues=item(**{":a": "a"}))
    assert count["Count"] == len(numbers) and "Items" not in count
    fails("ValidationException", 400, dynamodb.query, TableName=name, KeyConditionExpression="n = :a",
          ExpressionAttributeValues=item(**{":a": 1}))
    found = dynamodb.scan(TableName=name, TotalSegments=2, Segment=0)["Count"]
    assert found + dynamodb.scan(TableName=name, TotalSegments=2, Segment=1)["Count"] == len(numbers) + 1


@check
def an_index_follows_its_table():
    name = table(index=True)
    for key in "abc": dynamodb.put_item(TableName=name, Item=item(id=key, state="open", other=1))
    dynamodb.put_item(TableName=name, Item=item(id="d", other=1))

    def keys(state):
        found = dynamodb.query(TableName=name, IndexName="by-state", KeyConditionExpression="#s = :s",
                               ExpressionAttributeNames={"#s": "state"}, ExpressionAttributeValues=item(**{":s": state}))
        assert all("other" not in i for i in found["Items"]), "KEYS_ONLY projects no other attribute"
        return sorted(plain(i)["id"] for i in found["Items"])

    assert keys("open") == ["a", "b", "c"]
    dynamodb.update_item(TableName=name, Key=item(id="a"), UpdateExpression="SET #s = :s",
                         ExpressionAttributeNames={"#s": "state"}, ExpressionAttributeValues=item(**{":s": "shut"}))
    dynamodb.update_item(TableName=name, Key=item(id="b"), UpdateExpression="REMOVE #s",
                         ExpressionAttributeNames={"#s": "state"})
    assert keys("open") == ["c"] and keys("shut") == ["a"]
    assert dynamodb.scan(TableName=name, IndexName="by-state")["Count"] == 2
    fails("ValidationException", 400, dynamodb.query, TableName=name, IndexName="none", KeyConditionExpression="id = :a",
          ExpressionAttributeValues=item(**{":a": "a"}))
    fails("ValidationException", 400, dynamodb.put_item, TableName=name, Item=item(id="e", state=1))


@check
def a_stream_lists_every_change_in_order():
    name = table(stream="NEW_AND_OLD_IMAGES")
    arn = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    dynamodb.put_item(TableName=name, Item=item(id="a", v=1))
    dynamodb.put_item(TableName=name, Item=item(id="a", v=1))
    dynamodb.put_item(TableName=name, Item=item(id="a", v=2))
    dynamodb.delete_item(TableName=name, Key=item(id="a"))
    dynamodb.delete_item(TableName=name, Key=item(id="a"))
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    records = []
    for shard in shards:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    seen = [(r["eventName"], *(plain(r["dynamodb"].get(i, {})).get("v") for i in ("OldImage", "NewImage")))
            for r in records]
    # Writing an equal item changes nothing, and neither does deleting a missing one.
    assert seen == [("INSERT", None, 1), ("MODIFY", 1, 2), ("REMOVE", 2, None)], seen
    numbers = [int(r["dynamodb"]["SequenceNumber"]) for r in records]
    assert numbers == sorted(set(numbers))
    assert arn in [s["StreamArn"] for s in streams.list_streams(TableName=name)["Streams"]]


@check
def batches_read_and_write_many():
    name = table()
    puts = [{"PutRequest": {"Item": item(id=f"k{n:02}")}} for n in range(25)]
    dynamodb.batch_write_item(RequestItems={name: puts})
    fails("ValidationException", 400, dynamodb.batch_write_item, RequestItems={name: puts + puts[:1]})
    got = dynamodb.batch_get_item(RequestItems={name: {"Keys": [item(id=f"k{n:02}") for n in range(30)]}})
    assert len(got["Responses"][name]) == 25 and not got["UnprocessedKeys"]
    fails("ValidationException", 400, dynamodb.batch_get_item, RequestItems={name: {"Keys": [item(id="a"), item(id="a")]}})


@check
def a_table_is_exported_to_objects_and_imported_from_them():
    s3, bucket = client("s3"), "referee-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=bucket)
    name = table()
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    for n in range(3): dynamodb.put_item(TableName=name, Item=item(id=f"k{n}", v=n, b=b"bar"))
    export = dict(TableArn=arn, S3Bucket=bucket, S3Prefix="out", ExportFormat="DYNAMODB_JSON")
    fails("PointInTimeRecoveryUnavailableException", 400, dynamodb.export_table_to_point_in_time, **export)
    fails("TableNotFoundException", 400, dynamodb.export_table_to_point_in_time, **{**export, "TableArn": arn + "x"})
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    started = dynamodb.export_table_to_point_in_time(**export)["ExportDescription"]
    done = dynamodb.describe_export(ExportArn=started["ExportArn"])["ExportDescription"]
    assert done["ExportStatus"] == "COMPLETED" and done["ItemCount"] == 3, done
    summary = json.loads(s3.get_object(Bucket=bucket, Key=done["ExportManifest"])["Body"].read())
    files = s3.get_object(Bucket=bucket, Key=summary["manifestFilesS3Key"])["Body"].read().splitlines()
    data = [s3.get_object(Bucket=bucket, Key=json.loads(f)["dataFileS3Key"])["Body"].read() for f in files]
    rows = [json.loads(r)["Item"] for d in data for r in gzip.decompress(d).splitlines()]
    assert sorted(r["id"]["S"] for r in rows) == ["k0", "k1", "k2"] and rows[0]["b"] == {"B": "YmFy"}, rows
    listed = dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
    assert listed == [{"ExportArn": started["ExportArn"], "ExportStatus": "COMPLETED", "ExportType": "FULL_EXPORT"}]

    def imported(bucket, prefix, compression="NONE", target=None):
        target = target or "referee-" + uuid.uuid4().hex[:12]
        begun = dynamodb.import_table(
            S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix}, InputFormat="DYNAMODB_JSON",
            InputCompressionType=compression, TableCreationParameters={
                "TableName": target, "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]})["ImportTableDescription"]
        return target, dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]

    folder = done["ExportManifest"].rsplit("/", 1)[0] + "/data/"
    copy, ended = imported(bucket, folder, "GZIP")
    assert ended["ImportStatus"] == "COMPLETED" and ended["ImportedItemCount"] == 3, ended
    assert len(dynamodb.scan(TableName=copy)["Items"]) == 3
    # Documents need no line breaks between them, and an invalid one leaves the others.
    s3.put_object(Bucket=bucket, Key="loose", Body=b'{"Item":{"id":{"S":"}"}}}{"Item":{"id":{"S":"b"}}}\n{"id":{}}')
    partly, ended = imported(bucket, "loose")
    counts = [ended[c] for c in ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")]
    assert ended["ImportStatus"] == "FAILED" and counts == [3, 2, 1], ended
    assert len(dynamodb.scan(TableName=partly)["Items"]) == 2
    _, ended = imported("no-" + bucket, "")
    assert ended["FailureCode"] == "S3NoSuchBucket", ended
    assert "The specified bucket does not exist" in ended["FailureMessage"], ended
    fails("ResourceInUseException", 400, imported, bucket, "loose", target=copy)
