"""pyiceberg adds Parquet files to a table that has the columns and the ids of the first, and reads the table.

    add_files.py FOLDER FILE…       FOLDER gets the catalog; prints {column: values}, in the order of the column `id`
"""
import json
import os
import sys

import pyarrow.parquet as parquet
import pyiceberg.table.metadata as metadata
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import pyarrow_to_schema

# pyiceberg numbers the columns of a new table anew. A writer of the table's metadata keeps the contract's ids.
metadata.assign_fresh_schema_ids = lambda schema, *_: schema

folder, files = os.path.abspath(sys.argv[1]), [os.path.abspath(path) for path in sys.argv[2:]]
catalog = SqlCatalog("catalog", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")
catalog.create_namespace("bronze")
table = catalog.create_table("bronze.rows", schema=pyarrow_to_schema(parquet.read_schema(files[0])))
table.add_files([f"file://{path}" for path in files])
rows = table.scan().to_arrow().sort_by("id")
print(json.dumps(rows.to_pydict(), default=str), flush=True)
os._exit(0)
