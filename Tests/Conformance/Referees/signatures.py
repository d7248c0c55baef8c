"""Signatures: what an emulator with --strict-auth accepts and refuses. botocore signs; the chunks are signed by hand."""
import base64, datetime, hashlib, hmac, http.client, json, os, subprocess, sys, tempfile, urllib.parse, xml.etree.ElementTree as xml
from pathlib import Path
from unittest import mock

import boto3, botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from calls import address, body, check, endpoint, fails

KEY = SECRET = "emulator"
EMPTY = hashlib.sha256(b"").hexdigest()


def client(service, key=KEY, secret=SECRET, token=None, **config):
    settings = Config(retries={"max_attempts": 1}, connect_timeout=600, read_timeout=600, **config)
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", config=settings, aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token)


s3 = client("s3")
s3.create_bucket(Bucket="signed")


def signed_at(seconds):
    """Makes botocore sign as if its clock were ahead by so many seconds."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return mock.patch("botocore.auth.get_current_datetime", lambda *_: now)


def sign(service, method, path, content=b"", headers=None, query="", ahead=0, signer=None, secret=SECRET, region="us-east-1"):
    """Returns the headers of a signed request."""
    request = AWSRequest(method, f"{endpoint}{path}" + ("?" + query if query else ""), dict(headers or {}), content)
    request.headers["Host"] = address
    kind = signer or (botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth)
    with signed_at(ahead): kind(Credentials(KEY, secret), service, region).add_auth(request)
    return dict(request.headers.items())


def send(method, target, headers=None, content=b""):
    connection = http.client.HTTPConnection(address, timeout=600)
    connection.request(method, target, content, headers or {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def code(answer):
    """The status and the error's code, whatever the protocol."""
    status, headers, text = answer
    if headers.get("x-amzn-ErrorType"): return status, headers["x-amzn-ErrorType"]
    if text.startswith(b"<"):
        return status, next((e.text for e in xml.fromstring(text).iter() if e.tag.endswith("Code")), None)
    return status, json.loads(text)["__type"].split("#")[-1] if text else None


JSON_SERVICES = {
    "dynamodb": ("DynamoDB_20120810.ListTables", "1.0"), "kinesis": ("Kinesis_20131202.ListStreams", "1.1"),
    "states": ("AWSStepFunctions.ListStateMachines", "1.0"), "sqs": ("AmazonSQS.ListQueues", "1.0"),
    "logs": ("Logs_20140328.DescribeLogGroups", "1.1"), "ecs": ("AmazonEC2ContainerServiceV20141113.ListTaskDefinitions", "1.1"),
    "firehose": ("Firehose_20150804.ListDeliveryStreams", "1.1"), "glue": ("AWSGlue.GetDatabases", "1.1")}
QUERIES = {"sts": "Action=GetCallerIdentity&Version=2011-06-15", "sns": "Action=ListTopics&Version=2010-03-31",
           "cloudformation": "Action=DescribeStacks&Version=2010-05-15"}


def call(service, how=sign, change=lambda headers, content: (headers, content), **options):
    """Sends one request to a service; `how` signs it, and `change` changes it afterwards."""
    if service == "s3": method, path, headers, content = "GET", "/signed", {}, b""
    elif service == "lambda": method, path, headers, content = "GET", "/2015-03-31/functions", {}, b""
    elif service in QUERIES:
        method, path, content = "POST", "/", QUERIES[service].encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    else:
        target, version = JSON_SERVICES[service]
        method, path, content = "POST", "/", b"{}"
        headers = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{version}"}
    headers, content = change(how(service, method, path, content, headers, **options), content)
    return send(method, path, headers, content)


def expected(refusal):
    """The status and code for each service, by protocol."""
    json_code, query_code, query_status, s3_code, s3_status = refusal
    return {**{service: (400, json_code) for service in JSON_SERVICES}, "lambda": (403, json_code),
            **{service: (query_status, query_code) for service in QUERIES}, "s3": (s3_status, s3_code)}


def refused(refusal, *arguments, **options):
    for service, wanted in expected(refusal).items():
        got = code(call(service, *arguments, **options))
        assert got == wanted, (service, got, wanted)


WRONG = ("InvalidSignatureException", "SignatureDoesNotMatch", 403, "SignatureDoesNotMatch", 403)
UNKNOWN = ("UnrecognizedClientException", "InvalidClientTokenId", 403, "InvalidAccessKeyId", 403)


@check
def right_signatures_are_accepted_by_every_service():
    for service in expected(WRONG):
        status, _, text = call(service)
        assert status == 200, (service, status, text)
    assert s3.list_buckets()["Buckets"]
    assert client("dynamodb").list_tables()["TableNames"]
    assert client("dynamodbstreams").list_streams()["Streams"]
    client("ssm").put_parameter(Name="/signed", Value="v", Type="String")
    assert client("lambda").get_function(FunctionName="cupel-dev-replayer")["Configuration"]["State"] == "Active"
    for service, call_name in (("scheduler", "list_schedules"), ("pipes", "list_pipes"),
                               ("iam", "list_roles"), ("logs", "describe_log_groups")):
        getattr(client(service), call_name)()
    assert call("dynamodb", ahead=-890)[0] == 200 and call("s3", ahead=890)[0] == 200, "15 minutes of difference"
    status, _, _ = send("GET", "/_cupel/health")
    assert status == 200


@check
def a_missing_signature_is_refused():
    missing = ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403, "AccessDenied", 403)
    without = expected(missing)
    # Nothing but a signature tells these apart from IAM, whose protocol is the same.
    for service, wanted in without.items():
        got = code(call(service, lambda service, method, path, content, headers: headers))
        assert got == wanted, (service, got, wanted)
    assert code(send("PUT", "/signed/anonymous", {}, b"x")) == (403, "AccessDenied")
    assert code(send("GET", "/", {"Authorization": "Basic dGVzdDp0ZXN0"})) == (403, "AccessDenied")
    fails("404", 404, s3.head_object, Bucket="signed", Key="anonymous")


@check
def a_wrong_secret_is_refused():
    refused(WRONG, secret="guess")
    refused(WRONG, change=lambda headers, content: ({**headers, "Authorization": headers["Authorization"][:-1] + "g"}, content))
    for service, name in (("s3", "SignatureDoesNotMatch"), ("dynamodb", "InvalidSignatureException")):
        wrong = client(service, secret="guess")
        error = fails(name, 403 if service == "s3" else 400, wrong.list_buckets if service == "s3" else wrong.list_tables)
        said = error["Error"]
        # The answer says what ought to have been signed, as AWS's does.
        assert "AWS4-HMAC-SHA256" in said.get("StringToSign", said["Message"]), said


@check
def an_unknown_key_or_token_is_refused():
    refused(UNKNOWN, change=lambda headers, content: (
        {**headers, "Authorization": headers["Authorization"].replace("Credential=emulator/", "Credential=other/")}, content))
    fails("UnrecognizedClientException", 400, client("dynamodb", token="t").list_tables)
    fails("InvalidToken", 400, client("s3", token="t").list_buckets)


@check
def an_old_or_early_signature_is_refused():
    skewed = ("InvalidSignatureException", "SignatureDoesNotMatch", 403, "RequestTimeTooSkewed", 403)
    refused(skewed, ahead=-16 * 60)
    refused(skewed, ahead=16 * 60)
    text = json.loads(call("dynamodb", ahead=-16 * 60)[2])["message"]
    assert text.startswith("Signature expired: ") and text.endswith(" - 15 min.)"), text
    text = json.loads(call("dynamodb", ahead=16 * 60)[2])["message"]
    assert text.startswith("Signature not yet current: ") and text.endswith(" + 15 min.)"), text


@check
def what_was_not_signed_is_refused():
    put = {"X-Amz-Target": "DynamoDB_20120810.DeleteTable"}
    assert code(call("dynamodb", change=lambda headers, content: ({**headers, **put}, content)))[1] == WRONG[0]
    assert code(call("dynamodb", change=lambda headers, content: (headers, b'{"Limit": 1}')))[1] == WRONG[0]
    extra = {"x-amz-acl": "public-read"}
    assert code(call("s3", change=lambda headers, content: ({**headers, **extra}, content))) == (403, "AccessDenied")
    headers = sign("s3", "GET", "/signed", query="list-type=2&prefix=a")
    assert send("GET", "/signed?prefix=a&list-type=2", headers)[0] == 200, "the order of a query is not signed"
    assert code(send("GET", "/signed?list-type=2&prefix=b", headers))[1] == "SignatureDoesNotMatch"
    assert code(send("DELETE", "/signed?list-type=2&prefix=a", headers))[1] == "SignatureDoesNotMatch"
    assert code(send("GET", "/other?list-type=2&prefix=a", headers))[1] == "SignatureDoesNotMatch"
    assert code(send("GET", "/signed?list-type=2&prefix=a", {**headers, "Host": "localhost"}))[1] == "SignatureDoesNotMatch"
    # A signature for one service is not one for another.
    headers = sign("s3", "POST", "/", b"{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables"})
    assert code(send("POST", "/", headers, b"{}")) == (400, "InvalidSignatureException")


@check
def an_incomplete_header_is_refused():
    def without(part):
        def change(headers, content):
            kept = [p for p in headers["Authorization"].split(" ", 1)[1].split(", ") if not p.startswith(part)]
            return {**headers, "Authorization": "AWS4-HMAC-SHA256 " + ", ".join(kept)}, content
        return change
    for part in ("SignedHeaders", "Signature="):
        refused(("IncompleteSignatureException", "IncompleteSignature", 400, "AuthorizationHeaderMalformed", 400),
                change=without(part))
    def undated(headers, content): return {k: v for k, v in headers.items() if k != "X-Amz-Date"}, content
    assert code(call("dynamodb", change=undated)) == (400, "IncompleteSignatureException")
    assert code(send("GET", "/signed", {"Authorization": "AWS emulator:c2lnbmF0dXJl"})) == (400, "InvalidRequest")
    def unhashed(headers, content): return {k: v for k, v in headers.items() if k.lower() != "x-amz-content-sha256"}, content
    plain = sign("s3", "GET", "/signed", signer=botocore.auth.SigV4Auth)
    assert code(send("GET", "/signed", unhashed(plain, b"")[0])) == (400, "InvalidRequest")


@check
def a_body_that_is_not_the_signed_one_is_refused():
    headers = sign("s3", "PUT", "/signed/k", b"right")
    assert send("PUT", "/signed/k", headers, b"right")[0] == 200
    assert code(send("PUT", "/signed/k", headers, b"wrong")) == (400, "XAmzContentSHA256Mismatch")
    assert code(send("PUT", "/signed/k", {**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"wrong"))[0] in (400, 403)
    large = os.urandom(3 << 20)
    headers = sign("s3", "PUT", "/signed/large", large)
    assert code(send("PUT", "/signed/large", headers, large[::-1])) == (400, "XAmzContentSHA256Mismatch")
    assert body(s3.get_object(Bucket="signed", Key="k")) == b"right"
    fails("404", 404, s3.head_object, Bucket="signed", Key="large")
    headers = sign("s3", "PUT", "/signed?versioning", b"<a/>", query="versioning")
    unsigned = client("s3", s3={"payload_signing_enabled": False})
    unsigned.put_object(Bucket="signed", Key="k", Body=b"unsigned")


@check
def signatures_are_for_the_region_of_the_service():
    refused = send("GET", "/signed", sign("s3", "GET", "/signed", region="eu-west-1"))
    assert code(refused) == (400, "AuthorizationHeaderMalformed"), refused
    assert b"the region 'eu-west-1' is wrong; expecting 'us-east-1'" in refused[2] and b"<Region>us-east-1</Region>" in refused[2]
    for service in JSON_SERVICES:
        answer = call(service, region="eu-west-1")
        assert code(answer) == (400, "InvalidSignatureException") and b"valid region, not 'eu-west-1'" in answer[2], answer
    for service in QUERIES:
        assert code(call(service, region="eu-west-1")) == (403, "SignatureDoesNotMatch"), service
    elsewhere = boto3.client("s3", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id=KEY,
                             aws_secret_access_key=SECRET, config=Config(signature_version="s3v4"))
    link = elsewhere.generate_presigned_url("get_object", {"Bucket": "signed", "Key": "k"}).removeprefix(endpoint)
    assert code(send("GET", link)) == (400, "AuthorizationQueryParametersError"), send("GET", link)


@check
def keys_with_any_characters_are_signed_alike():
    for key in ("a b", "é/ü", "a+b", "50%", "a//b", "./x", "~t", "q?x=1&y", "*'()!", "日本", "a%2Fb", "%41"):
        s3.put_object(Bucket="signed", Key="keys/" + key, Body=key.encode())
        assert body(s3.get_object(Bucket="signed", Key="keys/" + key)) == key.encode()
        assert [o["Key"] for o in s3.list_objects_v2(Bucket="signed", Prefix="keys/" + key)["Contents"]] == ["keys/" + key]


@check
def presigned_urls_are_verified():
    v4 = client("s3", signature_version="s3v4")
    def url(method, ahead=0, signer=v4, key="pre é+", expires=60, **parameters):
        with signed_at(ahead):
            link = signer.generate_presigned_url(method, {"Bucket": "signed", "Key": key, **parameters}, ExpiresIn=expires)
        return link.removeprefix(endpoint)
    assert send("PUT", url("put_object"), content=b"by url")[0] == 200
    assert send("GET", url("get_object"))[2] == b"by url"
    assert send("GET", url("get_object", ahead=-50))[0] == 200
    expired = send("GET", url("get_object", ahead=-61))
    assert code(expired) == (403, "AccessDenied") and b"Request has expired" in expired[2], expired
    assert code(send("GET", url("get_object", ahead=20 * 60))) == (403, "AccessDenied")
    # Another method, key, lifetime or secret is another signature.
    assert code(send("GET", url("put_object"))) == (403, "SignatureDoesNotMatch")
    assert code(send("GET", url("get_object").replace("pre", "any"))) == (403, "SignatureDoesNotMatch")
    longer = url("get_object", ahead=-61).replace("X-Amz-Expires=60", "X-Amz-Expires=600")
    assert code(send("GET", longer)) == (403, "SignatureDoesNotMatch")
    assert code(send("GET", url("get_object") + "&versionId=null")) == (403, "SignatureDoesNotMatch")
    wrong = client("s3", secret="guess", signature_version="s3v4")
    assert code(send("GET", url("get_object", signer=wrong))) == (403, "SignatureDoesNotMatch")
    unknown = client("s3", key="other", signature_version="s3v4")
    assert code(send("GET", url("get_object", signer=unknown))) == (403, "InvalidAccessKeyId")
    assert code(send("GET", url("get_object").split("&X-Amz-Signature")[0])) == (400, "AuthorizationQueryParametersError")
    typed = url("put_object", ContentType="text/plain")
    assert send("PUT", typed, {"Content-Type": "text/plain"}, b"x")[0] == 200
    assert code(send("PUT", typed, {"Content-Type": "text/html"}, b"x")) == (403, "SignatureDoesNotMatch")
    assert code(send("PUT", url("put_object"), {"x-amz-acl": "public-read"}, b"x")) == (403, "AccessDenied")
    both = sign("s3", "GET", "/signed/k")
    assert code(send("GET", url("get_object"), both)) == (400, "InvalidArgument")
    version2 = client("s3", signature_version="s3")
    assert code(send("GET", url("get_object", signer=version2))) == (400, "InvalidRequest")
    identity = client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60).removeprefix(endpoint)
    assert code(send("GET", identity.replace("Version=2011", "Version=2012")))[1] == "SignatureDoesNotMatch"


class Chunks:
    """Signs a body in chunks, as the S3 API Reference describes it."""

    def __init__(self, path, trailer=None, length=0, unsigned=False):
        kind = "STREAMING-UNSIGNED-PAYLOAD" if unsigned else "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        headers = {
            "x-amz-content-sha256": kind + ("-TRAILER" if trailer else ""), "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(length)}
        if trailer: headers["x-amz-trailer"] = trailer
        class Named(botocore.auth.S3SigV4Auth):
            def _should_sha256_sign_payload(self, request): return True
            def payload(self, request): return headers["x-amz-content-sha256"]
        self.headers = sign("s3", "PUT", path, b"", headers, signer=Named)
        self.headers["X-Amz-Content-SHA256"] = headers["x-amz-content-sha256"]
        self.unsigned, self.previous = unsigned, self.headers["Authorization"].split("Signature=")[1]
        self.time = self.headers["X-Amz-Date"]
        self.scope = f"{self.time[:8]}/us-east-1/s3/aws4_request"
        self.key = ("AWS4" + SECRET).encode()
        for part in self.scope.split("/"): self.key = hmac.new(self.key, part.encode(), hashlib.sha256).digest()

    def signature(self, kind, *lines):
        text = "\n".join(["AWS4-HMAC-SHA256-" + kind, self.time, self.scope, self.previous, *lines])
        self.previous = hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
        return self.previous

    def chunk(self, data):
        mark = "" if self.unsigned else \
            ";chunk-signature=" + self.signature("PAYLOAD", EMPTY, hashlib.sha256(data).hexdigest())
        return b"%x%s\r\n%s" % (len(data), mark.encode(), data + b"\r\n" if data else b"")

    def trailer(self, name, value):
        line = f"{name}:{value}"
        text = line + "\r\n"
        if not self.unsigned:
            text += "x-amz-trailer-signature:" + self.signature("TRAILER", hashlib.sha256((line + "\n").encode()).hexdigest())
            text += "\r\n"
        return text.encode()


@check
def signed_chunks_are_verified():
    path, content = "/signed/chunks", os.urandom(200_000)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    def framed(trailer, unsigned=False):
        chunks = Chunks(path, "x-amz-checksum-sha256" if trailer else None, len(content), unsigned)
        pieces = [chunks.chunk(content[start:start + 65_536]) for start in range(0, len(content), 65_536)]
        pieces.append(chunks.chunk(b""))
        if trailer: pieces.append(chunks.trailer("x-amz-checksum-sha256", digest))
        return chunks.headers, pieces + [b"\r\n"]
    for trailer, unsigned in ((False, False), (True, False), (True, True)):
        headers, pieces = framed(trailer, unsigned)
        status, _, text = send("PUT", path, headers, b"".join(pieces))
        assert status == 200, (trailer, unsigned, status, text)
        assert body(s3.get_object(Bucket="signed", Key="chunks")) == content
    s3.put_object(Bucket="signed", Key="chunks", Body=b"old")
    def changed(position, change, trailer=False):
        headers, pieces = framed(trailer)
        pieces[position] = change(pieces[position])
        return code(send("PUT", path, headers, b"".join(pieces)))
    def flip(piece): return piece[:-3] + bytes([piece[-3] ^ 1]) + piece[-2:]
    refusal = (403, "SignatureDoesNotMatch")
    assert changed(0, flip) == changed(2, flip) == refusal, "a changed byte"
    assert changed(1, lambda piece: b"") == refusal, "a chunk left out"
    assert changed(1, lambda piece: piece.split(b";")[0] + b"\r\n" + piece.split(b"\r\n", 1)[1]) == refusal, "no signature"
    assert changed(-3, lambda piece: piece, trailer=True)[0] == 200
    assert changed(-2, lambda piece: piece.split(b"\r\n")[0] + b"\r\n", trailer=True) == refusal, "an unsigned trailer"
    assert changed(-2, lambda piece: b"x-amz-meta-a:b\r\n" + piece, trailer=True) == refusal, "one trailer more"
    headers, pieces = framed(False)
    other, _ = framed(False)
    assert code(send("PUT", path, {**other, "X-Amz-Date": "20200101T000000Z"}, b"".join(pieces)))[0] in (400, 403)
    headers, pieces = framed(False)
    assert code(send("PUT", path, headers, b"".join(pieces[:2])))[0] == 400, "the last chunk is missing"
    assert body(s3.get_object(Bucket="signed", Key="chunks")) in (b"old", content)


@check
def the_aws_cli_works_and_an_unsigned_one_does_not():
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint}
    def aws(*words, status=0, **more):
        run = subprocess.run([str(Path(sys.executable).parent / "aws"), *words], env=environment | more, capture_output=True,
                             text=True)
        assert (run.returncode == 0) == (status == 0), (words, run.stderr)
        return run.stdout + run.stderr
    with tempfile.TemporaryDirectory() as folder:
        content = os.urandom(11 << 20)
        Path(folder, "big é").write_bytes(content)
        aws("s3", "cp", f"{folder}/big é", "s3://signed/by cli/", "--only-show-errors")
        aws("s3", "cp", "s3://signed/by cli/big é", f"{folder}/back", "--only-show-errors")
        assert Path(folder, "back").read_bytes() == content
        # By default it presigns with version 2, which AWS has for old buckets only.
        Path(folder, "config").write_text("[default]\ns3 =\n    signature_version = s3v4\n")
        environment["AWS_CONFIG_FILE"] = f"{folder}/config"
        link = aws("s3", "presign", "s3://signed/by cli/big é").strip()
        assert send("GET", link.removeprefix(endpoint))[2] == content, link
    assert "cupel-dev-control" in aws("dynamodb", "list-tables")
    assert "AccessDenied" in aws("s3api", "list-objects-v2", "--bucket", "signed", "--no-sign-request", status=1)
    assert "SignatureDoesNotMatch" in aws("s3", "ls", AWS_SECRET_ACCESS_KEY="guess", status=1)


@check
def the_iceberg_endpoint_is_signed_for_glue():
    config, odd = "/iceberg/v1/config", "/iceberg/v1/catalogs/000000000000/namespaces/a%1Fb/tables/t%20u"
    status, headers, text = send("GET", config)
    error = json.loads(text)["error"]
    assert (status, error["code"], error["type"]) == (403, 403, "MissingAuthenticationTokenException"), text
    assert json.loads(send("GET", config, sign("glue", "GET", config, secret="wrong"))[2])["error"]["code"] == 403
    assert send("GET", config, sign("glue", "GET", config))[0] == 200
    status, _, text = send("GET", odd, sign("glue", "GET", odd))
    assert (status, json.loads(text)["error"]["type"]) == (404, "NoSuchTableException"), text
