"""Athena as boto3 calls it: statements of all kinds, their results and files, work groups, saved queries."""
import base64, json, time, uuid

from calls import bucket, check, client, fails, s3

athena, glue = client("athena"), client("glue")


class Place:
    """A database and a bucket of a check's own."""

    def __init__(self):
        self.database, self.bucket = "referee_" + uuid.uuid4().hex[:12], bucket()
        self.run(f"CREATE DATABASE {self.database} COMMENT 'A referee''s'")

    def start(self, statement, **members):
        return athena.start_query_execution(
            QueryString=statement, QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/results/"}, **members)["QueryExecutionId"]

    def end(self, statement, **members):
        execution = self.start(statement, **members)
        while True:
            found = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"): return found
            time.sleep(0.005)

    def run(self, statement, **members):
        found = self.end(statement, **members)
        assert found["Status"]["State"] == "SUCCEEDED", (statement, found["Status"])
        return found

    def rows(self, statement, **members):
        found = self.run(statement, **members)
        pages = athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=found["QueryExecutionId"], PaginationConfig={"PageSize": 1000})
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        return rows[1:] if found["StatementType"] == "DML" else rows

    def failure(self, statement):
        found = self.end(statement)
        assert found["Status"]["State"] == "FAILED", (statement, found["Status"])
        assert found["Status"]["AthenaError"]["ErrorCategory"] == 2, found["Status"]
        return found["Status"]["StateChangeReason"]

    def objects(self, prefix=""):
        return [o["Key"] for o in s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]


@check
def a_query_has_states_statistics_and_files():
    place = Place()
    found = place.run("SELECT 1 AS a, 'x,\"y' AS b, CAST(NULL AS double) AS c")
    assert (found["StatementType"], found["SubstatementType"], found["WorkGroup"]) == ("DML", "SELECT", "primary"), found
    assert found["Status"]["SubmissionDateTime"] <= found["Status"]["CompletionDateTime"]
    assert found["Statistics"]["DataScannedInBytes"] == 0 and found["Statistics"]["TotalExecutionTimeInMillis"] >= 0
    key = found["ResultConfiguration"]["OutputLocation"].split("/", 3)[3]
    assert key == f"results/{found['QueryExecutionId']}.csv"
    assert s3.get_object(Bucket=place.bucket, Key=key)["Body"].read() == b'"a","b","c"\n"1","x,""y",\n'
    assert key + ".metadata" in place.objects()
    results = athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])
    columns = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"]) for c in columns] == [("a", "integer"), ("b", "varchar"), ("c", "double")], columns
    assert results["ResultSet"]["Rows"][1]["Data"] == [{"VarCharValue": "1"}, {"VarCharValue": 'x,"y'}, {}]
    both = athena.batch_get_query_execution(QueryExecutionIds=[found["QueryExecutionId"], str(uuid.uuid4())])
    assert len(both["QueryExecutions"]) == len(both["UnprocessedQueryExecutionIds"]) == 1
    assert found["QueryExecutionId"] in athena.list_query_executions(MaxResults=50)["QueryExecutionIds"]


@check
def a_request_that_is_wrong_is_refused():
    place = Place()
    refusal = fails("InvalidRequestException", 400, place.start, "SELEC 1")
    assert refusal["AthenaErrorCode"] == "MALFORMED_QUERY" and "line 1:1: mismatched input 'SELEC'" in refusal["Error"]["Message"]
    refusal = fails("InvalidRequestException", 400, athena.start_query_execution, QueryString="SELECT 1")
    assert "No output location provided" in refusal["Error"]["Message"]
    fails("InvalidRequestException", 400, place.start, "SELECT 1", WorkGroup="none")
    fails("InvalidRequestException", 400, athena.get_query_execution, QueryExecutionId=str(uuid.uuid4()))
    fails("InvalidRequestException", 400, athena.get_query_results, QueryExecutionId=place.end("SELECT nope")["QueryExecutionId"])
    token = uuid.uuid4().hex
    assert place.start("SELECT 1", ClientRequestToken=token) == place.start("SELECT 1", ClientRequestToken=token)
    fails("InvalidRequestException", 400, place.start, "SELECT 2", ClientRequestToken=token)


@check
def a_query_is_stopped():
    place = Place()
    started = place.start("SELECT count(*) FROM UNNEST(sequence(1, 1000000)) a (x) CROSS JOIN UNNEST(sequence(1, 10000000)) b (y) WHERE x % 7 = y % 5")
    athena.stop_query_execution(QueryExecutionId=started)
    while (found := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"])["Status"]["State"] in ("QUEUED", "RUNNING"): time.sleep(0.005)
    assert found["Status"]["State"] == "CANCELLED" and found["Status"]["CompletionDateTime"], found["Status"]
    fails("InvalidRequestException", 400, athena.get_query_results, QueryExecutionId=started)


@check
def what_a_user_must_not_reach_is_refused():
    place = Place()
    for statement in ("SELECT * FROM read_csv('/etc/passwd')", "SELECT getenv('PATH')", 'SELECT * FROM "/etc/passwd"',
                      "SELECT * FROM information_schema.tables", "SELECT * FROM duckdb_settings"):
        assert place.failure(statement).split(":")[0] in ("NOT_SUPPORTED", "FUNCTION_NOT_FOUND", "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND")
    for statement in ("COPY (SELECT 1) TO '/tmp/x'", "ATTACH '/tmp/x.db'", "INSTALL httpfs", "SET threads = 1", "PRAGMA version",
                      "SELECT 1; .shell id", "\n.shell id"):
        fails("InvalidRequestException", 400, place.start, statement)


@check
def an_external_table_is_declared_repaired_and_read():
    place = Place()
    place.run(f"CREATE TABLE made WITH (external_location = 's3://{place.bucket}/made/', format = 'PARQUET', "
              "write_compression = 'SNAPPY', partitioned_by = ARRAY['year']) AS "
              "SELECT x AS id, 'n' || CAST(x AS varchar) AS name, ARRAY[x] AS list, 2020 + x % 3 AS year FROM UNNEST(sequence(1, 30)) AS t (x)")
    table = glue.get_table(DatabaseName=place.database, Name="made")["Table"]
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"), ("name", "string"), ("list", "array<bigint>")], table
    assert place.rows("SELECT year, count(*), min(name) FROM made GROUP BY year ORDER BY year") == [
        ["2020", "10", "n12"], ["2021", "10", "n1"], ["2022", "10", "n11"]]
    place.run(f"""CREATE EXTERNAL TABLE IF NOT EXISTS again (id bigint COMMENT 'key', name string, list array<bigint>, more double)
        PARTITIONED BY (year int) STORED AS PARQUET LOCATION 's3://{place.bucket}/made/' TBLPROPERTIES ('x' = 'y')""")
    assert place.rows("SELECT count(*) FROM again") == [["0"]]
    assert any("Added partition" in row[0] for row in place.rows("MSCK REPAIR TABLE again"))
    assert place.rows("SHOW PARTITIONS again") == [["year=2020"], ["year=2021"], ["year=2022"]]
    assert place.rows("SELECT id, list[1], more FROM again WHERE year = 2021 ORDER BY id LIMIT 1") == [["1", "1", None]]
    place.run("ALTER TABLE again DROP PARTITION (year = 2021)")
    assert place.rows("SELECT DISTINCT year FROM again ORDER BY 1") == [["2020"], ["2022"]]
    place.run(f"ALTER TABLE again ADD IF NOT EXISTS PARTITION (year = 2021) LOCATION 's3://{place.bucket}/made/year=2021/'")
    assert place.rows("SELECT count(DISTINCT year) FROM again") == [["3"]]
    assert place.rows("SHOW TABLES") == [["again"], ["made"]] and place.rows("SHOW TABLES 'm*'") == [["made"]]
    assert place.rows("DESCRIBE again")[0][0].split() == ["id", "bigint", "key"]
    assert "CREATE EXTERNAL TABLE" in place.rows("SHOW CREATE TABLE again")[0][0]
    place.run("INSERT INTO made (year, id, name) SELECT 2030, 100, 'late'")
    assert place.rows("SELECT id, name, list, year FROM made WHERE year = 2030") == [["100", "late", None, "2030"]]
    assert "is not empty" in place.failure(f"DROP DATABASE {place.database}")
    place.run("DROP TABLE made"), place.run("DROP TABLE IF EXISTS made")
    place.run(f"DROP DATABASE {place.database} CASCADE")


@check
def an_iceberg_table_is_made_filled_and_changed():
    place = Place()
    place.run(f"""CREATE TABLE sales (id bigint COMMENT 'key', name string, at timestamp, price decimal(9, 2)) PARTITIONED BY (month(at), bucket(4, id))
        LOCATION 's3://{place.bucket}/sales/' TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd')""")
    found = place.run("INSERT INTO sales VALUES (1, 'a', TIMESTAMP '2026-01-05 00:00:00', 1.5), (2, 'b', TIMESTAMP '2026-02-05 00:00:00', 2), (3, 'c', NULL, NULL)")
    assert found["SubstatementType"] == "INSERT", found
    assert athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["UpdateCount"] == 3
    (version,), = place.rows('SELECT snapshot_id FROM "sales$snapshots"')
    place.run("UPDATE sales SET price = price * 2, name = 'x' || name WHERE id <= 2")
    place.run("DELETE FROM sales WHERE at IS NULL")
    place.run("""MERGE INTO sales s USING (VALUES (1, 'new'), (7, 'seven')) AS n (id, name) ON s.id = n.id
        WHEN MATCHED THEN UPDATE SET name = n.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (n.id, n.name)""")
    assert place.rows("SELECT id, name, price FROM sales ORDER BY id") == [["1", "new", "3.00"], ["2", "xb", "4.00"], ["7", "seven", None]]
    assert place.rows(f"SELECT name FROM sales FOR VERSION AS OF {version} ORDER BY id") == [["a"], ["b"], ["c"]]
    place.run("OPTIMIZE sales REWRITE DATA USING BIN_PACK"), place.run("VACUUM sales")
    place.run(f"""CREATE TABLE copied WITH (table_type = 'ICEBERG', is_external = false, location = 's3://{place.bucket}/copied/',
        partitioning = ARRAY['truncate(name, 1)']) AS SELECT id, name FROM sales""")
    assert place.rows("SELECT count(*) FROM copied JOIN sales USING (id, name)") == [["3"]]
    table = glue.get_table(DatabaseName=place.database, Name="copied")["Table"]
    assert table["Parameters"]["table_type"] == "ICEBERG" and table["TableType"] == "EXTERNAL_TABLE", table
    place.run("DROP TABLE copied")
    assert not [key for key in place.objects("copied/") if key.endswith(".parquet")]


@check
def a_view_is_made_read_and_dropped():
    place = Place()
    place.run(f"CREATE TABLE t WITH (external_location = 's3://{place.bucket}/t/') AS SELECT 1 AS a, 'x' AS b")
    place.run("CREATE VIEW v AS SELECT a + 1 AS n, b FROM t")
    place.run("CREATE OR REPLACE VIEW w AS SELECT n * 2 AS m FROM v")
    assert place.rows("SELECT m FROM w") == [["4"]] and place.rows("SHOW VIEWS") == [["v"], ["w"]]
    table = glue.get_table(DatabaseName=place.database, Name="v")["Table"]
    assert table["TableType"] == "VIRTUAL_VIEW" and table["ViewOriginalText"].startswith("/* Presto View: "), table
    # A view that another client wrote, as Athena does.
    text = base64.b64encode(json.dumps({"originalSql": "SELECT b FROM t", "catalog": "awsdatacatalog", "schema": place.database,
                                        "columns": [{"name": "b", "type": "varchar"}]}).encode()).decode()
    glue.create_table(DatabaseName=place.database, TableInput={
        "Name": "foreign_view", "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true"}, "ViewExpandedText": "/* Presto View */",
        "ViewOriginalText": f"/* Presto View: {text} */", "StorageDescriptor": {"Columns": [{"Name": "b", "Type": "string"}]}})
    assert place.rows("SELECT * FROM foreign_view") == [["x"]]
    place.run("DROP VIEW w")
    assert place.failure("SELECT * FROM w").startswith("TABLE_NOT_FOUND")


@check
def rows_are_unloaded():
    place = Place()
    found = place.run(f"UNLOAD (SELECT x, x * 2 AS y FROM UNNEST(sequence(1, 3)) AS t (x)) TO 's3://{place.bucket}/unloaded/' "
                      "WITH (format = 'PARQUET', compression = 'SNAPPY')")
    manifest = found["Statistics"]["DataManifestLocation"].split("/", 3)[3]
    listed = s3.get_object(Bucket=place.bucket, Key=manifest)["Body"].read().decode().split()
    assert listed == [f"s3://{place.bucket}/{key}" for key in place.objects("unloaded/")] and len(listed) == 1, listed


@check
def work_groups_say_where_results_go_and_what_may_be_scanned():
    place, name = Place(), "referee-" + uuid.uuid4().hex[:12]
    athena.create_work_group(Name=name, Configuration={
        "EnforceWorkGroupConfiguration": True, "BytesScannedCutoffPerQuery": 10_000_000,
        "ResultConfiguration": {"OutputLocation": f"s3://{place.bucket}/group/"}}, Description="A referee's")
    assert name in [g["Name"] for g in athena.list_work_groups()["WorkGroups"]]
    found = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    assert found["State"] == "ENABLED" and found["Configuration"]["BytesScannedCutoffPerQuery"] == 10_000_000, found
    location = place.run("SELECT 1", WorkGroup=name)["ResultConfiguration"]["OutputLocation"]
    assert location.startswith(f"s3://{place.bucket}/group/"), location
    # Numbers that nothing packs to less than four bytes each.
    place.run(f"CREATE TABLE large WITH (external_location = 's3://{place.bucket}/large/') AS SELECT rand() AS x "
              "FROM UNNEST(sequence(1, 3000)) AS a (i) CROSS JOIN UNNEST(sequence(1, 1000)) AS b (j)")
    place.run(f"CREATE TABLE small WITH (external_location = 's3://{place.bucket}/small/') AS SELECT 1 AS x")
    assert place.run("SELECT sum(x) FROM large")["Statistics"]["DataScannedInBytes"] > 10_000_000
    found = place.end("SELECT sum(large.x) FROM small CROSS JOIN large", WorkGroup=name)
    assert found["Status"]["State"] == "CANCELLED", found["Status"]
    assert found["Status"]["StateChangeReason"] == "Bytes scanned limit was exceeded", found["Status"]
    assert found["Statistics"]["DataScannedInBytes"] == 10_000_000, found["Statistics"]
    fails("InvalidRequestException", 400, athena.get_query_results, QueryExecutionId=found["QueryExecutionId"])
    assert not [key for key in place.objects("group/") if found["QueryExecutionId"] in key], "a cancelled query has no result"
    for statement in ("SELECT x FROM small", "EXPLAIN SELECT sum(x) FROM large"): place.run(statement, WorkGroup=name)
    athena.update_work_group(WorkGroup=name, ConfigurationUpdates={"BytesScannedCutoffPerQuery": 100_000_000})
    place.run("SELECT sum(x) FROM large", WorkGroup=name)
    athena.update_work_group(WorkGroup=name, State="DISABLED", ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True})
    fails("InvalidRequestException", 400, place.start, "SELECT 1", WorkGroup=name)
    assert "BytesScannedCutoffPerQuery" not in athena.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]
    athena.delete_work_group(WorkGroup=name)
    fails("InvalidRequestException", 400, athena.get_work_group, WorkGroup=name)


@check
def queries_are_saved_and_prepared():
    place = Place()
    saved = athena.create_named_query(Name="one", Database=place.database, QueryString="SELECT 1")["NamedQueryId"]
    assert athena.get_named_query(NamedQueryId=saved)["NamedQuery"]["QueryString"] == "SELECT 1"
    assert saved in athena.list_named_queries()["NamedQueryIds"]
    both = athena.batch_get_named_query(NamedQueryIds=[saved, str(uuid.uuid4())])
    assert len(both["NamedQueries"]) == len(both["UnprocessedNamedQueryIds"]) == 1, both
    athena.delete_named_query(NamedQueryId=saved)
    name = "p" + uuid.uuid4().hex[:12]
    athena.create_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement="SELECT ? + 1, ?")
    assert place.rows(f"EXECUTE {name} USING 41, 'a''b'") == [["42", "a'b"]]
    assert place.rows(f"EXECUTE {name}", ExecutionParameters=["1", "'c'"]) == [["2", "c"]]
    assert place.rows("SELECT ? AS x", ExecutionParameters=["DATE '2026-01-31'"]) == [["2026-01-31"]]
    assert name in [s["StatementName"] for s in athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]]
    both = athena.batch_get_prepared_statement(PreparedStatementNames=[name, "none"], WorkGroup="primary")
    assert [s["QueryStatement"] for s in both["PreparedStatements"]] == ["SELECT ? + 1, ?"], both
    assert [s["StatementName"] for s in both["UnprocessedPreparedStatementNames"]] == ["none"], both
    athena.delete_prepared_statement(StatementName=name, WorkGroup="primary")
    fails("ResourceNotFoundException", 400, athena.get_prepared_statement, StatementName=name, WorkGroup="primary")


@check
def the_catalog_is_listed():
    place = Place()
    place.run(f"CREATE EXTERNAL TABLE t (a int, s struct<b:string>) PARTITIONED BY (d date) STORED AS PARQUET LOCATION 's3://{place.bucket}/t/'")
    assert athena.list_data_catalogs()["DataCatalogsSummary"][0]["CatalogName"] == "AwsDataCatalog"
    databases = athena.get_paginator("list_databases").paginate(CatalogName="AwsDataCatalog")
    assert place.database in [d["Name"] for page in databases for d in page["DatabaseList"]]
    assert athena.get_database(CatalogName="AwsDataCatalog", DatabaseName=place.database)["Database"]["Description"] == "A referee's"
    tables = athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=place.database)["TableMetadataList"]
    assert [t["Name"] for t in tables] == ["t"] and tables[0]["PartitionKeys"][0]["Type"] == "date"
    found = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=place.database, TableName="t")["TableMetadata"]
    assert [c["Type"] for c in found["Columns"]] == ["int", "struct<b:string>"], found
    fails("MetadataException", 400, athena.get_table_metadata, CatalogName="AwsDataCatalog", DatabaseName=place.database, TableName="no")


@check
def a_state_machine_waits_for_a_query():
    place, states = Place(), client("stepfunctions")
    definition = {"StartAt": "Ask", "States": {"Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::athena:startQueryExecution.sync", "End": True, "Parameters": {
            "QueryString.$": "$.sql", "ResultConfiguration": {"OutputLocation": f"s3://{place.bucket}/machine/"}}}}}
    machine = states.create_state_machine(
        name="referee-" + uuid.uuid4().hex[:12], definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/r")["stateMachineArn"]
    for sql, status in (("SELECT 1", "SUCCEEDED"), ("SELECT nope", "FAILED")):
        started = states.start_execution(stateMachineArn=machine, input=json.dumps({"sql": sql}))["executionArn"]
        while (found := states.describe_execution(executionArn=started))["status"] == "RUNNING": time.sleep(0.01)
        assert found["status"] == status, found
        query = json.loads(found["output"] if status == "SUCCEEDED" else found["cause"])["QueryExecution"]
        assert query["Status"]["State"] == status and query["Query"] == sql and query["Status"]["CompletionDateTime"] > 1e12, query
    assert found["error"] == "States.TaskFailed", found
