#!/usr/bin/env python3
"""Plays S3 with boto3, the AWS CLI and bare HTTP, and checks every answer against S3's documented behaviour.

python3 s3 ENDPOINT            runs all checks; prints what failed; exits 0 only if nothing did
python3 s3 ENDPOINT WORD…      runs the checks whose names contain one of the words
"""
import os, sys, traceback

from calls import checks
import addressing, buckets, integrity, listings, objects, uploads

failed = 0
for function in checks:
    if sys.argv[2:] and not any(word in function.__name__ for word in sys.argv[2:]): continue
    try:
        function()
        print("ok    ", function.__name__)
    except Exception as error:
        failed += 1
        frames = traceback.extract_tb(error.__traceback__)
        where = [frame for frame in frames if os.path.dirname(frame.filename) == os.path.dirname(__file__)][-1]
        place = f"{os.path.basename(where.filename)}:{where.lineno}"
        print("FAILED", function.__name__, f"at {place}:", type(error).__name__, str(error)[:600])
sys.exit(1 if failed else 0)
