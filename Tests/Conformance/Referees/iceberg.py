"""Iceberg tables: pyiceberg's REST and Glue catalogs and DuckDB, on one catalog. Runs in `.venv-iceberg`."""
import concurrent.futures, importlib.metadata, json, time, urllib.parse, uuid

import duckdb, pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import (
    BadRequestError, CommitFailedException, NamespaceAlreadyExistsError, NamespaceNotEmptyError, NoSuchNamespaceError,
    NoSuchTableError, TableAlreadyExistsError)
from pyiceberg.transforms import BucketTransform, DayTransform
from pyiceberg.types import DoubleType

from calls import address, bucket, check, client, endpoint, raw

ACCOUNT, KEY = "000000000000", "test"
files = {"s3.endpoint": endpoint, "s3.access-key-id": KEY, "s3.secret-access-key": KEY, "s3.region": "us-east-1"}
signed = {"rest.sigv4-enabled": "true", "rest.signing-name": "glue", "rest.signing-region": "us-east-1", "client.access-key-id": KEY,
          "client.secret-access-key": KEY, "client.region": "us-east-1"}


def rest(**more): return load_catalog("rest", type="rest", uri=endpoint.rstrip("/") + "/iceberg", warehouse=ACCOUNT, **files, **more)


def native():
    return load_catalog("glue", type="glue", **{"glue.endpoint": endpoint, "glue.region": "us-east-1", "glue.access-key-id": KEY,
                                                 "glue.secret-access-key": KEY}, **files)


def duck():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for extension in ("avro", "httpfs", "iceberg"):
        package = importlib.metadata.files("duckdb_extension_" + extension)
        path = next(str(file.locate()) for file in package if str(file).endswith(".duckdb_extension"))
        connection.execute(f"LOAD '{path}'")
    connection.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{KEY}', SECRET '{KEY}', REGION 'us-east-1', ENDPOINT '{address}', "
                       "URL_STYLE 'path', USE_SSL false)")
    return connection


def attach(connection, host, authorization):
    connection.execute(f"ATTACH '{ACCOUNT}' AS lake (TYPE iceberg, ENDPOINT 'http://{host}/iceberg', "
                       f"AUTHORIZATION_TYPE '{authorization}', ACCESS_DELEGATION_MODE 'none', STAGE_CREATE_TABLES false)")


def place():
    """A namespace with a location, of a new bucket."""
    name = "referee_" + uuid.uuid4().hex[:12]
    location = f"s3://{bucket()}/{name}"
    rest().create_namespace(name, {"location": location, "comment": "a referee's"})
    return name, location


schema = pa.schema([("id", pa.int64()), ("name", pa.string()), ("at", pa.timestamp("us"))])


def rows(first, last): return pa.table({"id": range(first, last), "name": [f"n{i}" for i in range(first, last)],
                                        "at": pa.array([i * 86_400_000_000 for i in range(first, last)], pa.timestamp("us"))})


def ids(table): return sorted(table.scan().to_arrow()["id"].to_pylist())


def refuses(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind as error:
        return str(error)
    raise AssertionError(f"expected {kind.__name__}, got success")


@check
def pyiceberg_creates_changes_and_reads_a_table():
    for more in ({}, signed):
        catalog, (name, location) = rest(**more), place()
        table = catalog.create_table((name, "t"), schema, location=location + "/t")
        table.append(rows(0, 10))
        with table.update_schema() as update: update.add_column("price", DoubleType())
        with table.update_spec() as update: update.add_identity("name")
        with table.transaction() as transaction: transaction.set_properties(owner="referee")
        table.append(rows(10, 20).append_column("price", pa.array([1.5] * 10)))
        table.delete("id < 5")
        table = catalog.load_table((name, "t"))
        assert ids(table) == list(range(5, 20)) and table.properties["owner"] == "referee"
        assert [s.summary.operation.value for s in table.snapshots()][:2] == ["append", "append"]
        earlier = table.scan(snapshot_id=table.snapshots()[0].snapshot_id).to_arrow()
        assert earlier.num_rows == 10 and earlier.column_names == ["id", "name", "at"]
        assert catalog.list_tables(name) == [(name, "t")] and catalog.table_exists((name, "t"))
        table.manage_snapshots().create_tag(table.snapshots()[0].snapshot_id, "first").commit()
        table.maintenance.expire_snapshots().by_id(table.snapshots()[1].snapshot_id).commit()
        kept = [s.snapshot_id for s in catalog.load_table((name, "t")).snapshots()]
        assert kept == [s.snapshot_id for s in table.snapshots()] and table.refs()["first"].snapshot_id in kept
        with table.update_spec() as update: update.add_field("at", DayTransform(), "day").add_field("id", BucketTransform(4), "part")
        spec = catalog.load_table((name, "t")).spec()
        assert [(f.name, f.field_id, str(f.transform)) for f in spec.fields] == [
            ("name", 1000, "identity"), ("day", 1001, "day"), ("part", 1002, "bucket[4]")], spec


@check
def what_glue_refuses_is_refused():
    catalog, (name, location) = rest(), place()
    said = refuses(BadRequestError, catalog.create_table, (name, "t"), schema)
    assert "Location information cannot be null while creating an iceberg table" in said, said
    catalog.create_table((name, "t"), schema, location=location + "/t")
    refuses(TableAlreadyExistsError, catalog.create_table, (name, "t"), schema, location=location + "/t")
    refuses(NamespaceAlreadyExistsError, catalog.create_namespace, name)
    refuses(NamespaceNotEmptyError, catalog.drop_namespace, name)
    refuses(NoSuchTableError, catalog.load_table, (name, "none"))
    refuses(NoSuchNamespaceError, catalog.list_tables, "none_" + name)
    refuses(BadRequestError, catalog.purge_table, (name, "t"))
    refuses(NotImplementedError, catalog.rename_table, (name, "t"), (name, "u"))
    catalog.drop_table((name, "t"))
    catalog.drop_namespace(name)
    assert not catalog.namespace_exists(name)


@check
def a_stale_commit_conflicts_and_changes_nothing():
    catalog, (name, location) = rest(), place()
    catalog.create_table((name, "t"), schema, location=location + "/t")
    # pyiceberg plans again after a conflict, so the conflict itself is sent by hand.
    table = catalog.load_table((name, "t"))
    path = f"/iceberg/v1/catalogs/{ACCOUNT}/namespaces/{name}/tables/t"
    table.append(rows(0, 3))
    request = {"requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": None}],
               "updates": [{"action": "set-properties", "updates": {"late": "yes"}}]}
    status, _, body = raw("POST", path, json.dumps(request))
    error = json.loads(body)["error"]
    assert (status, error["code"], error["type"]) == (409, 409, "CommitFailedException"), body
    assert "late" not in catalog.load_table((name, "t")).properties
    change = {"identifier": {"namespace": [name], "name": "t"}, **request}
    assert raw("POST", f"/iceberg/v1/catalogs%2F{ACCOUNT}/transactions/commit", json.dumps({"table-changes": [change]}))[0] == 409


@check
def writers_at_once_lose_no_row():
    catalog, (name, location) = rest(), place()
    catalog.create_table((name, "t"), schema, location=location + "/t", properties={"commit.retry.num-retries": "40"})
    def write(part):
        table, left = rest().load_table((name, "t")), 3
        while left:
            try: table.append(rows(part * 100 + left * 10, part * 100 + left * 10 + 10))
            except CommitFailedException: table.refresh()
            else: left -= 1
    with concurrent.futures.ThreadPoolExecutor(4) as pool: list(pool.map(write, range(4)))
    assert ids(catalog.load_table((name, "t"))) == sorted(p * 100 + l * 10 + i for p in range(4) for l in (1, 2, 3) for i in range(10))


@check
def both_faces_show_one_catalog():
    over, (name, location) = native(), place()
    table = over.create_table(f"{name}.t", schema)
    assert table.location() == location + "/t"
    table.append(rows(0, 3))
    other = rest().load_table((name, "t"))
    other.append(rows(3, 6))
    table.append(rows(6, 9))          # planned on a version that is no longer current
    assert ids(over.load_table(f"{name}.t")) == ids(rest().load_table((name, "t"))) == list(range(9))
    found = client("glue").get_table(DatabaseName=name, Name="t")["Table"]
    assert found["Parameters"]["table_type"] == "ICEBERG" and found["StorageDescriptor"]["Location"] == location + "/t"
    assert found["Parameters"]["metadata_location"] == rest().load_table((name, "t")).metadata_location
    assert found["Parameters"]["previous_metadata_location"] == other.metadata_location
    assert [(c["Name"], c["Type"]) for c in found["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"), ("name", "string"), ("at", "timestamp")]
    registered = rest().register_table((name, "again"), other.metadata_location)
    assert ids(registered) == list(range(6))
    over.drop_table(f"{name}.again")
    assert rest().list_tables(name) == [(name, "t")]


@check
def duckdb_creates_changes_and_reads_a_table():
    port = urllib.parse.urlparse(endpoint).port
    # DuckDB signs for the service and region that the host names.
    for host, authorization in ((address, "none"), (f"glue.us-east-1.localhost:{port}", "sigv4")):
        (name, location), connection = place(), duck()
        attach(connection, host, authorization)
        def run(sql): return connection.execute(sql).fetchall()
        run(f"CREATE TABLE lake.{name}.t (id BIGINT, name VARCHAR) WITH (location = '{location}/t')")
        assert run(f"SELECT * FROM lake.{name}.t") == []
        run(f"INSERT INTO lake.{name}.t SELECT i, 'n' || i FROM range(10) r(i)")
        run(f"UPDATE lake.{name}.t SET name = 'changed' WHERE id = 3")
        run(f"DELETE FROM lake.{name}.t WHERE id >= 5")
        run(f"ALTER TABLE lake.{name}.t ADD COLUMN price DOUBLE")
        expected = [(0, "n0"), (1, "n1"), (2, "n2"), (3, "changed"), (4, "n4")]
        assert run(f"SELECT id, name FROM lake.{name}.t ORDER BY id") == expected
        table = rest().load_table((name, "t"))
        read = table.scan().to_arrow().sort_by("id")
        assert list(zip(read["id"].to_pylist(), read["name"].to_pylist())) == expected
        table.append(pa.table({"id": [9], "name": ["n9"], "price": [2.5]}))
        # A connection reads a table's metadata once.
        connection = duck()
        attach(connection, host, authorization)
        assert run(f"SELECT count(*), sum(price) FROM lake.{name}.t") == [(6, 2.5)]
        run(f"DROP TABLE lake.{name}.t")
        assert rest().list_tables(name) == []


def athena(statement, database, output):
    started = client("athena").start_query_execution(
        QueryString=statement, QueryExecutionContext={"Database": database}, ResultConfiguration={"OutputLocation": output})
    while True:
        found = client("athena").get_query_execution(**{"QueryExecutionId": started["QueryExecutionId"]})["QueryExecution"]
        if found["Status"]["State"] not in ("QUEUED", "RUNNING"): break
        time.sleep(0.005)
    assert found["Status"]["State"] == "SUCCEEDED", (statement, found["Status"])


@check
def what_athena_writes_pyiceberg_and_duckdb_read():
    name, location = place()
    def run(statement): athena(statement, name, location + "/results/")
    run(f"""CREATE TABLE t (id bigint, name string, at timestamp, day date, tags array<string>, pair struct<a:int,b:double>, counts map<string,bigint>,
        price decimal(12, 3), raw binary, ok boolean, small int, ratio float) PARTITIONED BY (bucket(3, name), day(at), truncate(10, id))
        LOCATION '{location}/t/' TBLPROPERTIES ('table_type' = 'ICEBERG')""")
    row = """CAST(x AS bigint), 'n' || CAST(x AS varchar), TIMESTAMP '2026-01-01 10:00:00' + INTERVAL '1' DAY, DATE '1969-12-31', ARRAY['a', NULL],
        CAST(ROW(x, 0.5e0) AS ROW(a integer, b double)), MAP(ARRAY['k'], ARRAY[CAST(x AS bigint)]), CAST(-1.5 AS decimal(12, 3)), X'00ff', true, 3, REAL '1.5'"""
    run(f"INSERT INTO t SELECT {row} FROM UNNEST(sequence(1, 40)) AS s (x)")
    run("INSERT INTO t (id, name) VALUES (100, 'ä'), (NULL, NULL)")
    run("UPDATE t SET name = 'changed', at = NULL WHERE id % 7 = 0")
    run("DELETE FROM t WHERE id BETWEEN 11 AND 20")
    run("MERGE INTO t USING (SELECT id + 1 AS id FROM t WHERE id >= 39) AS s ON t.id = s.id WHEN MATCHED THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, 'merged')")
    for table in (rest().load_table((name, "t")), native().load_table(f"{name}.t")):
        read = table.scan().to_arrow().sort_by("id")
        expected = [*range(1, 11), *range(21, 40), 41, 100, 101]
        assert [i for i in read["id"].to_pylist() if i is not None] == expected, read["id"].to_pylist()
        assert read["name"].to_pylist().count("changed") == 4 and read["name"].to_pylist().count("merged") == 2
        one = read.slice(0, 1).to_pylist()[0]
        assert (one["tags"], one["pair"], one["counts"], one["raw"], one["ratio"]) == (["a", None], {"a": 1, "b": 0.5}, [("k", 1)], b"\x00\xff", 1.5), one
        assert str(one["price"]) == "-1.500" and str(one["at"]) == "2026-01-02 10:00:00" and str(one["day"]) == "1969-12-31", one
        # By bounds and partitions.
        for condition, count in (("id = 33", 1), ("name = 'ä'", 1), ("id IS NULL", 1)):
            found = len(table.scan(row_filter=condition).to_arrow())
            assert found == count, (condition, found)
        first = table.metadata.snapshots[0]
        assert len(table.scan(snapshot_id=first.snapshot_id).to_arrow()) == 40
    connection = duck()
    attach(connection, address, "none")
    assert connection.execute(f"SELECT count(*), sum(id) FROM lake.{name}.t").fetchone() == (len(expected) + 1, sum(expected))
    # And what they write, Athena changes: DuckDB leaves deletes by position.
    connection.execute(f"CREATE TABLE lake.{name}.u (id BIGINT, name VARCHAR) WITH (location = '{location}/u')")
    connection.execute(f"INSERT INTO lake.{name}.u SELECT i, 'n' || i FROM range(10) r(i)")
    connection.execute(f"DELETE FROM lake.{name}.u WHERE id = 3")
    run("UPDATE u SET name = 'late' WHERE id > 7")
    table = rest().load_table((name, "u"))
    assert ids(table) == [0, 1, 2, 4, 5, 6, 7, 8, 9] and table.scan().to_arrow()["name"].to_pylist().count("late") == 2
    connection.execute(f"ATTACH OR REPLACE '{ACCOUNT}' AS lake (TYPE iceberg, ENDPOINT 'http://{address}/iceberg', AUTHORIZATION_TYPE 'none', "
                       "ACCESS_DELEGATION_MODE 'none', STAGE_CREATE_TABLES false)")
    assert connection.execute(f"SELECT count(*) FROM lake.{name}.u").fetchone() == (9,)
