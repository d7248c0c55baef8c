"""Serverless patterns as their templates are usually written: each is deployed as a stack of its own, set off from outside with boto3, and
judged by its effect. Functions are Python with boto3, as the managed runtimes have it."""
import base64, gzip, io, json, sys, time, urllib.request, uuid, zipfile

from calls import body, check, client, eventually, s3

cfn, sqs, sns, table, functions, steps, events, kinesis, firehose, scheduler = map(
    client, ("cloudformation", "sqs", "sns", "dynamodb", "lambda", "stepfunctions", "events", "kinesis", "firehose", "scheduler"))
# A name before that of the host, as for synchronous executions, would lead elsewhere.
steps = client("stepfunctions", inject_host_prefix=False)
RUNTIME = f"python3.{sys.version_info.minor}"


# What templates of one kind share.

def ref(name): return {"Ref": name}


def arn(name): return {"Fn::GetAtt": [name, "Arn"]}


def sub(text): return {"Fn::Sub": text}


def resource(kind, *after, **properties):
    made = {"Type": kind, "Properties": properties}
    return made | {"DependsOn": list(after)} if after else made


def role(service):
    return resource("AWS::IAM::Role", AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        Policies=[{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}}])


def function(code, variables=None, seconds=60, **more):
    return resource("AWS::Lambda::Function", Runtime=RUNTIME, Handler="index.handler", Role=arn("FunctionRole"), Timeout=seconds,
                    Code={"ZipFile": code}, Environment={"Variables": variables or {}}, **more)


def items():
    return resource("AWS::DynamoDB::Table", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])


def queue(**properties): return resource("AWS::SQS::Queue", **properties)


def machine(definition, kind="STANDARD", **substitutions):
    return resource("AWS::StepFunctions::StateMachine", StateMachineType=kind, RoleArn=arn("MachineRole"),
                    DefinitionString=json.dumps(definition), DefinitionSubstitutions=substitutions)


class Stack:
    """A deployed stack; its resources by logical ID."""

    def __init__(self, **resources):
        self.name = "pattern-" + uuid.uuid4().hex[:10]
        resources = {"FunctionRole": role("lambda"), "MachineRole": role("states")} | resources
        outputs = {name: {"Value": arn(name)} for name, made in resources.items()
                   if made["Type"] in ("AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::Kinesis::Stream")}
        if "Url" in resources: outputs["Url"] = {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}}
        cfn.create_stack(StackName=self.name, Capabilities=["CAPABILITY_IAM"], TemplateBody=json.dumps(
            {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, "Outputs": outputs}))
        cfn.get_waiter("stack_create_complete").wait(StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        found = cfn.describe_stack_resources(StackName=self.name)["StackResources"]
        self.ids = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found}
        stack = cfn.describe_stacks(StackName=self.name)["Stacks"][0]
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}

    def __getitem__(self, name): return self.ids[name]

    def item(self, id, name="Table"):
        return table.get_item(TableName=self[name], Key={"id": {"S": id}}, ConsistentRead=True).get("Item")

    def has(self, id, **attributes):
        def there():
            item = self.item(id)
            return item is not None and all(item.get(n) == v for n, v in attributes.items())
        eventually(there, f"{id} is in the table with {attributes}, not {self.item(id)}")

    def messages(self, name, count):
        """As many messages, each deleted once it is read."""
        found = []
        deadline = time.monotonic() + 900
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages in {name}: {found}"
            answer = sqs.receive_message(QueueUrl=self[name], MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"],
                                         MessageAttributeNames=["All"])
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=self[name], ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
        return found

    def bodies(self, name, count): return [json.loads(m["Body"]) for m in self.messages(name, count)]

    def run(self, name, input):
        made = steps.start_execution(stateMachineArn=self[name], input=json.dumps(input))["executionArn"]
        return self.result(made)

    @staticmethod
    def result(execution):
        eventually(lambda: steps.describe_execution(executionArn=execution)["status"] != "RUNNING", "the execution ends")
        answer = steps.describe_execution(executionArn=execution)
        assert answer["status"] == "SUCCEEDED", f"{answer['status']} {answer.get('error')} {answer.get('cause')}"
        return json.loads(answer["output"])

    def ended(self, name, count):
        """The outputs of as many executions that something else started."""
        def all(): return steps.list_executions(stateMachineArn=self[name], statusFilter="SUCCEEDED")["executions"]
        eventually(lambda: len(all()) >= count, f"{count} executions of {name} succeed")
        return [self.result(e["executionArn"]) for e in all()]


STORE = """
import boto3, json, os
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
"""


# Patterns.

@check
def an_upload_invokes_a_function_that_writes_to_a_table():
    name = "pattern-" + uuid.uuid4().hex[:12]
    code = STORE + """
import urllib.parse
s3 = boto3.client("s3")
def handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        table.put_item(Item={"id": key, "lines": len(body.splitlines()), "event": record["eventName"]})
"""
    stack = Stack(
        Table=items(), Function=function(code, {"TABLE": ref("Table")}),
        Permission=resource("AWS::Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunction",
                            Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{name}"),
        Bucket=resource("AWS::S3::Bucket", "Permission", BucketName=name, NotificationConfiguration={"LambdaConfigurations": [
            {"Event": "s3:ObjectCreated:*", "Function": arn("Function"),
             "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".csv"}]}}}]}))
    s3.put_object(Bucket=name, Key="in/other.txt", Body=b"x")
    s3.put_object(Bucket=name, Key="in/a b+ü.csv", Body=b"1\n2\n3\n")
    stack.has("in/a b+ü.csv", lines={"N": "3"}, event={"S": "ObjectCreated:Put"})
    assert stack.item("in/other.txt") is None


@check
def a_queue_feeds_a_function_and_what_fails_ends_in_its_dead_letter_queue():
    code = STORE + """
def handler(event, context):
    failed = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        if order.get("bad"):
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            table.put_item(Item={"id": order["id"], "kind": record["messageAttributes"]["kind"]["stringValue"]})
    return {"batchItemFailures": failed}
"""
    stack = Stack(
        Table=items(), Dead=queue(),
        Queue=queue(VisibilityTimeout=10, RedrivePolicy={"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 1}),
        Function=function(code, {"TABLE": ref("Table")}, 10),
        Mapping=resource("AWS::Lambda::EventSourceMapping", FunctionName=arn("Function"), EventSourceArn=arn("Queue"), BatchSize=5,
                         FunctionResponseTypes=["ReportBatchItemFailures"]))
    for id in "abc":
        sqs.send_message(QueueUrl=stack["Queue"], MessageBody=json.dumps({"id": id, "bad": id == "b"}),
                         MessageAttributes={"kind": {"DataType": "String", "StringValue": "order"}})
    stack.has("a", kind={"S": "order"})
    stack.has("c")
    assert stack.bodies("Dead", 1)[0]["id"] == "b"
    assert stack.item("b") is None


@check
def a_topic_fans_out_to_queues_and_a_function_by_filter():
    code = STORE + """
def handler(event, context):
    for record in event["Records"]:
        table.put_item(Item={"id": record["Sns"]["Message"], "subject": record["Sns"]["Subject"]})
"""
    def subscription(protocol, endpoint, **more):
        return resource("AWS::SNS::Subscription", TopicArn=ref("Topic"), Protocol=protocol, Endpoint=endpoint, **more)
    stack = Stack(
        Topic=resource("AWS::SNS::Topic"), All=queue(), Large=queue(), Table=items(), Function=function(code, {"TABLE": ref("Table")}),
        Policy=resource("AWS::SQS::QueuePolicy", Queues=[ref("All"), ref("Large")], PolicyDocument={
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
                                                    "Action": "sqs:SendMessage", "Resource": "*"}]}),
        ToAll=subscription("sqs", arn("All"), RawMessageDelivery=True),
        ToLarge=subscription("sqs", arn("Large"), FilterPolicy={"size": [{"numeric": [">=", 100]}]}),
        ToFunction=subscription("lambda", arn("Function"), FilterPolicy={"kind": [{"prefix": "ord"}]}),
        Permission=resource("AWS::Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunction",
                            Principal="sns.amazonaws.com", SourceArn=ref("Topic")))
    for text, size, kind in (("small", "5", "order"), ("big", "500", "invoice")):
        sns.publish(TopicArn=stack["Topic"], Message=text, Subject="about " + text, MessageAttributes={
            "size": {"DataType": "Number", "StringValue": size}, "kind": {"DataType": "String", "StringValue": kind}})
    assert sorted(m["Body"] for m in stack.messages("All", 2)) == ["big", "small"]
    envelope = stack.bodies("Large", 1)[0]
    assert envelope["Message"] == "big" and envelope["Type"] == "Notification", envelope
    stack.has("small", subject={"S": "about small"})
    assert stack.item("big") is None


@check
def a_tables_stream_invokes_a_function_for_the_changes_that_its_filter_takes():
    code = """
import boto3, json, os
def handler(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(
            {"event": record["eventName"], "old": record["dynamodb"].get("OldImage"), "new": record["dynamodb"].get("NewImage")}))
"""
    changes = items()
    changes["Properties"]["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    stack = Stack(
        Table=changes, Queue=queue(), Function=function(code, {"QUEUE": ref("Queue")}),
        Mapping=resource("AWS::Lambda::EventSourceMapping", FunctionName=ref("Function"), StartingPosition="TRIM_HORIZON",
                         EventSourceArn={"Fn::GetAtt": ["Table", "StreamArn"]}, FilterCriteria={"Filters": [
                             {"Pattern": json.dumps({"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"state": {"S": ["paid"]}}}})}]}))
    for state in ("new", "paid"):
        table.put_item(TableName=stack["Table"], Item={"id": {"S": "1"}, "state": {"S": state}})
    table.delete_item(TableName=stack["Table"], Key={"id": {"S": "1"}})
    change = stack.bodies("Queue", 1)[0]
    assert change["event"] == "MODIFY" and change["old"]["state"] == {"S": "new"}, change


@check
def a_pipe_takes_changes_of_a_table_to_a_queue_in_a_form_of_its_own():
    changes = items()
    changes["Properties"]["StreamSpecification"] = {"StreamViewType": "NEW_IMAGE"}
    stack = Stack(
        Table=changes, Queue=queue(), PipeRole=role("pipes"),
        Pipe=resource("AWS::Pipes::Pipe", RoleArn=arn("PipeRole"), Source={"Fn::GetAtt": ["Table", "StreamArn"]}, Target=arn("Queue"),
                      SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON", "BatchSize": 1},
                                        "FilterCriteria": {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]}},
                      TargetParameters={"InputTemplate": '{"order": <$.dynamodb.NewImage.id.S>, "total": <$.dynamodb.NewImage.total.N>}'}))
    table.put_item(TableName=stack["Table"], Item={"id": {"S": "o-1"}, "total": {"N": "12.5"}})
    message = stack.bodies("Queue", 1)[0]
    assert message in ({"order": "o-1", "total": 12.5}, {"order": "o-1", "total": "12.5"}), message


@check
def a_pipe_enriches_messages_and_starts_a_state_machine():
    code = "def handler(event, context):\n    return [{'order': m['body'], 'enriched': True} for m in event]\n"
    stack = Stack(
        Queue=queue(), Enrich=function(code), PipeRole=role("pipes"),
        Machine=machine({"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": True}}}),
        Pipe=resource("AWS::Pipes::Pipe", RoleArn=arn("PipeRole"), Source=arn("Queue"), Enrichment=arn("Enrich"), Target=arn("Machine"),
                      TargetParameters={"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}}))
    sqs.send_message(QueueUrl=stack["Queue"], MessageBody="o-7")
    output = stack.ended("Machine", 1)[0]
    assert output == [{"order": "o-7", "enriched": True}], output


@check
def rules_of_a_bus_route_events_to_a_queue_a_function_and_a_state_machine():
    bus = "pattern-" + uuid.uuid4().hex[:8]
    code = STORE + "def handler(event, context):\n    table.put_item(Item={'id': event['detail']['id'], 'source': event['source']})\n"
    def rule(pattern, *targets):
        return resource("AWS::Events::Rule", "Bus", EventBusName=bus, EventPattern=pattern, State="ENABLED", Targets=list(targets))
    stack = Stack(
        Bus=resource("AWS::Events::EventBus", Name=bus), Queue=queue(), Table=items(), Function=function(code, {"TABLE": ref("Table")}),
        EventRole=role("events"), Machine=machine({"StartAt": "Keep", "States": {"Keep": {
            "Type": "Pass", "Parameters": {"id.$": "$.detail.id"}, "End": True}}}),
        Paid=rule({"source": ["shop"], "detail-type": ["paid"], "detail": {"total": [{"numeric": [">", 10]}]}},
                  {"Id": "queue", "Arn": arn("Queue"), "InputTransformer": {
                      "InputPathsMap": {"id": "$.detail.id", "total": "$.detail.total"},
                      "InputTemplate": '{"text": "order <id> costs <total>", "id": <id>}'}},
                  {"Id": "function", "Arn": arn("Function")}),
        Refused=rule({"source": ["shop"], "detail-type": [{"anything-but": ["paid"]}]},
                     {"Id": "machine", "Arn": ref("Machine"), "RoleArn": arn("EventRole")}),
        Permission=resource("AWS::Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunction",
                            Principal="events.amazonaws.com", SourceArn=arn("Paid")))
    def put(kind, id, total):
        answer = events.put_events(Entries=[{"EventBusName": bus, "Source": "shop", "DetailType": kind,
                                             "Detail": json.dumps({"id": id, "total": total})}])
        assert answer["FailedEntryCount"] == 0, answer
    put("paid", "cheap", 5), put("paid", "dear", 50), put("refused", "late", 1)
    message = stack.bodies("Queue", 1)[0]
    assert message == {"text": "order dear costs 50", "id": "dear"}, message
    stack.has("dear", source={"S": "shop"})
    assert stack.ended("Machine", 1) == [{"id": "late"}]
    assert stack.item("cheap") is None


@check
def an_upload_starts_a_state_machine_by_way_of_eventbridge():
    name = "pattern-" + uuid.uuid4().hex[:12]
    definition = {"StartAt": "Read", "States": {
        "Read": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Parameters": {
            "Bucket.$": "$.detail.bucket.name", "Key.$": "$.detail.object.key"},
            "ResultSelector": {"rows.$": "States.StringToJson($.Body)"}, "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.rows", "End": True, "ResultPath": None, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Store", "States": {"Store": {
                "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "End": True, "Parameters": {
                    "TableName": "${Table}", "Item": {"id": {"S.$": "$.id"}, "n": {"N.$": "States.Format('{}', $.n)"}}}}}}}}}
    stack = Stack(
        Table=items(), Machine=machine(definition, Table=ref("Table")), EventRole=role("events"),
        Bucket=resource("AWS::S3::Bucket", BucketName=name,
                        NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}}),
        Rule=resource("AWS::Events::Rule", EventPattern={"source": ["aws.s3"], "detail-type": ["Object Created"],
                                                         "detail": {"bucket": {"name": [name]}, "object": {"key": [{"suffix": ".json"}]}}},
                      Targets=[{"Id": "m", "Arn": ref("Machine"), "RoleArn": arn("EventRole")}]))
    s3.put_object(Bucket=name, Key="rows.json", Body=json.dumps([{"id": "r1", "n": 1}, {"id": "r2", "n": 2}]))
    stack.has("r1", n={"N": "1"})
    stack.has("r2", n={"N": "2"})
    assert len(stack.ended("Machine", 1)[0]["rows"]) == 2


@check
def a_schedule_sends_a_message_and_another_calls_any_service():
    def schedule(expression, target, input):
        return resource("AWS::Scheduler::Schedule", ScheduleExpression=expression, FlexibleTimeWindow={"Mode": "OFF"}, Target={
            "Arn": target, "RoleArn": arn("ScheduleRole"), "Input": input})
    stack = Stack(
        Queue=queue(), Table=items(), ScheduleRole=role("scheduler"),
        Call=schedule("rate(1 minute)", "arn:aws:scheduler:::aws-sdk:dynamodb:putItem", sub(
            '{"TableName": "${Table}", "Item": {"id": {"S": "scheduled"}}}')))
    # A schedule fires at a minute: the next one, with time to make it.
    soon = time.strftime("at(%Y-%m-%dT%H:%M:00)", time.gmtime(time.time() + 75))
    scheduler.create_schedule(
        Name=stack.name, ScheduleExpression=soon, FlexibleTimeWindow={"Mode": "OFF"}, ActionAfterCompletion="DELETE",
        Target={"Arn": stack.outputs["Queue"], "RoleArn": "arn:aws:iam::000000000000:role/schedule", "Input": '{"once": true}'})
    assert stack.bodies("Queue", 1) == [{"once": True}]
    stack.has("scheduled")


@check
def a_saga_takes_back_what_it_booked():
    book = STORE + """
class SoldOut(Exception): pass
def handler(event, context):
    if event.get("fail") == event["step"]: raise SoldOut(event["step"] + " is sold out")
    table.put_item(Item={"id": event["trip"] + "/" + event["step"], "state": event["state"]})
    return {"done": event["step"]}
"""
    def task(step, state, next, catch=None):
        made = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": f"$.{step}", "Parameters": {
            "FunctionName": "${Function}", "Payload": {"step": step, "state": state, "trip.$": "$.trip", "fail.$": "$.fail"}},
            "ResultSelector": {"done.$": "$.Payload.done"},
            "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 5}]}
        if state == "cancelled": made["Parameters"]["Payload"]["fail.$"] = "States.Format('')"
        if catch: made["Catch"] = [{"ErrorEquals": ["SoldOut"], "ResultPath": "$.error", "Next": catch}]
        return made | ({"Next": next} if next else {"End": True})
    stack = Stack(Table=items(), Function=function(book, {"TABLE": ref("Table")}), Machine=machine({
        "StartAt": "BookHotel", "States": {
            "BookHotel": task("hotel", "booked", "BookFlight", "Failed"), "BookFlight": task("flight", "booked", "Done", "CancelHotel"),
            "CancelHotel": task("hotel", "cancelled", "Failed"), "Failed": {"Type": "Pass", "Result": "taken back",
                                                                            "ResultPath": "$.outcome", "End": True},
            "Done": {"Type": "Pass", "Result": "booked", "ResultPath": "$.outcome", "End": True}}}, Function=ref("Function")))
    assert stack.run("Machine", {"trip": "t1", "fail": ""})["outcome"] == "booked"
    stack.has("t1/flight", state={"S": "booked"})
    output = stack.run("Machine", {"trip": "t2", "fail": "flight"})
    assert output["outcome"] == "taken back" and output["error"]["Error"] == "SoldOut", output
    assert json.loads(output["error"]["Cause"])["errorMessage"] == "flight is sold out"
    stack.has("t2/hotel", state={"S": "cancelled"})
    assert stack.item("t2/flight") is None


@check
def a_state_machine_waits_until_somebody_answers_with_its_token():
    stack = Stack(Queue=queue(), Topic=resource("AWS::SNS::Topic"), Inbox=queue(), ToInbox=resource(
        "AWS::SNS::Subscription", TopicArn=ref("Topic"), Protocol="sqs", Endpoint=arn("Inbox")), Machine=machine({
            "StartAt": "Ask", "States": {
                "Ask": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSeconds": 3600,
                        "Parameters": {"QueueUrl": "${Queue}", "MessageBody": {"token.$": "$$.Task.Token", "amount.$": "$.amount"}},
                        "Next": "Decide"},
                "Decide": {"Type": "Choice", "Choices": [{"Variable": "$.approved", "BooleanEquals": True, "Next": "Tell"}],
                           "Default": "Refused"},
                "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {
                    "TopicArn": "${Topic}", "Message.$": "States.Format('approved by {}', $.by)"}, "ResultPath": None, "End": True},
                "Refused": {"Type": "Fail", "Error": "Refused"}}}, Queue=ref("Queue"), Topic=ref("Topic")))
    made = steps.start_execution(stateMachineArn=stack["Machine"], input='{"amount": 7}')["executionArn"]
    question = stack.bodies("Queue", 1)[0]
    assert question["amount"] == 7
    steps.send_task_success(taskToken=question["token"], output='{"approved": true, "by": "Ann"}')
    assert stack.result(made) == {"approved": True, "by": "Ann"}
    assert stack.bodies("Inbox", 1)[0]["Message"] == "approved by Ann"


@check
def a_state_machine_runs_others_and_branches_and_asks_again():
    child = machine({"StartAt": "Square", "QueryLanguage": "JSONata", "States": {"Square": {
        "Type": "Pass", "Output": {"square": "{% $states.input.n * $states.input.n %}"}, "End": True}}})
    parent = machine({"QueryLanguage": "JSONata", "StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Next": "Loop", "Assign": {"count": 0, "sum": "{% $states.result[0] + $states.result[1] %}"}, "Branches": [
            {"StartAt": "Child", "States": {"Child": {
                "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Arguments": {
                    "StateMachineArn": "${Child}", "Input": {"n": "{% $states.input.n %}"}},
                "Output": "{% $states.result.Output.square %}", "End": True}}},
            {"StartAt": "Plain", "States": {"Plain": {"Type": "Pass", "Output": "{% $states.input.n %}", "End": True}}}]},
        "Loop": {"Type": "Choice", "Choices": [{"Condition": "{% $count < 3 %}", "Next": "Wait"}], "Default": "End"},
        "Wait": {"Type": "Wait", "Seconds": 0, "Assign": {"count": "{% $count + 1 %}"}, "Next": "Loop"},
        "End": {"Type": "Succeed", "Output": {"sum": "{% $sum %}", "count": "{% $count %}"}}}}, Child=ref("Child"))
    stack = Stack(Child=child, Machine=parent)
    assert stack.run("Machine", {"n": 4}) == {"sum": 20, "count": 3}


@check
def an_express_workflow_answers_at_once():
    stack = Stack(Table=items(), Machine=machine({"StartAt": "Read", "States": {
        "Read": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Parameters": {
            "TableName": "${Table}", "Key": {"id": {"S.$": "$.id"}}}, "ResultPath": "$.found", "Next": "There"},
        "There": {"Type": "Choice", "Choices": [{"Variable": "$.found.Item", "IsPresent": True, "Next": "Show"}], "Default": "Missing"},
        "Show": {"Type": "Pass", "InputPath": "$.found.Item.price.N", "End": True},
        "Missing": {"Type": "Fail", "Error": "NotFound", "CausePath": "States.Format('no {}', $.id)"}}}, "EXPRESS", Table=ref("Table")))
    table.put_item(TableName=stack["Table"], Item={"id": {"S": "p"}, "price": {"N": "9"}})
    there = steps.start_sync_execution(stateMachineArn=stack["Machine"], input='{"id": "p"}')
    assert there["status"] == "SUCCEEDED" and there["output"] == '"9"', there
    missing = steps.start_sync_execution(stateMachineArn=stack["Machine"], input='{"id": "q"}')
    assert (missing["status"], missing["error"], missing["cause"]) == ("FAILED", "NotFound", "no q"), missing


@check
def a_distributed_map_reads_a_table_of_an_object_and_writes_its_results():
    name = "pattern-" + uuid.uuid4().hex[:12]
    code = "def handler(event, context):\n    return {'sum': sum(int(i['n']) for i in event['Items']), 'of': event['BatchInput']['of']}\n"
    definition = {"StartAt": "All", "States": {"All": {
        "Type": "Map", "End": True, "MaxConcurrency": 2, "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "${Bucket}", "Key": "in.csv"}},
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"of.$": "$.of"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "Sum", "States": {
            "Sum": {"Type": "Task", "Resource": "${Function}", "End": True}}},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "${Bucket}", "Prefix": "out"}}}}}
    stack = Stack(Bucket=resource("AWS::S3::Bucket", BucketName=name), Function=function(code),
                  Machine=machine(definition, Bucket=ref("Bucket"), Function=arn("Function")))
    s3.put_object(Bucket=name, Key="in.csv", Body=b"id,n\na,1\nb,2\nc,3\n")
    output = stack.run("Machine", {"of": "test"})
    manifest = json.loads(body(s3.get_object(Bucket=name, Key=output["ResultWriterDetails"]["Key"])))
    results = json.loads(body(s3.get_object(Bucket=name, Key=manifest["ResultFiles"]["SUCCEEDED"][0]["Key"])))
    assert [json.loads(r["Output"]) for r in results] == [{"sum": 3, "of": "test"}, {"sum": 3, "of": "test"}], results


@check
def a_streams_records_become_objects_by_a_function_and_by_a_delivery_stream():
    name = "pattern-" + uuid.uuid4().hex[:12]
    archive = """
import base64, boto3, os
def handler(event, context):
    text = "".join(base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"])
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="function/" + context.aws_request_id, Body=text)
"""
    upper = """
import base64
def handler(event, context):
    return {"records": [{"recordId": r["recordId"], "result": "Ok",
                         "data": base64.b64encode(base64.b64decode(r["data"]).upper()).decode()} for r in event["records"]]}
"""
    stack = Stack(
        Bucket=resource("AWS::S3::Bucket", BucketName=name), Stream=resource("AWS::Kinesis::Stream", ShardCount=1),
        Archive=function(archive, {"BUCKET": ref("Bucket")}), Upper=function(upper), DeliveryRole=role("firehose"),
        Mapping=resource("AWS::Lambda::EventSourceMapping", FunctionName=ref("Archive"), EventSourceArn=arn("Stream"),
                         StartingPosition="TRIM_HORIZON", BatchSize=10),
        Delivery=resource("AWS::KinesisFirehose::DeliveryStream", DeliveryStreamType="KinesisStreamAsSource",
                          KinesisStreamSourceConfiguration={"KinesisStreamARN": arn("Stream"), "RoleARN": arn("DeliveryRole")},
                          ExtendedS3DestinationConfiguration={
                              "BucketARN": arn("Bucket"), "RoleARN": arn("DeliveryRole"), "Prefix": "delivery/",
                              "ErrorOutputPrefix": "errors/", "CompressionFormat": "GZIP",
                              "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
                              "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": [
                                  {"ParameterName": "LambdaArn", "ParameterValue": arn("Upper")}]}]}}))
    kinesis.put_records(StreamName=stack["Stream"], Records=[{"Data": f"line {i}\n".encode(), "PartitionKey": "k"} for i in range(3)])
    def text(prefix, read):
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])]
        return b"".join(sorted(read(body(s3.get_object(Bucket=name, Key=k))) for k in keys)).decode()
    eventually(lambda: text("function/", bytes).count("line") == 3, "the function writes all records")
    eventually(lambda: text("delivery/", gzip.decompress).count("LINE") == 3, "the delivery stream writes all records")


@check
def asynchronous_invocations_have_destinations_for_success_and_failure():
    code = "def handler(event, context):\n    if event.get('bad'): raise ValueError('no')\n    return {'ok': event['id']}\n"
    stack = Stack(
        Good=queue(), Bad=queue(), Function=function(code),
        Config=resource("AWS::Lambda::EventInvokeConfig", FunctionName=ref("Function"), Qualifier="$LATEST", MaximumRetryAttempts=0,
                        DestinationConfig={"OnSuccess": {"Destination": arn("Good")}, "OnFailure": {"Destination": arn("Bad")}}))
    for event in ({"id": 1}, {"id": 2, "bad": True}):
        answer = functions.invoke(FunctionName=stack["Function"], InvocationType="Event", Payload=json.dumps(event))
        assert answer["StatusCode"] == 202
    good, bad = stack.bodies("Good", 1)[0], stack.bodies("Bad", 1)[0]
    assert good["responsePayload"] == {"ok": 1} and good["requestContext"]["condition"] == "Success", good
    assert bad["requestPayload"] == {"id": 2, "bad": True} and bad["responsePayload"]["errorType"] == "ValueError", bad


@check
def a_function_url_serves_a_small_web_service_over_a_table():
    code = STORE + """
def handler(event, context):
    id, method = event["rawPath"].strip("/"), event["requestContext"]["http"]["method"]
    if method == "PUT":
        table.put_item(Item={"id": id, "text": event["body"]})
        return {"statusCode": 204}
    found = table.get_item(Key={"id": id}).get("Item")
    return found if found else {"statusCode": 404, "body": "no " + id}
"""
    stack = Stack(
        Table=items(), Function=function(code, {"TABLE": ref("Table")}),
        Url=resource("AWS::Lambda::Url", TargetFunctionArn=arn("Function"), AuthType="NONE"),
        Permission=resource("AWS::Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunctionUrl", Principal="*",
                            FunctionUrlAuthType="NONE"))
    def send(method, path, content=None):
        request = urllib.request.Request(stack.outputs["Url"] + path, content, {"Content-Type": "text/plain"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer: return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error: return error.code, error.read().decode()
    assert send("GET", "a") == (404, "no a")
    assert send("PUT", "a", b"hello")[0] == 204
    status, text = send("GET", "a")
    assert status == 200 and json.loads(text) == {"id": "a", "text": "hello"}, text


@check
def a_functions_layer_comes_with_its_stack():
    name = "pattern-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=name)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file: file.writestr("python/shared/__init__.py", "greeting = 'hello'\n")
    s3.put_object(Bucket=name, Key="layer.zip", Body=archive.getvalue())
    code = "import shared\ndef handler(event, context):\n    return shared.greeting + ' ' + event['name']\n"
    stack = Stack(
        Layer=resource("AWS::Lambda::LayerVersion", Content={"S3Bucket": name, "S3Key": "layer.zip"}, CompatibleRuntimes=[RUNTIME]),
        Function=function(code, Layers=[ref("Layer")]))
    answer = functions.invoke(FunctionName=stack["Function"], Payload=b'{"name": "Ann"}')
    assert json.loads(answer["Payload"].read()) == "hello Ann", answer
    assert functions.get_function_configuration(FunctionName=stack["Function"])["Layers"][0]["Arn"] == stack["Layer"]


@check
def a_fifo_queue_keeps_the_order_of_each_group_and_drops_repetitions():
    code = STORE + """
def handler(event, context):
    for record in event["Records"]:
        group = record["attributes"]["MessageGroupId"]
        table.update_item(Key={"id": group}, UpdateExpression="SET seen = list_append(if_not_exists(seen, :none), :one)",
                          ExpressionAttributeValues={":none": [], ":one": [record["body"]]})
"""
    stack = Stack(
        Table=items(), Queue=queue(FifoQueue=True, ContentBasedDeduplication=True, VisibilityTimeout=120),
        Function=function(code, {"TABLE": ref("Table")}),
        Mapping=resource("AWS::Lambda::EventSourceMapping", FunctionName=ref("Function"), EventSourceArn=arn("Queue"), BatchSize=2))
    for group, text in (("x", "1"), ("y", "1y"), ("x", "2"), ("x", "1"), ("x", "3"), ("y", "2y")):
        sqs.send_message(QueueUrl=stack["Queue"], MessageBody=text, MessageGroupId=group)
    texts = lambda id: [t["S"] for t in (stack.item(id) or {}).get("seen", {"L": []})["L"]]
    eventually(lambda: texts("x") == ["1", "2", "3"] and texts("y") == ["1y", "2y"], "all messages arrive in order")


@check
def a_buckets_notifications_go_to_a_queue_and_a_topic():
    name = "pattern-" + uuid.uuid4().hex[:12]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                                                      "Action": ["sqs:SendMessage", "sns:Publish"], "Resource": "*"}]}
    stack = Stack(
        Queue=queue(), Topic=resource("AWS::SNS::Topic"), Removed=queue(),
        QueuePolicy=resource("AWS::SQS::QueuePolicy", Queues=[ref("Queue")], PolicyDocument=policy),
        TopicPolicy=resource("AWS::SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=policy),
        ToRemoved=resource("AWS::SNS::Subscription", TopicArn=ref("Topic"), Protocol="sqs", Endpoint=arn("Removed"),
                           RawMessageDelivery=True),
        Bucket=resource("AWS::S3::Bucket", "QueuePolicy", "TopicPolicy", BucketName=name, NotificationConfiguration={
            "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn("Queue"), "Filter": {"S3Key": {"Rules": [
                {"Name": "prefix", "Value": "in/"}]}}}],
            "TopicConfigurations": [{"Event": "s3:ObjectRemoved:*", "Topic": ref("Topic")}]}))
    s3.put_object(Bucket=name, Key="out/x", Body=b"")
    s3.put_object(Bucket=name, Key="in/x", Body=b"abc")
    s3.delete_object(Bucket=name, Key="in/x")
    def records(queue):
        while True:
            message = stack.bodies(queue, 1)[0]
            if "Records" in message: return message["Records"]
    created, removed = records("Queue")[0], records("Removed")[0]
    assert (created["s3"]["object"]["key"], created["s3"]["object"]["size"]) == ("in/x", 3), created
    assert removed["eventName"] == "ObjectRemoved:Delete" and removed["s3"]["object"]["key"] == "in/x", removed


@check
def settings_and_secrets_reach_functions_through_the_template():
    name = "pattern-" + uuid.uuid4().hex[:12]
    ssm, secrets = client("ssm"), client("secretsmanager")
    ssm.put_parameter(Name=f"/{name}/level", Value="high", Type="String")
    code = """
import boto3, json, os
def handler(event, context):
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET"])["SecretString"]
    own = boto3.client("ssm").get_parameter(Name=os.environ["OWN"])["Parameter"]["Value"]
    return {"level": os.environ["LEVEL"], "user": json.loads(secret)["user"], "length": len(json.loads(secret)["password"]), "own": own}
"""
    stack = Stack(
        Own=resource("AWS::SSM::Parameter", Name=f"/{name}/own", Type="String", Value="mine"),
        Secret=resource("AWS::SecretsManager::Secret", GenerateSecretString={
            "SecretStringTemplate": '{"user": "ann"}', "GenerateStringKey": "password", "PasswordLength": 20}),
        Function=function(code, {"LEVEL": f"{{{{resolve:ssm:/{name}/level}}}}", "SECRET": ref("Secret"), "OWN": ref("Own")}))
    answer = json.loads(functions.invoke(FunctionName=stack["Function"], Payload=b"{}")["Payload"].read())
    assert answer == {"level": "high", "user": "ann", "length": 20, "own": "mine"}, answer
