#!/usr/bin/env python3
"""Tests one service with independent clients, and checks every answer against AWS's documentation.

python3 Referees ENDPOINT SERVICE          runs all checks of s3, dynamodb, lambda, stepfunctions, logs, sqs, sns, ssm, kinesis,
                                           firehose, event_sources, glue, athena, kms, iceberg (in .venv-iceberg), wrangler (in
                                           .venv-wrangler), dbt_athena (in .venv-dbt), awscli, patterns,
                                           operations,
                                           bad_requests or signatures (of an emulator with --strict-auth); prints failures; exits with 0 only if there are none
python3 Referees ENDPOINT SERVICE WORD…    runs the checks whose names contain one of the words
"""
import importlib, os, sys, traceback

from calls import checks

importlib.import_module(sys.argv[2])
here, failed, words = os.path.dirname(os.path.abspath(__file__)), 0, sys.argv[3:]
for function in checks:
    if words and not any(word in function.__name__ for word in words): continue
    try:
        function()
        print("ok    ", function.__name__)
    except Exception as error:
        failed += 1
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if os.path.abspath(frame.filename).startswith(here)]
        where = [frame for frame in own if not frame.filename.endswith("calls.py")][-1]
        place = f"{os.path.basename(where.filename)}:{where.lineno}"
        print("FAILED", function.__name__, f"at {place}:", type(error).__name__, str(error)[:600])
    sys.stdout.flush()
sys.exit(1 if failed or not checks else 0)
