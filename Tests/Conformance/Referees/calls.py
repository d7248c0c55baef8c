"""Shared by all checks: the clients, the list of checks, and the expectation of a refusal."""
import hashlib, http.client, sys, time, urllib.parse, uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
address = urllib.parse.urlparse(endpoint).netloc
credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


def client(service, **config):
    settings = Config(retries={"max_attempts": 1}, connect_timeout=600, read_timeout=600, **config)
    return boto3.client(service, endpoint_url=endpoint, config=settings, **credentials)


s3 = client("s3")
checks = []


def check(function):
    checks.append(function)
    return function


def bucket(versioned=False):
    name = "referee-" + uuid.uuid4().hex[:16]
    s3.create_bucket(Bucket=name)
    if versioned: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def fails(code, status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ClientError as error:
        said = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        # An answer to HEAD has no body with the code.
        assert said in ((code, status), (str(status), status)), f"expected {code} {status}, got {said}"
        return error.response
    raise AssertionError(f"expected {code} {status}, got success")


def eventually(holds, what, seconds=900):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def raw(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(address, timeout=600)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def body(answer): return answer["Body"].read()


def md5(content): return hashlib.md5(content).hexdigest()
