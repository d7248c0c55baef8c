"""The Data Catalog as awswrangler uses it: datasets of Parquet with partitions. Runs in `.venv-wrangler`."""
import os, uuid, warnings

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
warnings.filterwarnings("ignore")
import awswrangler as wr
import pandas as pd

from calls import bucket, check, endpoint

wr.config.s3_endpoint_url = wr.config.glue_endpoint_url = wr.config.sts_endpoint_url = endpoint


def frame(first, last, year):
    return pd.DataFrame({"id": range(first, last), "name": [f"ä{i}" for i in range(first, last)],
                         "at": pd.to_datetime([f"{year}-01-0{1 + i % 9}" for i in range(first, last)]), "year": year})


def place():
    database = "wrangler_" + uuid.uuid4().hex[:12]
    wr.catalog.create_database(database, description="A referee's")
    return database, f"s3://{bucket()}/sales/"


def write(database, path, rows, **options):
    return wr.s3.to_parquet(rows, path=path, dataset=True, database=database, table="sales", partition_cols=["year"], **options)


@check
def a_dataset_is_written_found_and_read():
    database, path = place()
    write(database, path, frame(0, 5, 2025), glue_table_settings={"columns_comments": {"id": "the key"}})
    write(database, path, frame(5, 9, 2026), mode="append")
    assert wr.catalog.does_table_exist(database, "sales")
    types = wr.catalog.get_table_types(database, "sales")
    assert types == {"id": "bigint", "name": "string", "at": "timestamp", "year": "bigint"}, types
    assert wr.catalog.get_columns_comments(database, "sales")["id"] == "the key"
    assert wr.catalog.get_table_location(database, "sales") == path
    read = wr.s3.read_parquet_table("sales", database)
    assert sorted(read["id"]) == list(range(9)) and set(read["name"]) == {f"ä{i}" for i in range(9)}


@check
def partitions_are_found_by_expression_and_replaced():
    database, path = place()
    write(database, path, frame(0, 5, 2025))
    write(database, path, frame(5, 9, 2026), mode="append")
    found = wr.catalog.get_parquet_partitions(database, "sales", expression="year >= 2026")
    assert list(found.values()) == [["2026"]], found
    write(database, path, frame(100, 102, 2026), mode="overwrite_partitions")
    read = wr.s3.read_parquet_table("sales", database)
    assert sorted(read["id"]) == [0, 1, 2, 3, 4, 100, 101], sorted(read["id"])


@check
def a_new_column_is_added_and_a_table_deleted():
    database, path = place()
    write(database, path, frame(0, 5, 2025))
    rows = frame(5, 6, 2026)
    rows["note"] = "new"
    write(database, path, rows, mode="append", schema_evolution=True)
    assert "note" in wr.catalog.get_table_types(database, "sales")
    assert [t["Name"] for t in wr.catalog.get_tables(database=database)] == ["sales"]
    assert wr.catalog.delete_table_if_exists(database, "sales") and not wr.catalog.does_table_exist(database, "sales")
    wr.catalog.delete_database(database)
    assert database not in wr.catalog.databases(limit=1000)["Database"].tolist()
