"""Schemathesis makes requests of the console's description, right and wrong ones, and compares the answers with it.

    console_schema.py SCHEMATHESIS ENDPOINT

Prints its report, and ends with its status.
"""
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

program, endpoint = sys.argv[1:]
with urllib.request.urlopen(endpoint + "/console/api/session") as answer:
    token = json.load(answer)["token"]
with tempfile.TemporaryDirectory() as folder:
    # Hypothesis keeps its examples in the working directory.
    run = subprocess.run(
        [program, "run", endpoint + "/console/api/openapi.json", "--url", endpoint + "/console/api",
         "--header", f"X-Cupel-Token: {token}", "--phases", "examples,coverage,fuzzing", "--max-examples", "15",
         "--seed", "18", "--request-timeout", "120", "--suppress-health-check", "all",
         # What is in force, and when a text is SQL, a contract, a time or an ARN, no schema can say.
         "--exclude-checks", "positive_data_acceptance",
         # Each would run a state machine.
         "--exclude-operation-id", "startExecution",
         "--no-color"],
        cwd=folder, env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": folder}, capture_output=True, text=True)
print(run.stdout[-12000:])
print(run.stderr[-4000:], file=sys.stderr)
sys.exit(run.returncode)
