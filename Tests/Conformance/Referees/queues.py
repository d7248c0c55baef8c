"""Queues for the checks of SQS and of services that deliver to queues."""
import uuid

from calls import client

sqs = client("sqs")


def queue(fifo=False, **attributes):
    name = "referee-" + uuid.uuid4().hex[:12] + (".fifo" if fifo else "")
    if fifo: attributes["FifoQueue"] = "true"
    return sqs.create_queue(QueueName=name, Attributes={k: str(v) for k, v in attributes.items()})["QueueUrl"]


def attributes(url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"]).get("Attributes", {})


def arn(url): return attributes(url, "QueueArn")["QueueArn"]


def send(url, body, **more): return sqs.send_message(QueueUrl=url, MessageBody=body, **more)


def receive(url, **more):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=more.pop("n", 10), **more).get("Messages", [])


def delete(url, message): sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def bodies(messages): return [m["Body"] for m in messages]
