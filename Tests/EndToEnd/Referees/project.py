#!/usr/bin/env python3
"""Starts a project as a user would, and tries what a project can do.

    project.py CUPEL PACKAGE_ROOT
"""
import io, json, os, pathlib, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request, zipfile

import boto3, yaml

cupel, root = sys.argv[1], pathlib.Path(sys.argv[2])
failures = 0


def check(what, holds, why=""):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'} {what}{'' if holds else ': ' + str(why)[-1500:]}", flush=True)


def run(arguments, folder, **environment):
    return subprocess.run(arguments, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=600)


class Up:
    """`cupel up` in a folder."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen([cupel, "up", "--port", "0", "--json", *options], cwd=folder, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline()
        self.document = json.loads(line) if line else None
        if self.document:
            self.endpoint, self.outputs = self.document["endpoint"], self.document["outputs"]

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="emulator",
                            aws_secret_access_key="emulator")

    def post(self, path, method="POST"):
        request = urllib.request.Request(self.endpoint + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer: return answer.status, json.load(answer)
        except urllib.error.HTTPError as error: return error.code, json.load(error)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1]


def settled(up, key):
    """The bronze record of a raw object, once it is done."""
    control = up.client("dynamodb")
    end = time.monotonic() + 120
    while time.monotonic() < end:
        items = control.query(TableName=up.outputs["ControlTable"], IndexName="dm-gsi-object-key",
                              KeyConditionExpression="object_key = :k", ExpressionAttributeValues={":k": {"S": key}})["Items"]
        for item in items:
            if item["schema_name"]["S"] == "dm_bronze" and item["status"]["S"] in ("success", "error"): return item
        time.sleep(0.02)


def new_project(folder):
    made = run([cupel, "init", "shop"], folder)
    check("cupel init", made.returncode == 0 and "cupel run data" in made.stdout, made.stdout + made.stderr)
    shop = folder / "shop"
    again = run([cupel, "init", "shop"], folder)
    check("it overwrites nothing", again.returncode == 2 and "--force" in again.stderr, again.stdout + again.stderr)
    lint = run([cupel, "contract", "lint", "--strict", "infra/contracts/orders.odcs.yaml"], shop)
    check("its contract has no finding", lint.returncode == 0, lint.stdout + lint.stderr)
    ran = run([cupel, "run", "data"], shop)
    check("cupel run takes its rows to gold", ran.returncode == 0 and "orders_by_status" in ran.stdout, ran.stdout + ran.stderr)
    up = Up(shop)
    asked = run([cupel, "query", "--format", "csv", "SELECT orders, amount FROM gold.orders_by_status ORDER BY status"], shop)
    check("cupel query reads gold", asked.stdout.split() == ["orders,amount", "1,7.25", "1,5.00", "2,140.35"], asked.stdout + asked.stderr)
    readme = (shop / "README.md").read_text()
    for command in re.findall(r"^    (cupel query .*)$", readme, re.MULTILINE):
        shown = run(["sh", "-c", command.replace("cupel", f"'{cupel}'", 1)], shop)
        check(f"README: {command}", shown.returncode == 0, shown.stdout + shown.stderr)
    check("the project's emulator ends", up.stop() is not None and up.process.returncode == 0)
    (folder / "people.csv").write_text("person;name;score\n1;Ann;1,5\n2;Bob;2,25\n")
    own = run([cupel, "init", "--from", "people.csv", "own"], folder)
    ran = run([cupel, "run", "../people.csv"], folder / "own")
    check("a project from a file takes the file", own.returncode == 0 and ran.returncode == 0, own.stderr + ran.stdout + ran.stderr)


def hooks(folder):
    project = folder / "hooked"
    run([cupel, "init", str(project)], folder)
    (project / "init.d").mkdir()
    (project / "init.d/1-bucket.sh").write_text(
        'set -e\n[ -n "$CUPEL_STAGE_BUCKET" ]\necho "hook at $AWS_ENDPOINT_URL"\necho made > "$CUPEL_HOOKED"\n')
    (project / "init.d/2-queue.py").write_text(
        f"#!/usr/bin/env python3\nimport sys\nsys.path[:0] = {sys.path!r}\nimport boto3\nboto3.client('sqs').create_queue(QueueName='hooked')\n")
    (project / "init.d/notes.txt").write_text("not a program")
    mark = project / "mark"
    os.environ["CUPEL_HOOKED"] = str(mark)
    up = Up(project)
    check("hooks have run before it is up", up.document is not None and mark.exists(), up.process.poll())
    queues = up.client("sqs").list_queues().get("QueueUrls", [])
    check("a hook in Python reaches the emulator", any(url.endswith("/hooked") for url in queues), queues)
    mark.unlink()
    status, _ = up.post("/_cupel/reset")
    queues = up.client("sqs").list_queues().get("QueueUrls", [])
    check("hooks run again after a reset", status == 200 and mark.exists() and any(u.endswith("/hooked") for u in queues), queues)
    errors = up.stop()
    check("what hooks print is on standard error", "hook at http://" in errors, errors)
    (project / "init.d/1-bucket.sh").write_text("exit 7\n")
    failed = Up(project)
    errors = failed.process.communicate(timeout=60)[1]
    check("a hook that fails stops the start", failed.process.returncode == 1 and "1-bucket.sh failed with exit status 7" in errors, errors)


def reset(folder):
    project = folder / "reset"
    run([cupel, "init", str(project)], folder)
    up = Up(project)
    stage = up.outputs["StageBucket"]
    status, document = up.post("/_cupel/reset", method="GET")
    check("a reset is a POST", status == 405, document)
    rows = "id,customer,amount,status,ordered_at\n" + "".join(f"{n},a,1.00,open,\n" for n in range(20_000))
    big = b"x" * (3 << 20)
    for turn in range(3):
        s3, sqs = up.client("s3"), up.client("sqs")
        s3.put_object(Bucket=stage, Key="raw/orders/done.csv", Body=rows[:200])
        record = settled(up, "raw/orders/done.csv")
        check(f"turn {turn}: the pipeline works", record and record["status"]["S"] == "success", record)
        check(f"turn {turn}: its contracts are in force", record and record["contract_version"]["S"] == "0.1.0", record)
        s3.put_object(Bucket=stage, Key="other/big", Body=big)
        sqs.create_queue(QueueName="own")
        up.client("logs").create_log_group(logGroupName="own")
        # Some are in flight.
        for number in range(5): s3.put_object(Bucket=stage, Key=f"raw/orders/flight-{number}.csv", Body=rows)
        status, document = up.post("/_cupel/reset")
        check(f"turn {turn}: reset", status == 200 and document.get("outputs") == up.outputs, document)
        time.sleep(0.5)  # whatever still ran would show itself
        left = [o["Key"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"] != up.outputs["ContractsBucket"]
                for o in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])]
        check(f"turn {turn}: no object is left", left == [], left)
        items = up.client("dynamodb").scan(TableName=up.outputs["ControlTable"])["Items"]
        check(f"turn {turn}: no item is left", items == [], items)
        queues = [url for url in up.client("sqs").list_queues().get("QueueUrls", []) if url.endswith("/own")]
        check(f"turn {turn}: no queue of the user's is left", queues == [], queues)
        machine = [m["stateMachineArn"] for m in up.client("stepfunctions").list_state_machines()["stateMachines"] if m["type"] == "STANDARD"]
        executions = [e for arn in machine for e in up.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]]
        check(f"turn {turn}: no execution is left", machine and executions == [], executions)
        groups = [g["logGroupName"] for g in up.client("logs").describe_log_groups()["logGroups"]]
        check(f"turn {turn}: no log group of the user's is left", "own" not in groups, groups)
    ran = run([cupel, "run", "data"], project)
    check("after resets, cupel run finds the emulator and works", ran.returncode == 0, ran.stdout + ran.stderr)
    objects = project / ".cupel/data/objects"
    size = sum(path.stat().st_size for path in objects.rglob("*") if path.is_file()) if objects.exists() else 0
    check("objects' files are gone", size < 1 << 20, size)
    up.stop()
    strict = Up(project, "--strict-auth")
    status, document = strict.post("/_cupel/reset")
    check("with --strict-auth there is no reset", status == 403, document)
    strict.stop()


def plugin(folder):
    example = folder / "pytest"
    shutil.copytree(root / "infra/examples/pytest", example)
    tested = run([sys.executable, "-m", "pytest", "-q", "-p", "cupel_pytest", "-p", "no:cacheprovider", "-o", f"cupel_command={cupel}"],
                 example, PYTHONPATH=str(root / "infra/package/python"), PYTHONDONTWRITEBYTECODE="1")
    check("pytest runs the example's tests with the plugin", tested.returncode == 0 and "4 passed" in tested.stdout, tested.stdout + tested.stderr)
    functions = folder / "functions"
    shutil.copytree(root / "infra/examples/functions", functions)
    tested = run([sys.executable, "-m", "pytest", "-q", "-p", "cupel_pytest", "-p", "no:cacheprovider", "-o", f"cupel_command={cupel}"],
                 functions, PYTHONPATH=str(root / "infra/package/python"), PYTHONDONTWRITEBYTECODE="1")
    check("own functions, a machine and a stack work", tested.returncode == 0 and "4 passed" in tested.stdout, tested.stdout + tested.stderr)
    missing = run([sys.executable, "-m", "pytest", "-q", "-p", "cupel_pytest", "-p", "no:cacheprovider", "-o", "cupel_command=/bin/false"],
                  example, PYTHONPATH=str(root / "infra/package/python"), PYTHONDONTWRITEBYTECODE="1")
    check("a command that does not start is an error that says so", "cupel up ended with 1" in missing.stdout, missing.stdout)


def swift(folder):
    """The example's function in Swift, compiled as it is and run by the emulator."""
    source = root / "infra/examples/functions/swift/Sources/Greeter/main.swift"
    built = run(["swiftc", "-swift-version", "6", "-module-name", "Greeter", "-o", "bootstrap", str(source)], folder)
    check("the function in Swift compiles", built.returncode == 0, built.stderr)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file: file.write(folder / "bootstrap", "bootstrap")
    project = folder / "project"
    run([cupel, "init", str(project)], folder)
    up = Up(project)
    functions = up.client("lambda")
    functions.create_function(FunctionName="swift", Runtime="provided.al2023", Handler="bootstrap", Timeout=60,
                              Role="arn:aws:iam::000000000000:role/own", Code={"ZipFile": packed.getvalue()})
    for greeting in ["hello", "again"]:
        answer = json.load(functions.invoke(FunctionName="swift", Payload=json.dumps({"greeting": greeting}))["Payload"])
        check(f"it answers to {greeting}", answer == {"shouted": greeting.upper()}, answer)
    up.stop()


def actions(folder):
    """The steps of the example for GitHub Actions, in a project with tests, as the runner's shell runs them."""
    project = folder / "repository"
    run([cupel, "init", str(project)], folder)
    for file in (root / "infra/examples/pytest").iterdir():
        if file.is_file(): shutil.copy(file, project)
    shutil.copytree(root / "infra/examples/pytest/contracts", project / "contracts")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    example = (root / "infra/examples/github-actions.yml").read_text().replace("4566", str(port))
    workflow = yaml.safe_load(example)
    # What pip would install is in this environment, and the plugin, beside the wheel's source.
    environment = {
        "PATH": f"{pathlib.Path(cupel).parent}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(root / "infra/package/python"), "HOME": str(folder),
        "PYTEST_ADDOPTS": f"-p cupel_pytest -p no:cacheprovider -o cupel_command={cupel}"}
    steps = workflow["jobs"]["test"]["steps"]
    check("the first steps get the sources and Python", [step.get("uses", "").split("@")[0] for step in steps[:2]] == ["actions/checkout", "actions/setup-python"], steps)
    check("then the wheel is installed", steps[2]["run"].startswith("pip install cupel-*.whl"), steps[2])
    started = []
    for step in steps[3:]:
        if "cupel up" in step["run"]: (project / "cupel.yaml").write_text(f"port: {port}\n")
        with open(folder / "shown", "w+") as shown:
            # What a step leaves running outlives it, as on a runner.
            process = subprocess.Popen(["bash", "-e", "-c", step["run"]], cwd=project, env={**os.environ, **environment, **step.get("env", {})},
                                       stdout=shown, stderr=shown, start_new_session=True)
            started.append(process.pid)
            status = process.wait(timeout=600)
            shown.seek(0)
            check(f"step: {step['run'].splitlines()[0]}", status == 0, shown.read())
    for group in started:
        try: os.killpg(group, signal.SIGTERM)
        except ProcessLookupError: pass
    end = time.monotonic() + 60
    while (project / ".cupel/data/endpoint.json").exists() and time.monotonic() < end: time.sleep(0.05)


for part in [new_project, hooks, reset, plugin, swift, actions]:
    with tempfile.TemporaryDirectory() as folder: part(pathlib.Path(folder))
sys.exit(failures > 0)
