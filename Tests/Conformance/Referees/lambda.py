"""Functions: direct and asynchronous invocation, logs and errors, and the Runtime API."""
import base64, io, json, uuid, zipfile

from calls import check, client, eventually, fails

functions, logs = client("lambda"), client("logs")
ROLE = "arn:aws:iam::000000000000:role/referee"


def function(source, runtime="python3.12", file="handler.py", **more):
    name, archive = more.pop("name", None) or "referee-" + uuid.uuid4().hex[:12], io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        entry = zipfile.ZipInfo(file)
        entry.external_attr = 0o755 << 16
        package.writestr(entry, source)
    functions.create_function(FunctionName=name, Runtime=runtime, Handler="handler.handler", Role=ROLE,
                              Code={"ZipFile": archive.getvalue()}, **more)
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return name


def invoke(name, event=None, **more):
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event), **more)
    return answer, json.loads(answer["Payload"].read() or b"null")


@check
def the_templates_functions_are_listed_and_described():
    listed = {f["FunctionName"]: f for page in functions.get_paginator("list_functions").paginate() for f in page["Functions"]}
    for stage in ("control-recorder", "compute-router", "bronze-writer", "replayer", "firehose-transform"):
        declared = listed["cupel-dev-" + stage]
        assert declared["Runtime"] == "provided.al2023", declared
        described = functions.get_function(FunctionName=declared["FunctionArn"])["Configuration"]
        assert described["FunctionName"] == declared["FunctionName"] and described["State"] == "Active"
    fails("ResourceNotFoundException", 404, functions.get_function, FunctionName="none")
    fails("ResourceNotFoundException", 404, functions.invoke, FunctionName="none")


@check
def a_deployed_function_answers():
    envelope = {"data": {"id": 12345678901234567890}, "metadata": {
        "timestamp": "2026-01-01T00:00:00.000000Z", "record-type": "data", "operation": "insert",
        "partition-key-type": "primary-key", "schema-name": "public", "table-name": "brewery", "transaction-id": 7}}
    bodies = [json.dumps(envelope).encode(), b"no JSON"]
    records = [{"recordId": str(n), "approximateArrivalTimestamp": 1, "data": base64.b64encode(body).decode(),
                "kinesisRecordMetadata": {"sequenceNumber": str(n), "subsequenceNumber": 0, "partitionKey": "a",
                                          "shardId": "shardId-000000000000", "approximateArrivalTimestamp": 1}}
               for n, body in enumerate(bodies)]
    event = {"invocationId": "i", "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/d",
             "sourceKinesisStreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s", "region": "us-east-1",
             "records": records}
    answer, result = invoke("cupel-dev-firehose-transform", event, LogType="Tail")
    assert "FunctionError" not in answer, result
    assert [(r["recordId"], r["result"]) for r in result["records"]] == [("0", "Ok"), ("1", "ProcessingFailed")], result
    assert b"12345678901234567890" in base64.b64decode(result["records"][0]["data"])
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert all(word in tail for word in ("START RequestId", "END RequestId", "REPORT RequestId")), tail


@check
def a_deployed_function_reports_its_error():
    answer, error = invoke("cupel-dev-compute-router", {"control_id": "0" * 32}, LogType="Tail")
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled", answer
    assert error["errorType"] and error["errorMessage"], error


@check
def a_payload_is_returned():
    name = function("def handler(event, context):\n    return event\n")
    for event in ({"a": [1, None, "é"]}, 1, "x", None): assert invoke(name, event)[1] == (event if event is not None else None)
    assert functions.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    fails("InvalidRequestContentException", 400, functions.invoke, FunctionName=name, Payload=b"{")
    fails("RequestTooLargeException", 413, functions.invoke, FunctionName=name, Payload=b'"%s"' % (b"x" * (6 << 20) + b"x" * 200))
    functions.delete_function(FunctionName=name)
    fails("ResourceNotFoundException", 404, functions.invoke, FunctionName=name)


@check
def errors_crashes_and_timeouts_reach_the_caller():
    name = function("""
import os, time
def handler(event, context):
    print("seen", event)
    if event == "raise": raise ValueError("boom")
    if event == "exit": os._exit(3)
    if event == "sleep": time.sleep(3600)
    return event
""", Timeout=600)
    answer, error = invoke(name, "raise", LogType="Tail")
    assert answer["FunctionError"] == "Unhandled" and (error["errorType"], error["errorMessage"]) == ("ValueError", "boom")
    assert "seen raise" in base64.b64decode(answer["LogResult"]).decode()
    answer, error = invoke(name, "exit")
    assert answer["FunctionError"] and error["errorType"] == "Runtime.ExitError" and "exit status 3" in error["errorMessage"], error
    functions.update_function_configuration(FunctionName=name, Timeout=1)
    answer, error = invoke(name, "sleep")
    assert answer["FunctionError"] and "Task timed out after 1.00 seconds" in error["errorMessage"], error
    functions.update_function_configuration(FunctionName=name, Timeout=600)
    assert invoke(name, "fine")[1] == "fine"  # A new worker takes the dead one's place.


@check
def an_event_runs_later_and_is_retried():
    name = function("def handler(event, context):\n    print('saw', event)\n    if event == 'bad': raise ValueError(event)\n")
    for event in ("good", "bad"):
        answer = functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
        assert answer["StatusCode"] == 202 and not answer["Payload"].read()

    def seen(word):
        try: events = logs.filter_log_events(logGroupName="/aws/lambda/" + name, filterPattern=f'"saw {word}"')["events"]
        except logs.exceptions.ResourceNotFoundException: return 0
        return len(events)

    eventually(lambda: seen("bad") == 3, "a failing event is tried three times")
    assert seen("good") == 1


@check
def a_configuration_is_updated():
    name = function("import os\ndef handler(event, context):\n    return os.environ.get('WORD')\n",
                    Environment={"Variables": {"WORD": "one"}}, MemorySize=256)
    assert invoke(name)[1] == "one"
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"WORD": "two"}})
    eventually(lambda: invoke(name)[1] == "two", "the new variable is seen")
    assert functions.get_function_configuration(FunctionName=name)["MemorySize"] == 256
    fails("ResourceConflictException", 409, function, "def handler(event, context): pass", name=name)


# Recorded from AWS's Runtime Interface Emulator of aws-sam-cli 1.170.0; see also
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
RUNTIME = r'''#!/usr/bin/env python3
import http.client, json, os
base, seen = "/2018-06-01/runtime", []
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, headers={}):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    try: kind = json.loads(content).get("errorType")
    except Exception: kind = None
    return answer, [answer.status, kind]
def note(*request, **more): seen.append(call(*request, **more)[1])
note("POST", base + "/invocation/abc/response", "{}")
identifier = call("GET", base + "/invocation/next")[0].headers["Lambda-Runtime-Aws-Request-Id"]
again = call("GET", base + "/invocation/next")[0]
seen.append([again.status, again.headers["Lambda-Runtime-Aws-Request-Id"] == identifier])
seen.append([again.headers["Content-Type"], again.headers["Lambda-Runtime-Deadline-Ms"].isdigit()])
note("POST", base + "/invocation/next", "{}")
note("POST", base + "/invocation/00000000-0000-0000-0000-000000000000/response", "{}")
note("POST", base + "/invocation/nope/error", "{}")
note("POST", base + "/init/error", "{}")
note("GET", base + "/restore/next")
note("GET", base + "/nope")
note("GET", "/2018-06-01/ping")
note("POST", base + f"/invocation/{identifier}/response", "{}", headers={"Lambda-Runtime-Function-Response-Mode": "wat"})
first = call("POST", base + f"/invocation/{identifier}/response", json.dumps(seen))[1]
seen = [first]
note("POST", base + f"/invocation/{identifier}/response", "{}")
note("POST", base + f"/invocation/{identifier}/error", "{}")
identifier = call("GET", base + "/invocation/next")[0].headers["Lambda-Runtime-Aws-Request-Id"]
call("POST", base + f"/invocation/{identifier}/response", json.dumps(seen))
identifier = call("GET", base + "/invocation/next")[0].headers["Lambda-Runtime-Aws-Request-Id"]
seen = [call("POST", base + f"/invocation/{identifier}/response", b'"' + b"x" * (n - 2) + b'"')[1] for n in (6291557,)]
identifier = call("GET", base + "/invocation/next")[0].headers["Lambda-Runtime-Aws-Request-Id"]
call("POST", base + f"/invocation/{identifier}/error", json.dumps(seen), {"Lambda-Runtime-Function-Error-Type": "Own.Type"})
call("GET", base + "/invocation/next")
'''


@check
def the_runtime_api_answers_as_aws_does():
    name = function(RUNTIME, runtime="provided.al2023", file="bootstrap")
    assert invoke(name)[1] == [
        [400, "InvalidRequestID"], [200, True], ["application/json", True], [405, None], [400, "InvalidRequestID"],
        [400, "InvalidRequestID"], [403, "InvalidStateTransition"], [404, None], [404, None], [200, None],
        [400, "InvalidFunctionResponseMode"]]
    assert invoke(name)[1] == [[202, None], [403, "InvalidStateTransition"], [403, "InvalidStateTransition"]]
    answer, error = invoke(name)
    assert answer["FunctionError"] and error["errorType"] == "Function.ResponseSizeTooLarge", error
    answer, seen = invoke(name)
    assert answer["FunctionError"] == "Unhandled" and seen == [[413, "RequestEntityTooLarge"]], seen
