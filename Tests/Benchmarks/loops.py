#!/usr/bin/env python3
"""How long requests take beside ten executions that never end, and beside ten expressions that use up their budget.

loops.py ENDPOINT [ROUNDS]    an emulator that is up, on a machine that is quiet; 3 rounds unless told

One client sends GetItem, PutItem, a 64 KiB PutObject, and a start of a state machine of one state whose end it waits for, in
turn, each over one connection. Each round measures alone, beside the loops, and beside the expressions. Printed are the median
and the 99th percentile of the best round, because other work on the machine only ever makes a request slower.
"""
import http.client, json, multiprocessing, os, sys, time, urllib.parse, uuid

SECONDS, BESIDE = 8, 10
address = urllib.parse.urlparse(sys.argv[1]).netloc
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
run = uuid.uuid4().hex[:12]
table, bucket, content = "loops-" + run, "loops-" + run, os.urandom(65536)
ROLE = "arn:aws:iam::000000000000:role/loops"

EXPRESSIONS = [
    '$match("' + "a" * 40 + '", /^(a+)+$/)', '$match("' + "a" * 40 + '!", /^(a+)+$/)', "$sum([1..10000000])",
    "$sum([1..3000].($sum([1..3000])))", "$map([1..800000], function($v) { $sqrt($v) * $sqrt($v) })",
]
LOOP = {"StartAt": "A", "States": {
    "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice", "Choices": [
        {"Variable": "$.never", "IsPresent": True, "Next": "End"}], "Default": "A"}, "End": {"Type": "Succeed"}}}


def expression(text):
    return {"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Output": "{% " + text + " %}", "End": True}}}


class Client:
    def __init__(self): self.connection = http.client.HTTPConnection(address, timeout=600)

    def send(self, method, path, body, headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (path, headers, answer.status, text)
        return text

    def call(self, target, **document):
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        return json.loads(self.send("POST", "/", json.dumps(document), headers))

    def states(self, action, **document): return self.call("AWSStepFunctions." + action, **document)

    def machine(self, name, definition, kind="STANDARD"):
        return self.states("CreateStateMachine", name=f"{name}-{run}", definition=json.dumps(definition), roleArn=ROLE,
                           type=kind)["stateMachineArn"]

    def execute(self, machine, pause):
        execution = self.states("StartExecution", stateMachineArn=machine)["executionArn"]
        while (ended := self.states("DescribeExecution", executionArn=execution))["status"] == "RUNNING": time.sleep(pause)
        return ended


def keep_running(machine, kind):
    """Keeps one execution of the machine in progress for as long as this process lives."""
    client = Client()
    while True:
        if kind == "EXPRESS": client.states("StartSyncExecution", stateMachineArn=machine)
        else: client.execute(machine, 0.1)


def measured(short):
    clients = [Client() for _ in range(4)]
    number, times = 0, {"GetItem": [], "PutItem": [], "PutObject of 64 KiB": [], "an execution, to its end": []}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        number += 1
        key = {"k": {"S": str(number % 100)}}
        for operation, act in zip(times, (
                lambda: clients[0].call("DynamoDB_20120810.GetItem", TableName=table, Key=key),
                lambda: clients[1].call("DynamoDB_20120810.PutItem", TableName=table, Item={**key, "v": {"N": str(number)}}),
                lambda: clients[2].send("PUT", f"/{bucket}/{number % 100}", content,
                                        {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}),
                lambda: clients[3].execute(short, 0.001))):
            begin = time.perf_counter()
            act()
            times[operation].append((time.perf_counter() - begin) * 1000)
    return {operation: sorted(values) for operation, values in times.items()}


def quantile(values, share): return values[min(len(values) - 1, int(len(values) * share))]


client = Client()
client.call("DynamoDB_20120810.CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
client.send("PUT", f"/{bucket}", b"", {})
short = client.machine("short", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
beside = {
    "alone": [],
    "beside ten loops": [(client.machine("loop", LOOP), "STANDARD")] * BESIDE,
    "beside ten expressions": [
        (client.machine(f"expression-{n}", expression(EXPRESSIONS[n % len(EXPRESSIONS)]), "EXPRESS"), "EXPRESS")
        for n in range(BESIDE)],
}
found = {name: [] for name in beside}
for _ in range(rounds):
    for name, work in beside.items():
        others = [multiprocessing.Process(target=keep_running, args=job, daemon=True) for job in work]
        for other in others: other.start()
        time.sleep(1)
        found[name].append(measured(short))
        for other in others: other.kill()
        for other in others: other.join()
        for machine in {machine for machine, kind in work if kind == "STANDARD"}:
            for entry in client.states("ListExecutions", stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
                client.states("StopExecution", executionArn=entry["executionArn"])
        time.sleep(2)

print(f"load average {os.getloadavg()[0]:.1f}; best of {rounds} rounds of {SECONDS} s; milliseconds, median / 99 %")
print("| |", " | ".join(beside), "|")
print("|---|" + "---|" * len(beside))
for operation in found["alone"][0]:
    cells = []
    for name in beside:
        best = min((one[operation] for one in found[name]), key=lambda values: quantile(values, 0.99))
        cells.append(f"{quantile(best, 0.5):.1f} / {quantile(best, 0.99):.1f}")
    print("|", operation, "|", " | ".join(cells), "|")
