"""A pytest plugin: the fixture `cupel`, a Cupel emulator with a clean state for each test.

    def test_orders(cupel):
        record = cupel.put("orders", b"id,price\\n1,9.50\\n").settle()
        assert record["status"] == "success"
        cupel.silver()
        assert cupel.query("SELECT count(*) AS n FROM silver.orders") == [{"n": 1}]

One emulator serves a session: `cupel up` on a free port, with its data in a temporary folder, started in pytest's root directory, so
that a `cupel.yaml` there counts. Before each test that uses the fixture, it is reset, which takes milliseconds. Options in pytest's
configuration:

    cupel_options    more arguments for `cupel up`, such as `--contracts contracts --parameter LambdaMaxRecords=1000`
    cupel_command    the program; by default the one beside this Python, or else the one on PATH
"""
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

KEY = {"AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator", "AWS_DEFAULT_REGION": "us-east-1"}


class CupelError(Exception):
    """The emulator could not do what a test asked for."""


class Cupel:
    """A running emulator.

    endpoint   such as http://127.0.0.1:41234
    outputs    the outputs of its template by name, such as StageBucket
    """

    def __init__(self, command, options, folder, working_directory):
        self._command, self._folder, self._working_directory = command, pathlib.Path(folder), str(working_directory)
        self._clients, self._files = {}, 0
        self._log = open(self._folder / "cupel.log", "w+")
        self._process = subprocess.Popen(
            [command, "up", "--port", "0", "--data", str(self._folder / "data"), "--json", *options],
            cwd=self._working_directory, stdout=subprocess.PIPE, stderr=self._log, text=True, start_new_session=True)
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise CupelError(f"cupel up ended with {self._process.returncode}: {self.log()}")
        self._take(json.loads(line))

    def _take(self, document):
        self.endpoint, self.outputs = document["endpoint"], document["outputs"]

    def log(self):
        """What the emulator wrote to standard error."""
        return (self._folder / "cupel.log").read_text()

    @property
    def environment(self):
        """The variables by which the AWS SDKs and tools reach the emulator."""
        return {**KEY, "AWS_ENDPOINT_URL": self.endpoint}

    def client(self, service):
        """A boto3 client, such as `client("s3")`; the same one each time."""
        if service not in self._clients:
            self._clients[service] = self._session().client(service, endpoint_url=self.endpoint)
        return self._clients[service]

    def resource(self, service):
        """A boto3 resource, such as `resource("dynamodb")`."""
        return self._session().resource(service, endpoint_url=self.endpoint)

    @staticmethod
    def _session():
        try:
            import boto3
        except ImportError as error:
            raise CupelError("boto3 is missing; install it with: pip install 'cupel[pytest]'") from error
        return boto3.session.Session(KEY["AWS_ACCESS_KEY_ID"], KEY["AWS_SECRET_ACCESS_KEY"], region_name=KEY["AWS_DEFAULT_REGION"])

    def put(self, table, content, name=None):
        """Uploads a raw file of a table; `content` is bytes, text, or the path of a file. The name says its format: CSV if none is
        given, or JSON if the content begins so."""
        if isinstance(content, os.PathLike):
            path = pathlib.Path(content)
            content, name = path.read_bytes(), name or path.name
        if isinstance(content, str): content = content.encode()
        if name is None:
            self._files += 1
            name = f"{table}-{self._files}.{'json' if content.lstrip()[:1] in (b'{', b'[') else 'csv'}"
        key = f"raw/{table}/{name}"
        self.client("s3").put_object(Bucket=self.outputs["StageBucket"], Key=key, Body=content)
        return RawObject(self, key)

    def settle(self, key, timeout=60):
        """The control record of a raw object, once bronze is done with it, whether well or not.

        Raises CupelError if that takes longer than `timeout` seconds."""
        end = time.monotonic() + timeout
        pause, record = 0.01, None
        while time.monotonic() < end:
            answer = self.client("dynamodb").query(
                TableName=self.outputs["ControlTable"], IndexName="dm-gsi-object-key",
                KeyConditionExpression="object_key = :key", ExpressionAttributeValues={":key": {"S": key}})
            records = [{name: plain(value) for name, value in item.items()} for item in answer["Items"]]
            bronze = [each for each in records if each.get("schema_name") == "dm_bronze"]
            record = max(bronze, key=lambda each: each.get("created_at", ""), default=None)
            if record and record["status"] in ("success", "error"): return record
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        state = f"its record is {record['status']}" if record else "it has no control record"
        raise CupelError(f"{key} did not settle within {timeout} seconds: {state}; {self.log()[-2000:]}")

    def run(self, *arguments):
        """What a cupel command prints, such as `run("status", "--json")`."""
        done = subprocess.run(
            [self._command, *map(str, arguments), "--data", str(self._folder / "data")], cwd=self._working_directory,
            capture_output=True, text=True)
        if done.returncode: raise CupelError(f"cupel {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def silver(self):
        """Takes what waits in bronze to silver, and returns what became of each table."""
        return self._execute("Silver")

    def gold(self):
        """Builds the models, and returns what became of each."""
        return self._execute("Gold")

    def _execute(self, output):
        machines = self.client("stepfunctions")
        execution = machines.start_execution(stateMachineArn=self.outputs[output])["executionArn"]
        while (state := machines.describe_execution(executionArn=execution))["status"] == "RUNNING": time.sleep(0.02)
        if state["status"] != "SUCCEEDED":
            raise CupelError(f"{output} ended as {state['status']}: {state.get('error')} {state.get('cause')}")
        return json.loads(state["output"])

    def query(self, sql):
        """The rows of a query over bronze, silver and gold, as a list of dictionaries."""
        return [json.loads(line) for line in self.run("query", "--format", "json", sql).splitlines()]

    def reset(self):
        """Makes everything as just after the start: no objects, items, messages, executions and logs."""
        request = urllib.request.Request(f"{self.endpoint}/_cupel/reset", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer: self._take(json.load(answer))
        except urllib.error.HTTPError as error:
            raise CupelError(f"the reset failed: {error.read().decode(errors='replace')}") from error

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._process.stdout.close()
        self._log.close()


class RawObject:
    """A raw object that a test has uploaded."""

    def __init__(self, cupel, key):
        self._cupel, self.key = cupel, key

    def settle(self, timeout=60):
        """See Cupel.settle."""
        return self._cupel.settle(self.key, timeout)


def plain(value):
    """An attribute of DynamoDB as Python has it."""
    (kind, content), = value.items()
    if kind == "N": return float(content) if set(content) & set(".eE") else int(content)
    if kind == "NULL": return None
    if kind == "L": return [plain(each) for each in content]
    if kind == "M": return {name: plain(each) for name, each in content.items()}
    return content


def pytest_addoption(parser):
    parser.addini("cupel_options", "more arguments for `cupel up`", default="")
    parser.addini("cupel_command", "the cupel program", default="")


def command_of(config):
    given = config.getini("cupel_command")
    beside = os.path.join(os.path.dirname(sys.executable), "cupel")
    found = given or (beside if os.access(beside, os.X_OK) else shutil.which("cupel"))
    if not found: raise CupelError("there is no cupel, neither beside this Python nor on PATH; set cupel_command")
    return found


@pytest.fixture(scope="session")
def cupel_session(pytestconfig, tmp_path_factory):
    """The emulator of this session, in whatever state the last test left it."""
    emulator = Cupel(
        command_of(pytestconfig), shlex.split(pytestconfig.getini("cupel_options")), tmp_path_factory.mktemp("cupel"),
        pytestconfig.rootpath)
    yield emulator
    emulator.stop()


@pytest.fixture
def cupel(cupel_session):
    """The emulator with a clean state."""
    cupel_session.reset()
    return cupel_session
