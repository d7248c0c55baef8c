"""A function's start in Python: a boto3 client, then the first request for an event."""
import os, urllib.request

import boto3

table = os.environ["CONTROL_TABLE"]
dynamodb = boto3.client("dynamodb")
urllib.request.urlopen(f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/next").read()
