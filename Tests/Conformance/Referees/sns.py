"""Topics: subscriptions, deliveries, and refusals."""
import io, json, time, uuid, zipfile

from calls import check, client, eventually, fails
from queues import arn, attributes as queue_attributes, bodies, queue, receive, sqs

sns = client("sns")


def topic(**attributes):
    return sns.create_topic(Name="referee-" + uuid.uuid4().hex[:12], Attributes=attributes)["TopicArn"]


def subscribed(to, **attributes):
    """A queue that is subscribed to the topic."""
    url = queue()
    sns.subscribe(TopicArn=to, Protocol="sqs", Endpoint=arn(url), Attributes=attributes)
    return url


def text(value): return {"DataType": "String", "StringValue": value}


@check
def topics_are_created_listed_and_deleted():
    made = topic(DisplayName="Alarms")
    name = made.rsplit(":", 1)[1]
    assert made == f"arn:aws:sns:us-east-1:000000000000:{name}"
    assert sns.create_topic(Name=name)["TopicArn"] == made
    fails("InvalidParameter", 400, sns.create_topic, Name=name, Attributes={"DisplayName": "Other"})
    assert made in [t["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for t in page["Topics"]]
    sns.set_topic_attributes(TopicArn=made, AttributeName="DisplayName", AttributeValue="<New> & \"better\"")
    given = sns.get_topic_attributes(TopicArn=made)["Attributes"]
    assert given["DisplayName"] == "<New> & \"better\"" and given["TopicArn"] == made and given["Owner"] == "0" * 12
    sns.delete_topic(TopicArn=made)
    sns.delete_topic(TopicArn=made)
    fails("NotFound", 404, sns.get_topic_attributes, TopicArn=made)
    fails("InvalidParameter", 400, sns.get_topic_attributes, TopicArn="nonsense")
    for bad in ("", "a b", "x" * 257): fails("InvalidParameter", 400, sns.create_topic, Name=bad)


@check
def lists_have_pages():
    made = {topic() for _ in range(101)}
    pages = list(sns.get_paginator("list_topics").paginate())
    assert len(pages) > 1 and made <= {t["TopicArn"] for p in pages for t in p["Topics"]}
    for t in made: sns.delete_topic(TopicArn=t)


@check
def subscriptions_are_created_listed_and_deleted():
    to, url = topic(), queue()
    made = sns.subscribe(TopicArn=to, Protocol="sqs", Endpoint=arn(url))["SubscriptionArn"]
    assert made.startswith(to + ":")
    assert sns.subscribe(TopicArn=to, Protocol="sqs", Endpoint=arn(url))["SubscriptionArn"] == made
    fails("InvalidParameter", 400, sns.subscribe, TopicArn=to, Protocol="sqs", Endpoint=arn(url),
          Attributes={"RawMessageDelivery": "true"})
    expected = {"SubscriptionArn": made, "Owner": "0" * 12, "Protocol": "sqs", "Endpoint": arn(url), "TopicArn": to}
    assert sns.list_subscriptions_by_topic(TopicArn=to)["Subscriptions"] == [expected]
    assert expected in [s for p in sns.get_paginator("list_subscriptions").paginate() for s in p["Subscriptions"]]
    sns.set_subscription_attributes(SubscriptionArn=made, AttributeName="RawMessageDelivery", AttributeValue="true")
    given = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert (given["RawMessageDelivery"], given["PendingConfirmation"]) == ("true", "false"), given
    assert sns.get_topic_attributes(TopicArn=to)["Attributes"]["SubscriptionsConfirmed"] == "1"
    fails("InvalidParameter", 400, sns.set_subscription_attributes, SubscriptionArn=made,
          AttributeName="RawMessageDelivery", AttributeValue="maybe")
    sns.unsubscribe(SubscriptionArn=made)
    sns.unsubscribe(SubscriptionArn=made)
    fails("NotFound", 404, sns.get_subscription_attributes, SubscriptionArn=made)
    assert not sns.list_subscriptions_by_topic(TopicArn=to)["Subscriptions"]
    fails("NotFound", 404, sns.subscribe, TopicArn=to + "-none", Protocol="sqs", Endpoint=arn(url))
    for proto, endpoint in (("sqs", "nonsense"), ("pigeon", "x"), ("lambda", "x"), ("email", "x")):
        fails("InvalidParameter", 400, sns.subscribe, TopicArn=to, Protocol=proto, Endpoint=endpoint)


@check
def a_mail_subscription_stays_pending():
    to = topic()
    assert sns.subscribe(TopicArn=to, Protocol="email", Endpoint="a@example.com")["SubscriptionArn"] == "pending confirmation"
    listed, = sns.list_subscriptions_by_topic(TopicArn=to)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    assert sns.get_topic_attributes(TopicArn=to)["Attributes"]["SubscriptionsPending"] == "1"
    assert sns.publish(TopicArn=to, Message="x")["MessageId"]


@check
def a_notification_is_in_every_queue():
    to = topic()
    first, second, raw = subscribed(to), subscribed(to), subscribed(to, RawMessageDelivery="true")
    given = {"kind": text("alarm"), "count": {"DataType": "Number", "StringValue": "3"},
             "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sent = sns.publish(TopicArn=to, Message="grün & <good>", Subject="All's well", MessageAttributes=given)
    for url in (first, second):
        message, = receive(url, MessageAttributeNames=["All"])
        assert "MessageAttributes" not in message
        body = json.loads(message["Body"])
        assert (body["Type"], body["MessageId"], body["TopicArn"], body["Subject"], body["Message"]) == (
            "Notification", sent["MessageId"], to, "All's well", "grün & <good>"), body
        assert time.strptime(body["Timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")
        assert body["MessageAttributes"] == {
            "kind": {"Type": "String", "Value": "alarm"}, "count": {"Type": "Number", "Value": "3"},
            "bytes": {"Type": "Binary", "Value": "AP8="}}
    message, = receive(raw, MessageAttributeNames=["All"])
    assert message["Body"] == "grün & <good>" and message["MessageAttributes"] == given, message


@check
def each_protocol_gets_its_own_message():
    to = topic()
    url = subscribed(to, RawMessageDelivery="true")
    sns.publish(TopicArn=to, MessageStructure="json", Message=json.dumps({"default": "d", "sqs": "for queues"}))
    sns.publish(TopicArn=to, MessageStructure="json", Message=json.dumps({"default": "d", "email": "e"}))
    assert sorted(bodies(receive(url))) == ["d", "for queues"]
    for wrong in ("nonsense", "{}", '{"sqs": "x"}'):
        fails("InvalidParameter", 400, sns.publish, TopicArn=to, MessageStructure="json", Message=wrong)


@check
def filter_policies_select_messages():
    to = topic()
    red = subscribed(to, RawMessageDelivery="true", FilterPolicy=json.dumps(
        {"color": ["red", {"prefix": "dark"}], "size": [{"numeric": [">", 3]}]}))
    body = subscribed(to, RawMessageDelivery="true", FilterPolicyScope="MessageBody", FilterPolicy=json.dumps(
        {"state": {"value": ["ALARM"]}}))
    size = lambda n: {"DataType": "Number", "StringValue": str(n)}
    sns.publish(TopicArn=to, Message="1", MessageAttributes={"color": text("red"), "size": size(4)})
    sns.publish(TopicArn=to, Message="2", MessageAttributes={"color": text("red"), "size": size(3)})
    sns.publish(TopicArn=to, Message="3", MessageAttributes={"color": text("darkblue"), "size": size(9)})
    sns.publish(TopicArn=to, Message="4")
    sns.publish(TopicArn=to, Message="5", MessageAttributes={
        "color": {"DataType": "String.Array", "StringValue": '["blue", "red"]'}, "size": size(4)})
    sns.publish(TopicArn=to, Message='{"state": {"value": "ALARM"}}')
    assert sorted(bodies(receive(red))) == ["1", "3", "5"]
    assert bodies(receive(body)) == ['{"state": {"value": "ALARM"}}']
    fails("InvalidParameter", 400, sns.subscribe, TopicArn=to, Protocol="sqs", Endpoint=arn(queue()),
          Attributes={"FilterPolicy": "nonsense"})


@check
def a_message_that_a_queue_refuses_goes_to_the_dead_letter_queue():
    to, dead = topic(), queue()
    gone = queue()
    sns.subscribe(TopicArn=to, Protocol="sqs", Endpoint=arn(gone), Attributes={
        "RawMessageDelivery": "true", "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn(dead)})})
    sqs.delete_queue(QueueUrl=gone)
    well = subscribed(to, RawMessageDelivery="true")
    sns.publish(TopicArn=to, Message="x")
    assert bodies(receive(dead)) == bodies(receive(well)) == ["x"]


@check
def batches_fail_entry_by_entry():
    to = topic()
    url = subscribed(to, RawMessageDelivery="true")
    answer = sns.publish_batch(TopicArn=to, PublishBatchRequestEntries=[
        {"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2", "Subject": "two\nlines"}, {"Id": "c", "Message": "3"}])
    assert [s["Id"] for s in answer["Successful"]] == ["a", "c"] and answer["Successful"][0]["MessageId"]
    failed, = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("b", "InvalidParameter", True), failed
    assert sorted(bodies(receive(url))) == ["1", "3"]
    one = {"Id": "a", "Message": "x"}
    for code, wrong in (("BatchEntryIdsNotDistinct", [one, one]), ("InvalidBatchEntryId", [{**one, "Id": "a b"}]),
                        ("TooManyEntriesInBatchRequest", [{**one, "Id": str(n)} for n in range(11)])):
        fails(code, 400, sns.publish_batch, TopicArn=to, PublishBatchRequestEntries=wrong)


@check
def an_invalid_message_is_refused():
    to = topic()
    fails("InvalidParameter", 400, sns.publish, TopicArn=to, Message="")
    fails("InvalidParameter", 400, sns.publish, TopicArn=to, Message="x" * 262_145)
    for subject in ("", "x" * 101, "two\nlines", "grün"):
        fails("InvalidParameter", 400, sns.publish, TopicArn=to, Message="x", Subject=subject)
    fails("ParameterValueInvalid", 400, sns.publish, TopicArn=to, Message="x", MessageAttributes={"n": text("")})
    fails("NotFound", 404, sns.publish, TopicArn=to + "-none", Message="x")
    try: sns.publish(TopicArn=to + "-none", Message="x")
    except sns.exceptions.NotFoundException as error: assert error.response["Error"]["Message"] == "Topic does not exist"


@check
def tags_are_stored():
    to = topic()
    sns.tag_resource(ResourceArn=to, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=to, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=to)["Tags"] == [{"Key": "b", "Value": "2"}]
    fails("ResourceNotFound", 404, sns.list_tags_for_resource, ResourceArn=to + "-none")


@check
def a_function_gets_the_event():
    packed, url, to = io.BytesIO(), queue(), topic()
    code = ("import json, os, urllib.request\n"
            "def handler(event, context):\n"
            "    body = json.dumps({'QueueUrl': os.environ['QUEUE'], 'MessageBody': json.dumps(event)}).encode()\n"
            "    urllib.request.urlopen(urllib.request.Request(os.environ['AWS_ENDPOINT_URL'], body, {\n"
            "        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'}))\n")
    with zipfile.ZipFile(packed, "w") as archive: archive.writestr("f.py", code)
    function = client("lambda").create_function(
        FunctionName="referee-" + uuid.uuid4().hex[:8], Runtime="python3.12", Handler="f.handler", Timeout=60,
        Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"QUEUE": url}})["FunctionArn"]
    made = sns.subscribe(TopicArn=to, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
    sent = sns.publish(TopicArn=to, Message="x", MessageAttributes={"kind": text("alarm")})
    eventually(lambda: queue_attributes(url)["ApproximateNumberOfMessages"] == "1", "the function has run")
    record, = json.loads(receive(url)[0]["Body"])["Records"]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", made), record
    assert record["Sns"]["MessageId"] == sent["MessageId"] and record["Sns"]["Subject"] is None
    assert record["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "alarm"}}
