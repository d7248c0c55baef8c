"""Own functions, a state machine and a stack beside the pipeline."""
import io
import json
import pathlib
import time
import zipfile

import pytest

here = pathlib.Path(__file__).parent
ROLE = "arn:aws:iam::000000000000:role/own"


def archive(path):
    """The zip that CreateFunction takes: one file, as executable as it is here."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file: file.write(path, path.name)
    return packed.getvalue()


@pytest.fixture
def functions(cupel):
    lambda_ = cupel.client("lambda")
    lambda_.create_function(FunctionName="greet", Runtime="python3.12", Handler="handler.greet", Role=ROLE,
                            Code={"ZipFile": archive(here / "python/handler.py")})
    lambda_.create_function(FunctionName="shout", Runtime="provided.al2023", Handler="bootstrap", Role=ROLE,
                            Code={"ZipFile": archive(here / "bootstrap/bootstrap")})
    return lambda_


def invoke(lambda_, name, event):
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(event))
    return json.load(answer["Payload"])


def test_a_function_in_python(functions):
    assert invoke(functions, "greet", {"name": "Ann"}) == {"greeting": "hello Ann", "by": "greet"}


def test_a_function_with_a_runtime_of_its_own(functions):
    assert invoke(functions, "shout", {"greeting": "hello"}) == {"shouted": "HELLO"}


def test_a_state_machine_calls_them(cupel, functions):
    machines = cupel.client("stepfunctions")
    machine = machines.create_state_machine(name="greeter", roleArn=ROLE, definition=(here / "machine.asl.json").read_text())
    execution = machines.start_execution(stateMachineArn=machine["stateMachineArn"], input='{"name": "Ben"}')["executionArn"]
    while (state := machines.describe_execution(executionArn=execution))["status"] == "RUNNING": time.sleep(0.02)
    assert (state["status"], json.loads(state["output"])) == ("SUCCEEDED", {"shouted": "HELLO BEN"})


def test_a_stack_of_its_own(cupel):
    stacks = cupel.client("cloudformation")
    change = {"StackName": "own", "ChangeSetName": "first"}
    stacks.create_change_set(**change, ChangeSetType="CREATE", TemplateBody=(here / "template.yaml").read_text())
    stacks.get_waiter("change_set_create_complete").wait(**change, WaiterConfig={"Delay": 1})
    stacks.execute_change_set(**change)
    stacks.get_waiter("stack_create_complete").wait(StackName="own", WaiterConfig={"Delay": 1})
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks.describe_stacks(StackName="own")["Stacks"][0]["Outputs"]}
    cupel.client("sns").publish(TopicArn=outputs["Topic"], Message="news")
    received = cupel.client("sqs").receive_message(QueueUrl=outputs["Queue"], WaitTimeSeconds=10)
    assert [each["Body"] for each in received["Messages"]] == ["news"]
