#!/usr/bin/env python3
"""For each Parquet file in FOLDER writes NAME.json to OUTPUT: {"rows": {COLUMN: [values]}} as pyarrow reads it (rows.py), or
{"error": MESSAGE} where pyarrow refuses it."""
import glob
import json
import os
import sys

import rows

for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.parquet"))):
    try:
        answer = {"rows": rows.read(path)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with open(os.path.join(sys.argv[2], os.path.basename(path).removesuffix("parquet") + "json"), "w") as out:
        json.dump(answer, out)
