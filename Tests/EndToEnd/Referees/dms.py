#!/usr/bin/env python3
"""Plays AWS DMS Serverless for one replication, as far as infra/replication calls it, by the documented rules:
a fresh start is for the first run only, an endpoint is not modified while it is in use, and stopping takes time.

    dms.py NAME FOLDER      serves until it is killed; FOLDER/port has the port, FOLDER/calls the calls, one a line

FOLDER/status has the state, `none` if there is no replication; a test may write another one there.
https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Components.html
"""
import http.server, json, pathlib, sys

NAME, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
ARN = f"arn:aws:dms:us-east-1:000000000000:replication-config:{NAME}"
TARGET = f"arn:aws:dms:us-east-1:000000000000:endpoint:{NAME}"
IDLE = ["created", "stopped", "failed", "deprovisioned"]
state = {"polls": 0, "began": False}


class Fault(Exception):
    pass


def status(new=None):
    if new: (FOLDER / "status").write_text(new)
    return (FOLDER / "status").read_text().strip()


def wanted(request, value):
    if request["Filters"][0]["Values"] != [value]: raise Fault("ResourceNotFoundFault")


def describe_replication_configs(request):
    if status() == "none": raise Fault("ResourceNotFoundFault")
    wanted(request, NAME)
    return {"ReplicationConfigs": [{"ReplicationConfigArn": ARN}]}


def describe_replications(request):
    wanted(request, ARN)
    if not state["began"]: raise Fault("ResourceNotFoundFault")
    if status() == "stopping":
        state["polls"] += 1
        if state["polls"] > 2: status("stopped")
    run = {"Status": status(), "ReplicationStats": {"FreshStartDate": 1.8e9}, "FailureMessages": []}
    if status() == "failed":
        run |= {"StopReason": "Stop Reason FATAL_ERROR", "FailureMessages": ["Test connection failed for endpoint X."]}
    return {"Replications": [run]}


def describe_endpoints(request):
    wanted(request, NAME.removesuffix("-dms") + "-target")
    return {"Endpoints": [{"EndpointArn": TARGET}]}


def modify_endpoint(request):
    if status() not in IDLE: raise Fault("InvalidResourceStateFault")
    if request["EndpointArn"] != TARGET: raise Fault("ResourceNotFoundFault")
    return {"Endpoint": {"EndpointArn": TARGET}}


def start_replication(request):
    if status() not in IDLE: raise Fault("InvalidResourceStateFault")
    if (request["StartReplicationType"] == "start-replication") == state["began"]:
        raise Fault("InvalidParameterCombinationException")
    state["began"] = True
    status("running")
    return {"Replication": {}}


def stop_replication(request):
    if status() != "running": raise Fault("InvalidResourceStateFault")
    state["polls"] = 0
    status("stopping")
    return {"Replication": {}}


OPERATIONS = {
    "DescribeReplicationConfigs": describe_replication_configs, "DescribeReplications": describe_replications,
    "DescribeEndpoints": describe_endpoints, "ModifyEndpoint": modify_endpoint,
    "StartReplication": start_replication, "StopReplication": stop_replication,
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].split(".")[1]
        if not operation.startswith("Describe"):
            settings = request.get("StartReplicationType") or json.dumps(request.get("KinesisSettings", {}))
            with open(FOLDER / "calls", "a") as calls: calls.write(f"{operation} {settings}\n")
        try:
            code, answer = 200, OPERATIONS[operation](request)
        except Fault as fault:
            code, answer = 400, {"__type": str(fault), "message": str(fault)}
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = FOLDER / "port.new"
port.write_text(str(server.server_address[1]))
port.rename(FOLDER / "port")
server.serve_forever()
