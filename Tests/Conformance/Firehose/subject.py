"""The endpoint under test, and what every test needs: a bucket, a function, delivery streams, and patience."""
import base64, functools, gzip, io, json, os, re, time, unittest, uuid, zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ.get("ENDPOINT") or exit("ENDPOINT is missing: the URL of an emulator, or aws.")
ROLE = os.environ.get("ROLE_ARN", "arn:aws:iam::000000000000:role/referee")
PATIENCE = float(os.environ.get("PATIENCE", "900"))
SUFFIX = r"(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}/\d\d/\d\d/\d\d/"

# What the function does with a record depends on its first word; JSON objects are kept, and partitioned by their `table`.
FUNCTION = '''
import base64, json

def handler(event, context):
    texts = [base64.b64decode(record["data"]).decode() for record in event["records"]]
    if any(text.startswith("crash") for text in texts): raise Exception("asked to crash")
    answers = []
    for record, text in zip(event["records"], texts):
        word = text.split(" ")[0]
        answer = {"recordId": record["recordId"], "result": "Ok", "data": record["data"]}
        def say(document): answer["data"] = base64.b64encode((json.dumps(document) + "\\n").encode()).decode()
        if word == "drop": answer = {"recordId": record["recordId"], "result": "Dropped", "data": record["data"]}
        if word == "fail": answer = {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
        if word == "rename": answer["recordId"] = "another"
        if word == "invent": answer["result"] = "Excellent"
        if word == "unencoded": answer["data"] = "no base64"
        if word == "upper": answer["data"] = base64.b64encode(text.upper().encode()).decode()
        if word == "measure":
            say({"records": len(texts), "bytes": sum(map(len, texts)), "payload": len(json.dumps(event))})
        if word == "echo":
            say({"event": {k: v for k, v in event.items() if k != "records"}, "record": record})
        if text.startswith("{"):
            keys = {k: v for k, v in json.loads(text).items() if k in ("table", "empty", "number")}
            answer["metadata"] = {"partitionKeys": keys}
        answers.append(answer)
        if word == "twice": answers.append(answer)
    return {"records": answers}
'''


def client(service):
    settings = Config(retries={"max_attempts": 8, "mode": "standard"}, connect_timeout=600, read_timeout=600,
                      s3={"addressing_style": "auto" if ENDPOINT == "aws" else "path"})
    if ENDPOINT == "aws": return boto3.client(service, config=settings)
    return boto3.client(service, endpoint_url=ENDPOINT, config=settings, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="test")


def unsettled(reason):
    """Marks a test of what the documentation does not settle."""
    def mark(test):
        test.__doc__ = f"{test.__doc__ or test.__name__} NOT SETTLED: {reason}"
        return unittest.skipIf(os.environ.get("SETTLED_ONLY"), f"not settled: {reason}")(test)
    return mark


def name(): return "referee-" + uuid.uuid4().hex[:16]


def parameters(**values): return [{"ParameterName": k, "ParameterValue": str(v)} for k, v in values.items()]


APPEND_NEWLINE = {"Type": "AppendDelimiterToRecord", "Parameters": []}
SEPARATE_JSON = {"Type": "RecordDeAggregation", "Parameters": parameters(SubRecordType="JSON")}


def separate_by(delimiter):
    return {"Type": "RecordDeAggregation", "Parameters": parameters(
        SubRecordType="DELIMITED", Delimiter=base64.b64encode(delimiter).decode())}


def processing(*processors): return {"ProcessingConfiguration": {"Enabled": True, "Processors": list(processors)}}


class SubjectTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.firehose, cls.s3, cls.functions, cls.kinesis = map(client, ("firehose", "s3", "lambda", "kinesis"))

    # MARK: What a test makes

    def setUp(self):
        self.bucket = self.make_bucket()

    def make_bucket(self):
        bucket = name()
        region = self.s3.meta.region_name
        more = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.s3.create_bucket(Bucket=bucket, **more)
        self.addCleanup(self.remove_bucket, bucket)
        return bucket

    def remove_bucket(self, bucket):
        for key in self.keys(bucket=bucket): self.s3.delete_object(Bucket=bucket, Key=key)
        self.s3.delete_bucket(Bucket=bucket)

    def function(self):
        """The ARN of a function that does what its records say."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file: file.writestr("index.py", FUNCTION)
        made = self.functions.create_function(
            FunctionName=name(), Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=60, MemorySize=256,
            Code={"ZipFile": archive.getvalue()})
        self.addCleanup(self.functions.delete_function, FunctionName=made["FunctionName"])
        if ENDPOINT == "aws": self.functions.get_waiter("function_active_v2").wait(FunctionName=made["FunctionName"])
        return made["FunctionArn"]

    def transform(self, function=None, **more):
        settings = {"LambdaArn": function or self.function(), "BufferIntervalInSeconds": 60} | more
        return {"Type": "Lambda", "Parameters": parameters(**settings)}

    def by_table(self, *before, after=(), prefix="data/!{partitionKeyFromLambda:table}/", **more):
        """A destination that partitions by the member `table` of JSON records."""
        return {"Prefix": prefix, "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
                "DynamicPartitioningConfiguration": {"Enabled": True},
                **processing(*before, self.transform(), *after)} | more

    def destination(self, **more):
        return {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{self.bucket}",
                "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}} | more

    def stream(self, source=None, **more):
        """A delivery stream into the test's bucket that waits for a minute, as AWS requires of partitioned ones."""
        stream = name()
        kind = {"DeliveryStreamType": "DirectPut"}
        if source: kind = {"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": {
            "KinesisStreamARN": source, "RoleARN": ROLE}}
        self.firehose.create_delivery_stream(
            DeliveryStreamName=stream, ExtendedS3DestinationConfiguration=self.destination(**more), **kind)
        self.addCleanup(self.firehose.delete_delivery_stream, DeliveryStreamName=stream)
        self.eventually(lambda: self.describe(stream)["DeliveryStreamStatus"] == "ACTIVE", f"{stream} is active")
        return stream

    def kinesis_stream(self, shards=1):
        stream = name()
        self.kinesis.create_stream(StreamName=stream, ShardCount=shards)
        self.addCleanup(self.kinesis.delete_stream, StreamName=stream)
        self.kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        summary = self.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        return stream, summary["StreamARN"]

    def put(self, stream, *records):
        for start in range(0, len(records), 500):
            answer = self.firehose.put_record_batch(
                DeliveryStreamName=stream, Records=[{"Data": r} for r in records[start:start + 500]])
            self.assertEqual(answer["FailedPutCount"], 0)

    def update(self, stream, **change):
        described = self.describe(stream)
        self.firehose.update_destination(
            DeliveryStreamName=stream, CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=described["Destinations"][0]["DestinationId"], ExtendedS3DestinationUpdate=change)

    # MARK: What a test finds

    def describe(self, stream):
        return self.firehose.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]

    def keys(self, prefix="", bucket=None):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket or self.bucket, Prefix=prefix)
        return [o["Key"] for page in pages for o in page.get("Contents", [])]

    def body(self, key, bucket=None):
        body = self.s3.get_object(Bucket=bucket or self.bucket, Key=key)["Body"].read()
        return gzip.decompress(body) if key.endswith(".gz") else body

    def content(self, prefix="", bucket=None):
        """The bytes of all objects under a prefix, in the order of their keys."""
        return b"".join(self.body(k, bucket) for k in sorted(self.keys(prefix, bucket)))

    def documents(self, prefix):
        return [json.loads(line) for line in self.content(prefix).splitlines()]

    def failures(self, count, prefix="errors/"):
        """The documents of failed records, once there are `count`."""
        self.eventually(lambda: len(self.documents(prefix)) >= count, f"{count} records under {prefix}")
        found = self.documents(prefix)
        self.assertEqual(len(found), count, found)
        return found

    def arrives(self, expected, prefix="", bucket=None):
        """Waits until exactly these bytes are under a prefix."""
        self.eventually(lambda: len(self.content(prefix, bucket)) >= len(expected), f"{len(expected)} bytes under {prefix!r}")
        self.assertEqual(self.content(prefix, bucket), expected)

    def arriving_key(self, prefix=""):
        self.eventually(lambda: self.keys(prefix), f"an object under {prefix!r}")
        key, = self.keys(prefix)
        return key

    def eventually(self, holds, what):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), deadline, f"not within {PATIENCE} s: {what}")
            time.sleep(0.1 if ENDPOINT != "aws" else 2)

    def refused(self, code, call, *arguments, **named):
        with self.assertRaises(ClientError) as caught: call(*arguments, **named)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)

    def declaration_refused(self, **more):
        """A delivery stream with this destination cannot be created."""
        stream = name()
        try:
            with self.assertRaises(ClientError) as caught:
                self.firehose.create_delivery_stream(
                    DeliveryStreamName=stream, ExtendedS3DestinationConfiguration=self.destination(**more))
        except AssertionError:
            self.firehose.delete_delivery_stream(DeliveryStreamName=stream)
            raise
        code = caught.exception.response["Error"]["Code"]
        self.assertIn(code, ("InvalidArgumentException", "ValidationException"), caught.exception)
