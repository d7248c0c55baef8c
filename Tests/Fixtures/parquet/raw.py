#!/usr/bin/env python3
"""`write FOLDER` writes pyarrow.parquet and duckdb.parquet; `check FOLDER` requires copy.parquet to have their row groups."""
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

command, folder = sys.argv[1:]
pyarrow_file, duckdb_file, copy = (os.path.join(folder, f"{name}.parquet") for name in ("pyarrow", "duckdb", "copy"))
ROWS = 9000


def rows(start):
    ids = list(range(start, start + ROWS))
    return pa.table(
        {
            "id": pa.array([None if i % 50 == 7 else i * 3 for i in ids], pa.int64()),
            "name": pa.array([None if i % 11 == 3 else f"beer-{i % 700}" for i in ids]),
            "price": pa.array([i / 7 for i in ids]),
        }
    )


if command == "write":
    pq.write_table(rows(0), pyarrow_file, row_group_size=4000, data_page_size=5000, write_page_index=True, compression="zstd")
    beers = rows(ROWS)
    duckdb.sql(f"COPY beers TO '{duckdb_file}' (FORMAT parquet, ROW_GROUP_SIZE 4096)")
else:
    both = pa.concat_tables([rows(0), rows(ROWS)])
    assert pq.read_table(copy).equals(both), "pyarrow reads other rows"
    found = duckdb.sql(f"SELECT id, name, price FROM read_parquet('{copy}')").to_arrow_table()
    assert found.to_pylist() == both.to_pylist(), "DuckDB reads other rows"
    metadata = pq.ParquetFile(copy).metadata
    sources = [pq.ParquetFile(path).metadata for path in (pyarrow_file, duckdb_file)]
    groups = [(source, index) for source in sources for index in range(source.num_row_groups)]
    assert metadata.num_row_groups == len(groups)
    for number, (source, index) in enumerate(groups):
        for column in range(3):
            new, old = metadata.row_group(number).column(column), source.row_group(index).column(column)
            assert new.statistics == old.statistics, (number, column)
            assert new.total_compressed_size == old.total_compressed_size
            assert new.has_offset_index == old.has_offset_index and new.has_column_index == old.has_column_index
    probes = f"""SELECT count(*) FROM parquet_metadata('{copy}') WHERE bloom_filter_offset IS NOT NULL"""
    assert duckdb.sql(probes).fetchall()[0][0] > 0, "no bloom filter"
    for path, wanted in ((duckdb_file, "beer-5"), (copy, "beer-5")):
        excluded = duckdb.sql(f"SELECT count(*) FROM parquet_bloom_probe('{path}', 'name', '{wanted}') WHERE bloom_filter_excludes")
        assert excluded.fetchall()[0][0] == 0, path
    excluded = duckdb.sql(f"SELECT count(*) FROM parquet_bloom_probe('{copy}', 'name', 'wine') WHERE bloom_filter_excludes")
    assert excluded.fetchall()[0][0] > 0, "the bloom filters exclude nothing"
    # Single values are found through statistics, page index and bloom filters.
    for key in (0, 3 * 3999, 3 * 4000, 3 * (ROWS + 1), 3 * (2 * ROWS - 1)):
        assert pq.read_table(copy, filters=[("id", "=", key)]).num_rows == 1, key
        assert duckdb.sql(f"SELECT count(*) FROM '{copy}' WHERE id = {key}").fetchall()[0][0] == 1, key
