"""State machines and their executions: start, description, stop, history."""
import json, uuid

from calls import check, client, eventually, fails

machines = client("stepfunctions")
ROLE = "arn:aws:iam::000000000000:role/referee"


def machine(definition, **more):
    return machines.create_state_machine(
        name="referee-" + uuid.uuid4().hex[:12], definition=json.dumps(definition), roleArn=ROLE, **more)["stateMachineArn"]


def settled(execution):
    eventually(lambda: machines.describe_execution(executionArn=execution)["status"] != "RUNNING", "the execution ends")
    return machines.describe_execution(executionArn=execution)


def run(definition, given=None):
    arn = machine(definition)
    return settled(machines.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"])


CHOICE = {"StartAt": "Which", "States": {
    "Which": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Many"}], "Default": "One"},
    "Many": {"Type": "Map", "ItemsPath": "$.list", "End": True, "ItemProcessor": {"StartAt": "Twice", "States": {
        "Twice": {"Type": "Pass", "Parameters": {"v.$": "States.MathAdd($, $)"}, "End": True}}}},
    "One": {"Type": "Fail", "Error": "TooFew", "Cause": "one is not many"}}}


@check
def an_execution_runs_and_is_described():
    done = run(CHOICE, {"n": 2, "list": [1, 2, 3]})
    assert done["status"] == "SUCCEEDED" and json.loads(done["output"]) == [{"v": 2}, {"v": 4}, {"v": 6}], done
    assert done["stopDate"] >= done["startDate"] and json.loads(done["input"])["n"] == 2
    failed = run(CHOICE, {"n": 1})
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "TooFew", "one is not many"), failed
    assert "output" not in failed


@check
def history_lists_every_step_forward_and_backward():
    done = run(CHOICE, {"n": 1})
    events = machines.get_execution_history(executionArn=done["executionArn"])["events"]
    assert [e["type"] for e in events] == [
        "ExecutionStarted", "ChoiceStateEntered", "ChoiceStateExited", "FailStateEntered", "ExecutionFailed"], events
    assert [e["id"] for e in events] == [1, 2, 3, 4, 5] and [e["previousEventId"] for e in events] == [0, 0, 2, 3, 4]
    assert events[1]["stateEnteredEventDetails"]["name"] == "Which"
    paged = [e["id"] for page in machines.get_paginator("get_execution_history").paginate(
        executionArn=done["executionArn"], reverseOrder=True, PaginationConfig={"PageSize": 2}) for e in page["events"]]
    assert paged == [5, 4, 3, 2, 1], paged


@check
def a_name_starts_one_execution():
    arn = machine(CHOICE)
    first = machines.start_execution(stateMachineArn=arn, name="once", input='{"n": 1}')
    settled(first["executionArn"])
    fails("ExecutionAlreadyExists", 400, machines.start_execution, stateMachineArn=arn, name="once", input='{"n": 2}')
    assert [e["name"] for e in machines.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]] == ["once"]
    assert not machines.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"]


@check
def a_waiting_execution_is_stopped():
    arn = machine({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}})
    execution = machines.start_execution(stateMachineArn=arn)["executionArn"]
    assert machines.describe_execution(executionArn=execution)["status"] == "RUNNING"
    machines.stop_execution(executionArn=execution, error="Enough", cause="of it")
    done = settled(execution)
    assert (done["status"], done["error"], done["cause"]) == ("ABORTED", "Enough", "of it"), done


@check
def a_task_is_retried_then_caught():
    done = run({"StartAt": "Call", "States": {
        "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {
            "FunctionName": "cupel-dev-compute-router", "Payload": {"control_id": "none"}},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}], "End": True},
        "Caught": {"Type": "Pass", "End": True}}})
    assert done["status"] == "SUCCEEDED" and json.loads(done["output"])["failure"]["Error"], done
    types = [e["type"] for e in machines.get_execution_history(executionArn=done["executionArn"])["events"]]
    assert types.count("TaskFailed") == 2 and types[-3:] == ["PassStateEntered", "PassStateExited", "ExecutionSucceeded"], types


@check
def a_state_machine_is_updated_and_deleted():
    arn = machine(CHOICE)
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(
        {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}))
    done = settled(machines.start_execution(stateMachineArn=arn, input='{"kept": 1}')["executionArn"])
    assert json.loads(done["output"]) == {"kept": 1}
    listed = [m["stateMachineArn"] for page in machines.get_paginator("list_state_machines").paginate() for m in page["stateMachines"]]
    assert arn in listed and any(a.endswith(":cupel-dev-ingestion") for a in listed)
    machines.delete_state_machine(stateMachineArn=arn)
    fails("StateMachineDoesNotExist", 400, machines.start_execution, stateMachineArn=arn)


@check
def invalid_input_is_refused():
    fails("InvalidDefinition", 400, machine, {"StartAt": "Nowhere", "States": {"A": {"Type": "Succeed"}}})
    arn = machine(CHOICE)
    fails("InvalidExecutionInput", 400, machines.start_execution, stateMachineArn=arn, input="{")
    fails("InvalidName", 400, machines.start_execution, stateMachineArn=arn, name="a b")
    fails("InvalidArn", 400, machines.describe_state_machine, stateMachineArn="nothing")
    fails("ExecutionDoesNotExist", 400, machines.describe_execution,
          executionArn=arn.replace(":stateMachine:", ":execution:") + ":none")


@check
def an_activity_waits_for_its_worker():
    activity = machines.create_activity(name="referee-" + uuid.uuid4().hex[:12])["activityArn"]
    arn = machine({"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "Resource": activity, "End": True}}})
    execution = machines.start_execution(stateMachineArn=arn, input='{"question": 6}')["executionArn"]
    task = machines.get_activity_task(activityArn=activity, workerName="referee")
    assert json.loads(task["input"]) == {"question": 6}
    machines.send_task_heartbeat(taskToken=task["taskToken"])
    machines.send_task_success(taskToken=task["taskToken"], output='{"answer": 7}')
    assert json.loads(settled(execution)["output"]) == {"answer": 7}
    fails("TaskTimedOut", 400, machines.send_task_success, taskToken=task["taskToken"], output="{}")
    fails("InvalidToken", 400, machines.send_task_success, taskToken="none", output="{}")
