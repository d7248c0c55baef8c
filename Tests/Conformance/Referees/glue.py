"""The Data Catalog: databases, tables and their versions, partitions, tags, statistics."""
import uuid

from calls import check, client, fails

glue = client("glue")


def database():
    name = "referee_" + uuid.uuid4().hex[:12]
    glue.create_database(DatabaseInput={"Name": name, "Description": "A referee's", "Parameters": {"k": "v"}})
    return name


def table(name="sales", **members):
    return {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
            "PartitionKeys": [{"Name": "year", "Type": "int"}, {"Name": "region", "Type": "string"}],
            "StorageDescriptor": {"Location": f"s3://lake/{name}/", "Columns": [{"Name": "id", "Type": "bigint", "Comment": "key"}],
                                  "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"}, **members}


def pages(operation, member, **request):
    return [element for page in glue.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **request)
            for element in page[member]]


@check
def a_database_is_created_read_changed_and_deleted():
    name = database()
    found = glue.get_database(Name=name.upper())["Database"]
    assert (found["Name"], found["Description"], found["Parameters"]) == (name, "A referee's", {"k": "v"}), found
    assert found["CatalogId"] == "000000000000" and found["CreateTime"].year > 2020
    fails("AlreadyExistsException", 400, glue.create_database, DatabaseInput={"Name": name})
    glue.update_database(Name=name, DatabaseInput={"Name": name, "LocationUri": "s3://lake/x"})
    changed = glue.get_database(Name=name)["Database"]
    assert changed["LocationUri"] == "s3://lake/x" and "Description" not in changed and changed["CreateTime"] == found["CreateTime"]
    assert name in [d["Name"] for d in pages("get_databases", "DatabaseList")]
    glue.delete_database(Name=name)
    refusal = fails("EntityNotFoundException", 400, glue.get_database, Name=name)
    assert refusal["Error"]["Message"] == f"Database {name} not found."


@check
def a_table_is_found_as_it_was_declared():
    name = database()
    glue.create_table(DatabaseName=name, TableInput=table("Sales"))
    found = glue.get_table(DatabaseName=name, Name="sales")["Table"]
    assert (found["Name"], found["DatabaseName"], found["VersionId"]) == ("sales", name, "0"), found
    assert found["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "bigint", "Comment": "key"}]
    assert found["PartitionKeys"][1] == {"Name": "region", "Type": "string"}
    fails("AlreadyExistsException", 400, glue.create_table, DatabaseName=name, TableInput=table("sales"))
    fails("EntityNotFoundException", 400, glue.create_table, DatabaseName=name + "x", TableInput=table())
    for other in ("a", "b", "sales_old"): glue.create_table(DatabaseName=name, TableInput=table(other))
    assert [t["Name"] for t in pages("get_tables", "TableList", DatabaseName=name)] == ["a", "b", "sales", "sales_old"]
    assert [t["Name"] for t in pages("get_tables", "TableList", DatabaseName=name, Expression="sales*")] == ["sales", "sales_old"]
    errors = glue.batch_delete_table(DatabaseName=name, TablesToDelete=["a", "none"])["Errors"]
    assert [(e["TableName"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [("none", "EntityNotFoundException")]
    glue.delete_table(DatabaseName=name, Name="b")
    fails("EntityNotFoundException", 400, glue.delete_table, DatabaseName=name, Name="b")
    glue.delete_database(Name=name)
    fails("EntityNotFoundException", 400, glue.get_tables, DatabaseName=name)


@check
def an_update_makes_a_version_and_may_demand_one():
    name = database()
    glue.create_table(DatabaseName=name, TableInput=table())
    def update(value, **more): glue.update_table(DatabaseName=name, TableInput=table(Parameters={"v": value}), **more)
    update("1")
    update("2", VersionId="1", SkipArchive=True)
    refusal = fails("ConcurrentModificationException", 400, update, "3", VersionId="1")
    assert refusal["Error"]["Message"] == "Update table failed due to concurrent modifications."
    versions = pages("get_table_versions", "TableVersions", DatabaseName=name, TableName="sales")
    assert [v["VersionId"] for v in versions] == ["2", "0"]
    old = glue.get_table_version(DatabaseName=name, TableName="sales", VersionId="0")["TableVersion"]["Table"]
    assert old["Parameters"] == {"classification": "parquet"}
    glue.delete_table_version(DatabaseName=name, TableName="sales", VersionId="0")
    fails("EntityNotFoundException", 400, glue.get_table_version, DatabaseName=name, TableName="sales", VersionId="0")


@check
def partitions_are_found_by_expression():
    name = database()
    glue.create_table(DatabaseName=name, TableInput=table())
    place = {"DatabaseName": name, "TableName": "sales"}
    inputs = [{"Values": [str(year), region], "StorageDescriptor": {"Location": f"s3://lake/{year}/{region}"}}
              for year in (2024, 2025, 2026) for region in ("east", "west")]
    assert glue.batch_create_partition(**place, PartitionInputList=inputs)["Errors"] == []
    fails("AlreadyExistsException", 400, glue.create_partition, **place, PartitionInput=inputs[0])
    def found(expression):
        return sorted("/".join(p["Values"]) for p in pages("get_partitions", "Partitions", **place, Expression=expression))
    assert found("year > 2024 AND region = 'west'") == ["2025/west", "2026/west"]
    assert found("year IN (2024, 2026) AND region LIKE 'e%'") == ["2024/east", "2026/east"]
    assert found("NOT (year BETWEEN 2024 AND 2025)") == ["2026/east", "2026/west"]
    assert len(found("")) == 6
    for wrong in ("year =", "month = 1", "year = 'x'", "year LIKE '2%'"):
        fails("InvalidInputException", 400, glue.get_partitions, **place, Expression=wrong)
    one = glue.get_partition(**place, PartitionValues=["2024", "east"])["Partition"]
    assert one["StorageDescriptor"]["Location"] == "s3://lake/2024/east" and one["TableName"] == "sales"
    some = glue.batch_get_partition(**place, PartitionsToGet=[{"Values": ["2024", "east"]}, {"Values": ["1", "x"]}])
    assert len(some["Partitions"]) == 1
    glue.update_partition(**place, PartitionValueList=["2024", "east"], PartitionInput={"Values": ["2023", "east"]})
    changes = [{"PartitionValueList": values, "PartitionInput": {"Values": values, "Parameters": {"k": "v"}}}
               for values in (["2023", "east"], ["1", "x"])]
    errors = glue.batch_update_partition(**place, Entries=changes)["Errors"]
    assert [e["PartitionValueList"] for e in errors] == [["1", "x"]]
    assert glue.get_partition(**place, PartitionValues=["2023", "east"])["Partition"]["Parameters"] == {"k": "v"}
    glue.delete_partition(**place, PartitionValues=["2023", "east"])
    fails("EntityNotFoundException", 400, glue.get_partition, **place, PartitionValues=["2023", "east"])
    errors = glue.batch_delete_partition(**place, PartitionsToDelete=[{"Values": p["Values"]} for p in inputs])["Errors"]
    assert [e["PartitionValues"] for e in errors] == [["2024", "east"]] and found("") == []


@check
def tags_and_statistics_are_kept():
    name = database()
    glue.create_table(DatabaseName=name, TableInput=table())
    arn = f"arn:aws:glue:us-east-1:000000000000:table/{name}/sales"
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"team": "a", "cost": "b"})
    glue.untag_resource(ResourceArn=arn, TagsToRemove=["cost"])
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "a"}
    place = {"DatabaseName": name, "TableName": "sales"}
    data = {"Type": "LONG", "LongColumnStatisticsData": {"MinimumValue": 1, "MaximumValue": 9, "NumberOfNulls": 0,
                                                         "NumberOfDistinctValues": 5}}
    glue.update_column_statistics_for_table(
        **place, ColumnStatisticsList=[{"ColumnName": "id", "ColumnType": "bigint", "AnalyzedTime": 0, "StatisticsData": data}])
    found = glue.get_column_statistics_for_table(**place, ColumnNames=["id", "none"])
    assert found["ColumnStatisticsList"][0]["StatisticsData"] == data
    assert [e["ColumnName"] for e in found["Errors"]] == ["none"]
    glue.delete_column_statistics_for_table(**place, ColumnName="id")
    fails("EntityNotFoundException", 400, glue.delete_column_statistics_for_table, **place, ColumnName="id")


@check
def the_template_declares_the_bronze_tables():
    tables = {t["Name"]: t for t in pages("get_tables", "TableList", DatabaseName="cupel_dev_bronze")}
    assert set(tables) == {"beer", "brewery", "profile", "review"}, set(tables)
    review = tables["review"]
    assert [k["Name"] for k in review["PartitionKeys"]] == ["year", "month", "day"]
    assert review["Parameters"]["projection.enabled"] == "true"
    assert review["StorageDescriptor"]["Location"].startswith("s3://cupel-dev-lake-")
