"""Hosts, presigned URLs, error documents, notifications, and the AWS CLI."""
import json, os, subprocess, sys, tempfile, urllib.request
from pathlib import Path

from calls import bucket, check, client, endpoint, raw, s3


@check
def the_host_can_name_the_bucket():
    name = bucket()
    s3.put_object(Bucket=name, Key="a/k", Body=b"hosted")
    for rest in ("localhost", "s3.us-east-1.localhost:4566", "s3.amazonaws.com", "s3.localhost"):
        host = f"{name}.{rest}"
        status, _, content = raw("GET", "/a/k", headers={"Host": host})
        assert (status, content) == (200, b"hosted"), (host, status, content)
        status, _, content = raw("GET", "/?list-type=2", headers={"Host": host})
        assert status == 200 and b"<Key>a/k</Key>" in content, host
    for host in ("localhost:4566", "s3.amazonaws.com", "s3.us-east-1.amazonaws.com"):
        status, _, content = raw("GET", f"/{name}/a/k", headers={"Host": host})
        assert (status, content) == (200, b"hosted"), (host, status, content)


@check
def presigned_urls_work():
    name = bucket()
    for version in ("s3v4", "s3"):
        signer = client("s3", signature_version=version)
        url = signer.generate_presigned_url("put_object", {"Bucket": name, "Key": "a b+c"}, ExpiresIn=60)
        put = urllib.request.Request(url, data=b"signed", method="PUT")
        with urllib.request.urlopen(put) as answer: assert answer.status == 200
        url = signer.generate_presigned_url(
            "get_object", {"Bucket": name, "Key": "a b+c", "ResponseContentType": "text/q"}, ExpiresIn=60)
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"signed" and answer.headers["Content-Type"] == "text/q"


@check
def errors_are_documents():
    status, headers, content = raw("GET", "/no-such-bucket-here/key?x=1")
    assert status == 404 and headers["Content-Type"] == "application/xml"
    assert headers["x-amz-request-id"] and headers["x-amz-id-2"]
    bucket_name = b"<BucketName>no-such-bucket-here</BucketName>"
    for part in (b"<Code>NoSuchBucket</Code>", b"<Message>", b"<RequestId>", bucket_name):
        assert part in content, content
    name = bucket()
    status, _, content = raw("PUT", f"/{name}/k%ff%fe", b"")
    assert status == 400, (status, content)
    status, _, content = raw("PUT", f"/{name}?versioning", b"<not closed")
    assert status == 400 and b"MalformedXML" in content
    status, _, content = raw("PUT", f"/{name}?versioning", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert status == 400, (status, content)


@check
def notifications_are_stored():
    name = bucket()
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket=name)
    rule = {
        "Id": "one", "LambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:nobody",
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/"}, {"Name": "suffix", "Value": ".gz"}]}}}
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}, SkipDestinationValidation=True)
    kept = s3.get_bucket_notification_configuration(Bucket=name)["LambdaFunctionConfigurations"]
    assert len(kept) == 1 and all(kept[0][part] == rule[part] for part in ("Id", "LambdaFunctionArn", "Events"))
    filters = kept[0]["Filter"]["Key"]["FilterRules"]
    assert [(f["Name"].lower(), f["Value"]) for f in filters] == [("prefix", "raw/"), ("suffix", ".gz")]
    s3.put_object(Bucket=name, Key="raw/x.gz", Body=b"")  # A function that is gone does not spoil the put.
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={})
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket=name)


@check
def the_aws_cli_works():
    name = bucket()
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint}

    def aws(*words):
        program = str(Path(sys.executable).parent / "aws")
        run = subprocess.run([program, *words], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, (words, run.stderr)
        return run.stdout

    with tempfile.TemporaryDirectory() as folder:
        content = os.urandom(30 << 20)
        Path(folder, "big").write_bytes(content)
        Path(folder, "tree/a").mkdir(parents=True)
        for number in range(5): Path(folder, f"tree/a/{number} x.txt").write_bytes(b"%d" % number)
        aws("s3", "cp", f"{folder}/big", f"s3://{name}/big", "--only-show-errors")
        aws("s3", "cp", f"s3://{name}/big", f"{folder}/back", "--only-show-errors")
        assert Path(folder, "back").read_bytes() == content
        aws("s3", "sync", f"{folder}/tree", f"s3://{name}/tree", "--only-show-errors")
        assert "3 x.txt" in aws("s3", "ls", f"s3://{name}/tree/a/")
        aws("s3", "mv", f"s3://{name}/big", f"s3://{name}/moved", "--only-show-errors")
        url = aws("s3", "presign", f"s3://{name}/moved").strip()
        with urllib.request.urlopen(url) as answer: assert answer.read() == content
        aws("s3", "rm", f"s3://{name}", "--recursive", "--only-show-errors")
        aws("s3", "rb", f"s3://{name}")
        assert json.loads(aws("sts", "get-caller-identity"))["Account"] == "000000000000"
