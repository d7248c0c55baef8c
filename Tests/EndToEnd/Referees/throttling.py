#!/usr/bin/env python3
"""Watches a file that Lambda has no room for, with boto3. Prints one JSON document.

    throttling.py ENDPOINT refuse   makes dispatch ask without retries, puts a file, waits until it was started anew three times
                                    -> its record: {"status", "attempt_count", "error_type"}
    throttling.py ENDPOINT settle   waits until the record has ended -> the same
"""
import json, sys, time

import boto3

endpoint, command = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key="test")


states = client("stepfunctions")
control = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                         aws_secret_access_key="test").Table("cupel-dev-control")


def record():
    found = [i for i in control.scan(ConsistentRead=True)["Items"] if i["schema_name"] == "dm_bronze"]
    return found[0] if found else None


def wait(is_done):
    deadline = time.monotonic() + 300
    while not is_done(current := record()):
        assert time.monotonic() < deadline, f"still {current}"
        time.sleep(0.02)
    return {"status": current["status"], "attempt_count": int(current.get("attempt_count", 0)), "error_type": current.get("error_type")}


def refuse():
    machine = next(m for m in states.list_state_machines()["stateMachines"] if m["name"] == "cupel-dev-dispatch")["stateMachineArn"]
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    retrier = definition["States"]["ConvertInFunction"]["Retry"][0]
    assert retrier["ErrorEquals"] == ["Lambda.TooManyRequestsException"], retrier
    retrier["MaxAttempts"] = 0
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
    client("s3").put_object(Bucket="cupel-dev-stage-000000000000-us-east-1", Key="raw/brewery/waits.csv",
                            Body=b"brewery_id,name\n1,Small\n")
    times = set()

    def was_started_thrice(current):
        if current: times.add(current["updated_at"])
        return len(times) > 4 and current["status"] == "pending"
    return wait(was_started_thrice)


print(json.dumps(refuse() if command == "refuse" else wait(lambda current: current["status"] in ("success", "error"))))
