#!/usr/bin/env python3
"""Uses EMR Serverless by boto3, whose model checks what is sent, and a state machine. Prints one JSON document.

    emr.py ENDPOINT calls             applications, job runs, tags, pages, tokens and faults; the spark-submit is a script of the test
    emr.py ENDPOINT without-spark     a run where Spark is not installed -> {"details": why it failed}
    emr.py ENDPOINT start             a run that goes on until it is cancelled -> {"application": …, "job": …}
    emr.py ENDPOINT state APP JOB     -> {"state": …, "details": …}
    emr.py ENDPOINT template          the application that a template has made runs a job -> {"state": …}
"""
import datetime, gzip, json, os, subprocess, sys, time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, command, *arguments = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
                        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}))


emr, s3, logs, states = client("emr-serverless"), client("s3"), client("logs"), client("stepfunctions")
role = "arn:aws:iam::000000000000:role/job"


def script():
    s3.create_bucket(Bucket="jobs")
    s3.put_object(Bucket="jobs", Key="code/job.py", Body=b"print('job')")


def driver(*words, parameters="--conf spark.executor.cores=4 --conf 'spark.app.name=two words'"):
    return {"sparkSubmit": {"entryPoint": "s3://jobs/code/job.py", "entryPointArguments": list(words), "sparkSubmitParameters": parameters}}


def application(name, **settings):
    return emr.create_application(name=name, releaseLabel="emr-7.12.0", type="SPARK", **settings)["applicationId"]


def ended(application, job):
    deadline = time.time() + 120
    while (run := emr.get_job_run(applicationId=application, jobRunId=job)["jobRun"])["state"] not in ("SUCCESS", "FAILED", "CANCELLED"):
        assert time.time() < deadline, run
        time.sleep(0.05)
    return run


def fault(call, code, **members):
    try: call(**members)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code and error.response["Error"]["Message"], error.response
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"{code} was expected")


def calls():
    script()
    app = application("one", tags={"Team": "beer"}, clientToken="t1", maximumCapacity={"cpu": "4 vCPU", "memory": "16 GB"})
    again = emr.create_application(name="one", releaseLabel="emr-7.12.0", type="SPARK", tags={"Team": "beer"}, clientToken="t1",
                                   maximumCapacity={"cpu": "4 vCPU", "memory": "16 GB"})
    assert again["applicationId"] == app and again["arn"].endswith(f":/applications/{app}"), again
    assert fault(emr.create_application, "ConflictException", name="other", releaseLabel="emr-7.12.0", type="SPARK", clientToken="t1") == 409
    assert fault(emr.create_application, "ValidationException", name="x", releaseLabel="7", type="SPARK") == 400
    described = emr.get_application(applicationId=app)["application"]
    assert described["state"] == "CREATED" and described["maximumCapacity"]["cpu"] == "4 vCPU" and described["tags"] == {"Team": "beer"}, described
    assert isinstance(described["createdAt"], datetime.datetime)
    changed = emr.update_application(applicationId=app, maximumCapacity={"cpu": "8 vCPU", "memory": "32 GB"})["application"]
    assert changed["maximumCapacity"]["cpu"] == "8 vCPU", changed
    for number in range(3): application(f"more-{number}")
    page = emr.list_applications(maxResults=3)
    names = [a["name"] for a in page["applications"]] + [
        a["name"] for a in emr.list_applications(maxResults=3, nextToken=page["nextToken"])["applications"]]
    assert names == ["one", "more-0", "more-1", "more-2"], names
    assert [a["id"] for a in emr.list_applications(states=["CREATED"])["applications"]][0] == app
    arn = described["arn"]
    emr.tag_resource(resourceArn=arn, tags={"cost": "gold"})
    emr.untag_resource(resourceArn=arn, tagKeys=["Team"])
    assert emr.list_tags_for_resource(resourceArn=arn)["tags"] == {"cost": "gold"}

    request = dict(applicationId=app, executionRoleArn=role, jobDriver=driver("exit", "0", "a b"), name="first", clientToken="j1", configurationOverrides={
        "applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.sql.shuffle.partitions": "7"}}],
        "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://jobs/logs"},
                                    "cloudWatchLoggingConfiguration": {"enabled": True, "logGroupName": "/jobs", "logStreamNamePrefix": "silver"}}})
    job = emr.start_job_run(**request)
    assert emr.start_job_run(**request)["jobRunId"] == job["jobRunId"]
    assert fault(emr.start_job_run, "ConflictException", **request | {"jobDriver": driver("exit", "1")}) == 409
    run = ended(app, job["jobRunId"])
    assert run["state"] == "SUCCESS" and run["name"] == "first" and run["executionRole"] == role and run["arn"] == job["arn"], run
    assert run["jobDriver"] == request["jobDriver"] and run["endedAt"] >= run["startedAt"] >= run["createdAt"], run
    assert emr.get_application(applicationId=app)["application"]["state"] == "STARTED"
    prefix = f"logs/applications/{app}/jobs/{job['jobRunId']}/SPARK_DRIVER"
    words = gzip.decompress(s3.get_object(Bucket="jobs", Key=f"{prefix}/stdout.gz")["Body"].read()).decode().splitlines()
    assert words[-3:] == ["exit", "0", "a b"] and "spark.app.name=two words" in words and "spark.sql.shuffle.partitions=7" in words, words
    assert not any(word.startswith("spark.executor") for word in words) and words[-4].endswith("/job.py"), words
    assert b"to stderr" in gzip.decompress(s3.get_object(Bucket="jobs", Key=f"{prefix}/stderr.gz")["Body"].read())
    stream = f"silver/applications/{app}/jobs/{job['jobRunId']}/SPARK_DRIVER"
    for name, text in (("stdout", "a b"), ("stderr", "to stderr")):
        events = logs.get_log_events(logGroupName="/jobs", logStreamName=f"{stream}/{name}", startFromHead=True)["events"]
        assert any(event["message"].strip() == text for event in events), (name, events)

    failed = ended(app, emr.start_job_run(applicationId=app, executionRoleArn=role, jobDriver=driver("exit", "3"))["jobRunId"])
    assert failed["state"] == "FAILED" and "exit status 3" in failed["stateDetails"] and "to stderr" in failed["stateDetails"], failed
    gone = ended(app, emr.start_job_run(applicationId=app, executionRoleArn=role, jobDriver={
        "sparkSubmit": {"entryPoint": "s3://jobs/none.py"}})["jobRunId"])
    assert gone["state"] == "FAILED" and "s3://jobs/none.py" in gone["stateDetails"], gone
    long = emr.start_job_run(applicationId=app, executionRoleArn=role, jobDriver=driver("wait"))["jobRunId"]
    while emr.get_job_run(applicationId=app, jobRunId=long)["jobRun"]["state"] != "RUNNING": time.sleep(0.02)
    assert fault(emr.stop_application, "ValidationException", applicationId=app) == 400
    assert emr.cancel_job_run(applicationId=app, jobRunId=long)["jobRunId"] == long
    assert ended(app, long)["state"] == "CANCELLED"
    runs = emr.list_job_runs(applicationId=app)["jobRuns"]
    assert [r["state"] for r in runs] == ["CANCELLED", "FAILED", "FAILED", "SUCCESS"], runs
    assert [r["id"] for r in emr.list_job_runs(applicationId=app, states=["CANCELLED"])["jobRuns"]] == [long]

    by_cli(app, job["jobRunId"])
    machine(app)
    assert fault(emr.get_job_run, "ResourceNotFoundException", applicationId=app, jobRunId="00f0000000000000") == 404
    assert fault(emr.get_application, "ResourceNotFoundException", applicationId="00f0000000000000") == 404
    assert fault(emr.delete_application, "ValidationException", applicationId=app) == 400
    emr.stop_application(applicationId=app)
    emr.update_application(applicationId=app, autoStartConfiguration={"enabled": False})
    assert fault(emr.start_job_run, "ValidationException", applicationId=app, executionRoleArn=role, jobDriver=driver("exit", "0")) == 400
    emr.start_application(applicationId=app)
    emr.stop_application(applicationId=app)
    emr.delete_application(applicationId=app)
    assert emr.get_application(applicationId=app)["application"]["state"] == "TERMINATED"
    return {"runs": len(runs)}


def by_cli(app, job):
    """The AWS CLI understands the answers."""
    run = subprocess.run([os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", endpoint, "--region", "us-east-1", "emr-serverless", "get-job-run",
                          "--application-id", app, "--job-run-id", job, "--query", "jobRun.state", "--output", "text"],
                         env=os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"},
                         capture_output=True, text=True)
    assert run.stdout.strip() == "SUCCESS", run


def machine(app):
    """A state that waits for a run, and one whose run fails."""
    def state(*words): return {
        "Type": "Task", "Resource": "arn:aws:states:::emr-serverless:startJobRun.sync", "End": True, "Parameters": {
            "ApplicationId": app, "ExecutionRoleArn": role, "Name": "by a state machine", "JobDriver": {"SparkSubmit": {
                "EntryPoint": "s3://jobs/code/job.py", "EntryPointArguments": list(words)}}}}
    for name, words, wanted in (("good", ("exit", "0"), "SUCCEEDED"), ("bad", ("exit", "2"), "FAILED")):
        arn = states.create_state_machine(name=name, roleArn=role, definition=json.dumps({"StartAt": "A", "States": {"A": state(*words)}}))[
            "stateMachineArn"]
        execution = states.start_execution(stateMachineArn=arn)["executionArn"]
        while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING": time.sleep(0.05)
        assert found["status"] == wanted, found
        if wanted == "SUCCEEDED": assert json.loads(found["output"])["State"] == "SUCCESS", found
        else: assert found["error"] == "States.TaskFailed" and json.loads(found["cause"])["State"] == "FAILED", found
    arn = states.create_state_machine(name="stopped", roleArn=role, definition=json.dumps({"StartAt": "A", "States": {"A": state("wait")}}))[
        "stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    while not (runs := emr.list_job_runs(applicationId=app, states=["RUNNING"])["jobRuns"]): time.sleep(0.05)
    states.stop_execution(executionArn=execution)
    assert ended(app, runs[0]["id"])["state"] == "CANCELLED"


def without_spark():
    script()
    app = application("one")
    run = ended(app, emr.start_job_run(applicationId=app, executionRoleArn=role, jobDriver=driver("exit", "0"))["jobRunId"])
    assert run["state"] == "FAILED", run
    return {"details": run["stateDetails"]}


def start():
    script()
    app = application("one")
    job = emr.start_job_run(applicationId=app, executionRoleArn=role, jobDriver=driver("wait"))["jobRunId"]
    while emr.get_job_run(applicationId=app, jobRunId=job)["jobRun"]["state"] != "RUNNING": time.sleep(0.02)
    return {"application": app, "job": job}


def state(app, job):
    run = emr.get_job_run(applicationId=app, jobRunId=job)["jobRun"]
    return {"state": run["state"], "details": run["stateDetails"]}


def template():
    found = emr.list_applications()["applications"]
    assert len(found) == 1 and found[0]["name"] == "of-a-template" and found[0]["architecture"] == "ARM64", found
    described = emr.get_application(applicationId=found[0]["id"])["application"]
    assert described["tags"] == {"Team": "beer"} and described["autoStopConfiguration"]["idleTimeoutMinutes"] == 5, described
    assert described["initialCapacity"]["DRIVER"]["workerCount"] == 1, described
    script()
    job = emr.start_job_run(applicationId=found[0]["id"], executionRoleArn=role, jobDriver=driver("exit", "0"))["jobRunId"]
    return {"state": ended(found[0]["id"], job)["state"]}


print(json.dumps({"calls": calls, "without-spark": without_spark, "start": start, "state": state, "template": template}[command](*arguments)))
