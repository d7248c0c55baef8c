"""Prints all that a Parquet file says, decompressed: its rows, its metadata, and the statistics of each column chunk."""
import sys

import pyarrow.parquet as parquet

file = parquet.ParquetFile(sys.argv[1])
print(file.schema, file.metadata.metadata)
for row in file.read().to_pylist():
    print(row)
for group in range(file.metadata.num_row_groups):
    for column in range(file.metadata.num_columns):
        chunk = file.metadata.row_group(group).column(column)
        print(chunk.path_in_schema, chunk.statistics)
