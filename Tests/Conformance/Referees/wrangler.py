"""The Data Catalog and Athena as awswrangler and PyAthena use them: datasets of Parquet with partitions, queries. Runs in `.venv-wrangler`."""
import os, uuid, warnings

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
warnings.filterwarnings("ignore")
import awswrangler as wr
import pandas as pd

from calls import bucket, check, endpoint

wr.config.s3_endpoint_url = wr.config.glue_endpoint_url = wr.config.sts_endpoint_url = wr.config.athena_endpoint_url = endpoint


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


@check
def athena_answers_by_csv_by_unloading_and_by_a_table():
    database, path = place()
    write(database, path, frame(0, 5, 2025))
    write(database, path, frame(5, 9, 2026), mode="append")
    statement = "SELECT id, name, at, year FROM sales WHERE id > 1 ORDER BY id"
    for way in ({"ctas_approach": False}, {"ctas_approach": False, "unload_approach": True}, {"ctas_approach": True}):
        read = wr.athena.read_sql_query(statement, database=database, s3_output=f"s3://{bucket()}/athena/", **way).sort_values("id")
        assert read["id"].tolist() == list(range(2, 9)) and read["name"].tolist() == [f"ä{i}" for i in range(2, 9)], (way, read)
        assert set(read["year"]) == {2025, 2026} and str(read["at"].iloc[0]) == "2025-01-03 00:00:00", (way, read)
    try: wr.athena.read_sql_query("SELECT nope FROM sales", database=database, s3_output=f"s3://{bucket()}/athena/", ctas_approach=False)
    except wr.exceptions.QueryFailed as error: assert "Column 'nope' cannot be resolved" in str(error), error
    else: raise AssertionError("a query of an unknown column succeeded")


@check
def an_iceberg_table_is_written_merged_and_deleted_from():
    database, path = place()
    output, location = f"s3://{bucket()}/athena/", path.replace("sales", "ice")
    def write(rows, **options):
        wr.athena.to_iceberg(rows, database=database, table="ice", table_location=location, temp_path=f"s3://{bucket()}/temporary/",
                             s3_output=output, keep_files=False, **options)
    def read():
        rows = wr.athena.read_sql_query("SELECT * FROM ice ORDER BY id", database=database, s3_output=output, ctas_approach=False)
        return dict(zip(rows["id"].tolist(), rows["name"].tolist()))
    write(frame(0, 4, 2025), partition_cols=["year", "month(at)"])
    write(frame(2, 6, 2026).assign(name="merged"), merge_cols=["id"])
    assert read() == {0: "ä0", 1: "ä1", 2: "merged", 3: "merged", 4: "merged", 5: "merged"}, read()
    write(frame(6, 7, 2026).assign(note="new"), schema_evolution=True)
    wr.athena.delete_from_iceberg_table(pd.DataFrame({"id": [2, 6]}), database=database, table="ice", merge_cols=["id"], s3_output=output,
                                        temp_path=f"s3://{bucket()}/temporary/", keep_files=False)
    assert sorted(read()) == [0, 1, 3, 4, 5], read()
    write(frame(9, 10, 2026).assign(note="x"), mode="overwrite")
    assert read() == {9: "ä9"}, read()
    wr.athena.start_query_execution("CREATE OR REPLACE VIEW notes AS SELECT id, note FROM ice", database=database, s3_output=output, wait=True)
    notes = wr.athena.read_sql_query("SELECT note FROM notes", database=database, s3_output=output, ctas_approach=False)
    assert notes["note"].tolist() == ["x"], notes


@check
def athena_answers_a_database_driver():
    from pyathena import connect
    from pyathena.error import OperationalError

    database, path = place()
    write(database, path, frame(0, 5, 2025))
    connection = connect(s3_staging_dir=f"s3://{bucket()}/staging/", region_name="us-east-1", endpoint_url=endpoint,
                         schema_name=database, poll_interval=0.01)
    cursor = connection.cursor()
    cursor.execute("SELECT id, name, at FROM sales WHERE id = %(id)d", {"id": 3})
    (row,) = cursor.fetchall()
    assert (row[0], row[1], row[2].year) == (3, "ä3", 2025), row
    assert [(c[0], c[1]) for c in cursor.description] == [("id", "bigint"), ("name", "varchar"), ("at", "timestamp")]
    assert cursor.execute("SELECT count(*) FROM sales WHERE name = ?", ["'ä1'"], paramstyle="qmark").fetchone() == (1,)
    assert cursor.execute("SHOW TABLES").fetchall() == [("sales",)]
    try: cursor.execute("SELECT * FROM missing")
    except OperationalError as error: assert "TABLE_NOT_FOUND" in str(error), error
    else: raise AssertionError("a query of a missing table succeeded")
