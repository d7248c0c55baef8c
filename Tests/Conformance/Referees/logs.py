"""Log groups, streams, and events, and how they are read."""
import time, uuid

from calls import check, client, fails

logs = client("logs")


def group(streams=("a",)):
    name = "/referee/" + uuid.uuid4().hex[:12]
    logs.create_log_group(logGroupName=name)
    for stream in streams: logs.create_log_stream(logGroupName=name, logStreamName=stream)
    return name


def put(name, *messages, stream="a", start=None):
    start = start or int(time.time() * 1000) - 60_000
    return logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=[
        {"timestamp": start + n, "message": message} for n, message in enumerate(messages)])


def found(name, **more):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name, **more)
    return [e["message"] for page in pages for e in page["events"]]


@check
def groups_and_streams_are_created_listed_and_deleted():
    name = group(("a", "b"))
    fails("ResourceAlreadyExistsException", 400, logs.create_log_group, logGroupName=name)
    fails("ResourceAlreadyExistsException", 400, logs.create_log_stream, logGroupName=name, logStreamName="a")
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]] == [name]
    assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName=name)["logStreams"]] == ["a", "b"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["retentionInDays"] == 7
    logs.delete_log_stream(logGroupName=name, logStreamName="b")
    assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName=name)["logStreams"]] == ["a"]
    logs.delete_log_group(logGroupName=name)
    assert not logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    fails("ResourceNotFoundException", 400, logs.describe_log_streams, logGroupName=name)
    fails("ResourceNotFoundException", 400, logs.delete_log_group, logGroupName=name)


@check
def events_are_read_in_both_directions():
    name = group()
    put(name, *[f"line {n}" for n in range(10)])
    read = dict(logGroupName=name, logStreamName="a", limit=4)
    first = logs.get_log_events(startFromHead=True, **read)
    assert [e["message"] for e in first["events"]] == [f"line {n}" for n in range(4)], first
    second = logs.get_log_events(nextToken=first["nextForwardToken"], **read)
    assert [e["message"] for e in second["events"]] == [f"line {n}" for n in range(4, 8)], second
    last = logs.get_log_events(**read)
    assert [e["message"] for e in last["events"]] == [f"line {n}" for n in range(6, 10)], last
    fails("ResourceNotFoundException", 400, logs.get_log_events, logGroupName=name, logStreamName="none")


@check
def a_filter_finds_by_word_field_time_and_stream():
    name, now = group(("a", "b")), int(time.time() * 1000)
    put(name, "ERROR one", "all well", '{"level": "error", "code": 404}', start=now - 3000)
    put(name, "ERROR two", '{"level": "info", "code": 200}', stream="b", start=now - 1000)
    assert found(name) == ["ERROR one", "all well", '{"level": "error", "code": 404}', "ERROR two",
                           '{"level": "info", "code": 200}']
    assert found(name, filterPattern="ERROR") == ["ERROR one", "ERROR two"]
    assert found(name, filterPattern="ERROR -two") == ["ERROR one"]
    assert found(name, filterPattern="?one ?two") == ["ERROR one", "ERROR two"]
    assert found(name, filterPattern='"all well"') == ["all well"]
    assert found(name, filterPattern='{ $.level = "error" && $.code >= 400 }') == ['{"level": "error", "code": 404}']
    assert found(name, filterPattern="ERROR", logStreamNames=["b"]) == ["ERROR two"]
    assert found(name, startTime=now - 2000, filterPattern="ERROR") == ["ERROR two"]
    assert found(name, endTime=now - 2000, filterPattern="ERROR") == ["ERROR one"]
    assert found(name, logStreamNamePrefix="a", PaginationConfig={"PageSize": 1})[0] == "ERROR one"
    fails("InvalidParameterException", 400, logs.filter_log_events, logGroupName=name, filterPattern="{ $.level = ")


@check
def invalid_input_is_refused():
    name = group()
    fails("ResourceNotFoundException", 400, put, name, "x", stream="none")
    fails("ResourceNotFoundException", 400, put, "/referee/none", "x")
    fails("InvalidParameterException", 400, logs.put_log_events, logGroupName=name, logStreamName="a", logEvents=[
        {"timestamp": int(time.time() * 1000), "message": "later"}, {"timestamp": 1_700_000_000_000, "message": "earlier"}])
    fails("InvalidParameterException", 400, logs.create_log_group, logGroupName="not a name!")
