#!/usr/bin/env python3
"""Reads the dead-letter queues as an operator with boto3 would. Prints one JSON document.

    dead_letters.py ENDPOINT cause   makes the pipe and the recorder give up on one event each, and waits for their messages
                                     -> {"control_id": the record that the pipe could not dispatch,
                                         "letter_id": the record that the pipe's message leads to, "pipe": that message,
                                         "event": the recorder's event, "lost": its message}
    dead_letters.py ENDPOINT depths  -> {queue: number of messages}, as the alarms count them
"""
import json, sys, time, uuid

import boto3

endpoint, command = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="test")


sqs, states = client("sqs"), client("stepfunctions")
queues = {url.rsplit("/", 1)[1]: url for url in sqs.list_queues()["QueueUrls"]}


def depth(url):
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def letter(url, seconds=900):
    deadline = time.monotonic() + seconds
    while not depth(url):
        assert time.monotonic() < deadline, f"{url} is still empty"
        time.sleep(0.1)
    message, = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    return json.loads(message["Body"])


def cause():
    table = "cupel-dev-control"
    stream = client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    machine = next(m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"] if "dispatch" in m["name"])
    states.delete_state_machine(stateMachineArn=machine)
    control_id, event = uuid.uuid4().hex, {"Records": [{"eventSource": "aws:s3", "s3": "no object"}]}
    client("dynamodb").put_item(TableName=table, Item={
        "control_id": {"S": control_id}, "schema_name": {"S": "dm_bronze"}, "status": {"S": "pending"}})
    client("lambda").invoke(FunctionName="cupel-dev-control-recorder", InvocationType="Event", Payload=json.dumps(event))
    pipe, lost = letter(queues["cupel-dev-pending-records-dead"]), letter(queues["cupel-dev-lost-events"])
    batch, streams = pipe["DDBStreamBatchInfo"], client("dynamodbstreams")
    assert batch["streamArn"] == stream, batch
    iterator = streams.get_shard_iterator(
        StreamArn=stream, ShardId=batch["shardId"], ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"])["ShardIterator"]
    record = streams.get_records(ShardIterator=iterator, Limit=1)["Records"][0]
    letter_id = record["dynamodb"]["Keys"]["control_id"]["S"]
    return {"control_id": control_id, "letter_id": letter_id, "pipe": pipe, "event": event, "lost": lost}


print(json.dumps(cause() if command == "cause" else {name: depth(url) for name, url in queues.items()}))
