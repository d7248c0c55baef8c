"""Malformed requests: each is answered with an error, and the emulator keeps running."""
import errno, json, socket

from calls import address, bucket, check, raw, s3

host, port = address.split(":")[0], int(address.split(":")[1])
TABLE = "cupel-dev-control"


def spoken(data, seconds=600):
    """Writes `data` to a new connection; returns everything that the server sends until it closes or resets."""
    with socket.create_connection((host, port), timeout=seconds) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536): answer += chunk
        except (ConnectionResetError, BrokenPipeError): pass
        except OSError as error:
            if error.errno != errno.ENOTCONN: raise  # the server has closed already
    return answer


def status(data):
    first = spoken(data).split(b"\r\n")[0].split(b" ")
    return int(first[1]) if len(first) > 1 and first[0].startswith(b"HTTP/1.") else 0


def alive():
    code, _, content = raw("GET", "/_cupel/health")
    assert code == 200 and json.loads(content)["status"] == "running", (code, content)


def called(target, body, version="1.0", service="dynamodb"):
    scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Content-Type": f"application/x-amz-json-{version}", "Authorization": scope}
    if target: headers["X-Amz-Target"] = target
    return raw("POST", "/", body, headers)


@check
def malformed_http_is_refused():
    for garbage in (
            b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
            b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nbroken header\r\n\r\n", b"\xff" * 100_000,
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\nab",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"):
        assert status(garbage) in (0, 400, 405, 413, 431, 505), garbage[:60]
        alive()


@check
def a_truncated_request_changes_nothing():
    name = bucket()
    for length in (b"Content-Length: 1000", b"Transfer-Encoding: chunked"):
        code = status(b"PUT /" + name.encode() + b"/k HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n5\r\nhello\r\n")
        assert code == 0 or code >= 400, code
    assert "Contents" not in s3.list_objects_v2(Bucket=name), "half a body became an object"
    alive()


@check
def headers_and_paths_have_a_limit():
    long = b"x" * (4 << 20)
    for request in (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + long + b"\r\n\r\n", b"GET /" + long + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200_000)) + b"\r\n"):
        code = status(request)
        assert code == 0 or 400 <= code < 500, code
        alive()
    assert raw("PUT", f"/{bucket()}/" + "k" * 1025, b"")[0] == 400


@check
def invalid_json_is_a_serialization_error():
    deep = b'{"a":' * 200_000
    for body in (b"", b"{", b"[]", b'"x"', b"nul", b"\xff\xfe", b'{"TableName": }', deep, b"[" * 200_000, b'{"a": 1' + b"0" * 500_000):
        for target, version in (("DynamoDB_20120810.DescribeTable", "1.0"), ("AWSStepFunctions.DescribeStateMachine", "1.0"),
                                ("Logs_20140328.DescribeLogStreams", "1.1")):
            code, _, content = called(target, body, version)
            assert code == 400 and json.loads(content)["__type"], (target, body[:20], code, content[:200])
    alive()


@check
def values_of_the_wrong_kind_are_refused():
    calls = [("DynamoDB_20120810.PutItem", {"TableName": TABLE, "Item": {"control_id": {"S": 1}}}),
             ("DynamoDB_20120810.PutItem", {"TableName": TABLE, "Item": {"control_id": {"S": "a", "N": "1"}}}),
             ("DynamoDB_20120810.PutItem", {"TableName": TABLE, "Item": {"control_id": {"S": "a"}, "n": {"N": "1e999"}}}),
             ("DynamoDB_20120810.PutItem", {"TableName": TABLE, "Item": {"control_id": {"S": "a"}, "b": {"B": "%"}}}),
             ("DynamoDB_20120810.Query", {"TableName": TABLE, "KeyConditionExpression": "((((" * 5_000}),
             ("DynamoDB_20120810.GetItem", {"TableName": ["x"], "Key": 7}),
             ("DynamoDB_20120810.Scan", {"TableName": TABLE, "ExclusiveStartKey": {"x": {"S": "y"}}}),
             ("DynamoDBStreams_20120810.GetRecords", {"ShardIterator": "nonsense"}),
             ("AWSStepFunctions.StartExecution", {"stateMachineArn": {"a": 1}, "input": 5}),
             ("AWSStepFunctions.CreateStateMachine", {"name": "x", "roleArn": "y", "definition": "{" * 50_000}),
             ("Logs_20140328.FilterLogEvents", {"logGroupName": "/x", "filterPattern": "{" * 5_000}),
             ("Logs_20140328.PutLogEvents", {"logGroupName": 1, "logEvents": {}}),
             ("AmazonSQS.SendMessage", {"QueueUrl": 7, "MessageBody": []}), ("AmazonSQS.CreateQueue", {"QueueName": {}}),
             ("AmazonSQS.DeleteMessageBatch", {"QueueUrl": "/x", "Entries": [7, None, {}]}),
             ("AmazonSQS.ReceiveMessage", {"QueueUrl": "///", "MaxNumberOfMessages": "many"}),
             ("AmazonSSM.GetParameter", {"Name": ["x"]}), ("AmazonSSM.PutParameter", {"Name": 1, "Value": {}})]
    for target, given in calls:
        code, _, content = called(target, json.dumps(given))
        assert code == 400 and json.loads(content)["__type"], (target, code, content[:200])
    alive()


@check
def an_action_that_is_not_emulated_says_so():
    for target in ("DynamoDB_20120810.Nothing", "Nothing_1.PutItem", "DynamoDB_20120810.", ".", "x", "AWSStepFunctions.🦆"):
        code, _, content = called(target.encode(), b"{}")
        assert 400 <= code <= 501 and json.loads(content)["__type"], (target, code, content)
    for path in ("/2015-03-31/functions/none/what", "/2015-03-31/functions//invocations", "/2015-03-31/event-source-mappings/x"):
        code, _, _ = raw("POST", path, b"{}")
        assert 400 <= code <= 501, (path, code)
    for method in ("PATCH", "TRACE", "BREW"): assert 400 <= raw(method, "/", None)[0] <= 501, method
    alive()


@check
def no_path_leaves_the_bucket():
    name, secret = bucket(), b"root:"
    for path in ("/../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/..", "/%00", "/.", "/%2F..%2F",
                 f"/{name}/../../../../../../../etc/passwd", f"/{name}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
                 f"/{name}/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", f"/{name}//etc/passwd", f"/{name}/a%00b", f"/{name}/%ff%fe"):
        code, _, content = raw("GET", path)
        assert 400 <= code < 500 and secret not in content, (path, code, content[:200])
    # As keys such names are only text: each is a key of its own.
    keys = ["../../x", "/etc/passwd", "a//b", "./x", "..", "a/../b", "~", "\u0001", "CON", "-rf", "a\\b"]
    for key in keys: s3.put_object(Bucket=name, Key=key, Body=key.encode())
    assert {o["Key"] for o in s3.list_objects_v2(Bucket=name)["Contents"]} == set(keys)
    for key in keys: assert s3.get_object(Bucket=name, Key=key)["Body"].read() == key.encode(), key
    for bad in ("..", "%2e%2e", "A", "a", "a..b", "-ab", "1.2.3.4", "a/../..", "x" * 64):
        assert 400 <= raw("PUT", f"/{bad}", b"")[0] < 500, bad
    alive()


@check
def xml_is_not_trusted():
    name = bucket()
    laughs = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]><Delete><Object><Key>&j;</Key></Object></Delete>"
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&f;</Key></Object></Delete>'
    for body in (laughs, outside, "<Delete>", "", "no xml", "<a>" * 200_000, "<Delete><Object><Key>&#xFFFFFFFF;</Key></Object></Delete>"):
        code, _, content = raw("POST", f"/{name}?delete", body.encode())
        assert code == 400 and b"root:" not in content, (body[:40], code, content[:200])
    alive()


@check
def slow_clients_do_not_block_others():
    waiting = [socket.create_connection((host, port)) for _ in range(200)]
    for connection in waiting: connection.sendall(b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Le")
    alive()
    for connection in waiting: connection.close()
    alive()
