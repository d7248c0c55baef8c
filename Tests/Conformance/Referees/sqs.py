"""Queues: sending, receiving, visibility, and refusals."""
import hashlib, json, struct, threading, time, uuid

from calls import check, eventually, fails, raw
from queues import arn, attributes, bodies, delete, queue, receive, send, sqs

PREFIX = "AWS.SimpleQueueService."


def digest(attributes):
    """The digest of https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html."""
    def part(data): return struct.pack(">I", len(data)) + data
    def value(a):
        return b"\1" + part(a["StringValue"].encode()) if "StringValue" in a else b"\2" + part(a["BinaryValue"])
    return hashlib.md5(b"".join(part(n.encode()) + part(attributes[n]["DataType"].encode()) + value(attributes[n])
                                for n in sorted(attributes))).hexdigest()


@check
def queues_are_created_found_and_deleted():
    url = queue(VisibilityTimeout=7)
    name = url.rsplit("/", 1)[1]
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == url, "equal attributes are not a conflict"
    assert sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "7"})["QueueUrl"] == url
    fails("QueueAlreadyExists", 400, sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "8"})
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    assert arn(url) == f"arn:aws:sqs:us-east-1:000000000000:{name}"
    sqs.delete_queue(QueueUrl=url)
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)
    fails(PREFIX + "NonExistentQueue", 400, sqs.get_queue_url, QueueName=name)
    fails(PREFIX + "NonExistentQueue", 400, sqs.delete_queue, QueueUrl=url)
    for bad in ("a b", "x" * 81, "a.fifo", ""):
        fails("InvalidParameterValue", 400, sqs.create_queue, QueueName=bad)
    fails("InvalidParameterValue", 400, sqs.create_queue, QueueName="a", Attributes={"FifoQueue": "true"})


@check
def lists_have_pages():
    prefix = "pages-" + uuid.uuid4().hex[:8]
    for n in range(5): sqs.create_queue(QueueName=f"{prefix}-{n}")
    pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": 2}))
    assert [len(p.get("QueueUrls", [])) for p in pages] == [2, 2, 1], pages
    assert [u[-1] for p in pages for u in p["QueueUrls"]] == list("01234")


@check
def attributes_have_defaults_and_limits():
    began = time.time()
    url = queue()
    all = attributes(url)
    expected = {"VisibilityTimeout": "30", "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0",
                "MessageRetentionPeriod": "345600", "MaximumMessageSize": "1048576", "SqsManagedSseEnabled": "true",
                "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
                "ApproximateNumberOfMessagesDelayed": "0"}
    assert {k: all[k] for k in expected} == expected, all
    assert began - 1 <= int(all["CreatedTimestamp"]) <= time.time() + 1
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "KmsMasterKeyId": "alias/aws/sqs"})
    assert attributes(url, "VisibilityTimeout", "KmsMasterKeyId") == {
        "VisibilityTimeout": "5", "KmsMasterKeyId": "alias/aws/sqs"}
    for name, value in (("VisibilityTimeout", "43201"), ("DelaySeconds", "901"), ("MessageRetentionPeriod", "59"),
                        ("MaximumMessageSize", "1023"), ("ReceiveMessageWaitTimeSeconds", "x")):
        fails("InvalidAttributeValue", 400, sqs.set_queue_attributes, QueueUrl=url, Attributes={name: value})
    fails("InvalidAttributeName", 400, sqs.set_queue_attributes, QueueUrl=url, Attributes={"Nothing": "1"})
    fails("InvalidAttributeName", 400, sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Nothing"])


@check
def a_message_is_received_hidden_and_deleted():
    url = queue(VisibilityTimeout=600)
    began = time.time()
    sent = send(url, "grün €")
    assert sent["MD5OfMessageBody"] == hashlib.md5("grün €".encode()).hexdigest()
    got, = receive(url, MessageSystemAttributeNames=["All"])
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "grün €")
    assert got["Attributes"]["ApproximateReceiveCount"] == "1" and got["Attributes"]["SenderId"], got
    assert began - 1 <= int(got["Attributes"]["SentTimestamp"]) / 1000 <= time.time() + 1
    assert not receive(url), "it is in flight"
    assert attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "1"
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    again, = receive(url, AttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"} and again["ReceiptHandle"] != got["ReceiptHandle"]
    delete(url, again)
    assert attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "0"
    delete(url, again)
    fails("InvalidParameterValue", 400, sqs.change_message_visibility, QueueUrl=url,
          ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=1)
    fails("ReceiptHandleIsInvalid", 400, sqs.delete_message, QueueUrl=url, ReceiptHandle="nonsense")
    fails("ReceiptHandleIsInvalid", 400, sqs.delete_message, QueueUrl=queue(), ReceiptHandle=again["ReceiptHandle"])


@check
def a_message_returns_after_its_visibility_timeout():
    url = queue(VisibilityTimeout=1)
    send(url, "x")
    first, = receive(url)
    second, = receive(url, WaitTimeSeconds=20)
    assert second["MessageId"] == first["MessageId"]


@check
def attributes_are_delivered_and_selected():
    url, given = queue(), {
        "name": {"DataType": "String", "StringValue": "Ä"}, "a.count": {"DataType": "Number", "StringValue": "12"},
        "a.bytes": {"DataType": "Binary.raw", "BinaryValue": b"\x00\xff"}}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5"}}
    sent = send(url, "x", MessageAttributes=given, MessageSystemAttributes=trace)
    assert sent["MD5OfMessageAttributes"] == digest(given)
    assert sent["MD5OfMessageSystemAttributes"] == digest(trace)
    for wanted, names in (("All", set(given)), ("a.*", {"a.count", "a.bytes"}), ("name", {"name"}), ("none", set())):
        message, = receive(url, VisibilityTimeout=0, MessageAttributeNames=[wanted], AttributeNames=["AWSTraceHeader"])
        got = message.get("MessageAttributes", {})
        assert got == {n: given[n] for n in names}, (wanted, got)
        assert not names or message["MD5OfMessageAttributes"] == digest(got)
        assert message["Attributes"] == {"AWSTraceHeader": "Root=1-5"}
    for bad in ({"DataType": "", "StringValue": "x"}, {"DataType": "Text", "StringValue": "x"},
                {"DataType": "String", "StringValue": ""}, {"DataType": "Number", "StringValue": "x"}):
        fails("InvalidParameterValue", 400, send, url, "x", MessageAttributes={"n": bad})
    many = {f"n{n}": {"DataType": "String", "StringValue": "x"} for n in range(11)}
    fails("InvalidParameterValue", 400, send, url, "x", MessageAttributes=many)


@check
def a_delay_is_kept():
    url = queue(DelaySeconds=900)
    send(url, "later")
    send(url, "now", DelaySeconds=0)
    assert bodies(receive(url)) == ["now"]
    assert attributes(url)["ApproximateNumberOfMessagesDelayed"] == "1"
    fails("InvalidParameterValue", 400, send, url, "x", DelaySeconds=901)


@check
def a_long_poll_ends_with_the_message():
    url, empty, ended = queue(), queue(), []
    polls = [threading.Thread(target=lambda url=url: ended.append(bodies(receive(url, WaitTimeSeconds=20)))) for url in (empty, url)]
    for poll in polls: poll.start()
    time.sleep(0.3)
    send(url, "at last")
    for poll in polls: poll.join()
    assert ended == [["at last"], []], "a poll that began earlier, of a queue that stays empty, ends later"
    began = time.monotonic()
    assert not receive(url, WaitTimeSeconds=1) and time.monotonic() - began >= 1
    for wrong in ({"WaitTimeSeconds": 21}, {"VisibilityTimeout": 43201}, {"n": 0}, {"n": 11}):
        fails("InvalidParameterValue", 400, receive, url, **wrong)


@check
def limits_are_enforced():
    url, other = queue(), queue(MaximumMessageSize=1024)
    send(url, "x" * 1_048_576)
    fails("InvalidParameterValue", 400, send, url, "x" * 1_048_577)
    fails("InvalidParameterValue", 400, send, other, "x" * 1025)
    fails("InvalidParameterValue", 400, send, other, "x" * 1020, MessageAttributes={
        "abc": {"DataType": "String", "StringValue": "x"}})
    fails("MissingParameter", 400, send, url, "")
    fails("InvalidMessageContents", 400, send, url, "\u0001")
    fails(PREFIX + "BatchRequestTooLong", 400, sqs.send_message_batch, QueueUrl=url, Entries=[
        {"Id": "a", "MessageBody": "x" * 600_000}, {"Id": "b", "MessageBody": "x" * 600_000}])
    fails(PREFIX + "NonExistentQueue", 400, send, url + "-none", "x")


@check
def batches_fail_entry_by_entry():
    url = queue(VisibilityTimeout=600)
    entries = [{"Id": f"e{n}", "MessageBody": f"m{n}"} for n in range(9)] + [
        {"Id": "bad", "MessageBody": "x", "DelaySeconds": 901}]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert len(answer["Successful"]) == 9, answer
    failure, = answer["Failed"]
    assert (failure["Id"], failure["Code"], failure["SenderFault"]) == ("bad", "InvalidParameterValue", True), failure
    got = receive(url)
    assert sorted(bodies(got)) == [f"m{n}" for n in range(9)], bodies(got)
    handles = [{"Id": f"r{n}", "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(got)]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {**h, "VisibilityTimeout": 0} for h in handles[:2]])
    assert len(changed["Successful"]) == 2 and len(receive(url)) == 2
    removed = sqs.delete_message_batch(QueueUrl=url, Entries=handles[2:] + [{"Id": "x", "ReceiptHandle": "nonsense"}])
    assert len(removed["Successful"]) == 7 and removed["Failed"][0]["Code"] == "ReceiptHandleIsInvalid", removed
    one = {"Id": "a", "MessageBody": "x"}
    for code, wrong in (("EmptyBatchRequest", []), ("BatchEntryIdsNotDistinct", [one, one]),
                        ("TooManyEntriesInBatchRequest", [{**one, "Id": str(n)} for n in range(11)]),
                        ("InvalidBatchEntryId", [{**one, "Id": "a b"}])):
        fails(PREFIX + code, 400, sqs.send_message_batch, QueueUrl=url, Entries=wrong)


@check
def a_message_received_too_often_goes_to_the_dead_letter_queue():
    dead = queue()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    url = queue(VisibilityTimeout=0, RedrivePolicy=policy)
    sent = send(url, "poison", MessageAttributes={"n": {"DataType": "String", "StringValue": "x"}})
    assert len(receive(url)) == len(receive(url)) == 1
    assert not receive(url), "a third receive is one too many"
    got, = receive(dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "poison") and got["MessageAttributes"]
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == arn(url)
    assert got["Attributes"]["ApproximateReceiveCount"] == "3"
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    for wrong in ("nonsense", '{"maxReceiveCount": 1}', json.dumps({"deadLetterTargetArn": arn(dead)}),
                  policy.replace('2}', '1001}'), policy.replace("referee", "none")):
        fails("InvalidParameterValue", 400, sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": wrong})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in attributes(url)


@check
def a_fifo_queue_keeps_the_order_of_each_group():
    url = queue(fifo=True, ContentBasedDeduplication="true", VisibilityTimeout=600)
    sent = [send(url, f"{group}{n}", MessageGroupId=group) for n in range(3) for group in "ab"]
    numbers = [s["SequenceNumber"] for s in sent]
    assert numbers == sorted(numbers) and len(set(numbers)) == 6
    first, = receive(url, n=1, AttributeNames=["All"])
    assert first["Body"] == "a0" and first["Attributes"]["MessageGroupId"] == "a"
    assert first["Attributes"]["SequenceNumber"] == numbers[0]
    assert bodies(receive(url)) == ["b0", "b1", "b2"], "group a waits for what is in flight"
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    fails("InvalidParameterValue", 400, delete, url, first)
    again = receive(url, n=1)
    assert bodies(again) == ["a0"]
    delete(url, again[0])
    assert bodies(receive(url)) == ["a1", "a2"]
    fails("MissingParameter", 400, send, url, "x")
    fails("InvalidParameterValue", 400, send, url, "x", MessageGroupId="a", DelaySeconds=1)


@check
def a_fifo_queue_accepts_a_duplicate_once():
    url = queue(fifo=True)
    first = send(url, "x", MessageGroupId="g", MessageDeduplicationId="d")
    second = send(url, "other", MessageGroupId="g", MessageDeduplicationId="d")
    assert (first["MessageId"], first["SequenceNumber"]) == (second["MessageId"], second["SequenceNumber"])
    assert bodies(receive(url)) == ["x"]
    fails("InvalidParameterValue", 400, send, url, "x", MessageGroupId="g")
    fails("InvalidParameterValue", 400, send, queue(), "x", MessageDeduplicationId="d")


@check
def purging_and_tagging():
    url = queue()
    for n in range(3): send(url, "x", DelaySeconds=n)
    sqs.purge_queue(QueueUrl=url)
    assert attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed") == {
        "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0"}
    sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "2"}


@check
def errors_name_both_codes():
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.GetQueueUrl"}
    status, given, content = raw("POST", "/", b'{"QueueName": "none"}', headers)
    assert status == 400 and given["x-amzn-query-error"] == PREFIX + "NonExistentQueue;Sender", dict(given)
    assert json.loads(content)["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"


@check
def many_receivers_never_share_a_message():
    url, seen, lock = queue(VisibilityTimeout=600), [], threading.Lock()

    def work():
        while got := receive(url):
            with lock: seen.extend(bodies(got))
    for start in range(0, 200, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "MessageBody": str(start + n)} for n in range(10)])
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    eventually(lambda: attributes(url)["ApproximateNumberOfMessages"] == "0", "the queue is empty", 10)
    assert sorted(seen, key=int) == [str(n) for n in range(200)]
