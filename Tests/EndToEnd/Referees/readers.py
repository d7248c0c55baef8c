#!/usr/bin/env python3
"""Reads a whole table of the lake with one reader, through the catalog and without settings but the endpoint's. Prints one JSON document.

    readers.py ENDPOINT pyiceberg|duckdb|polars NAMESPACE.TABLE   -> {"version": …, "rows": [each row, in a form that all readers share]}

Rows are sorted. A time is microseconds since 1970, a decimal and a UUID a text, bytes are hexadecimal; an absent value and a null are the same.
"""
import datetime, decimal, importlib.metadata, json, os, sys, uuid, warnings

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def shared(value):
    """A value in the form that all readers share."""
    if isinstance(value, datetime.datetime):
        return ((value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)) - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, (datetime.date, datetime.time, uuid.UUID)): return str(value)
    if isinstance(value, decimal.Decimal): return str(value.normalize())
    if isinstance(value, (bytes, bytearray)): return bytes(value).hex()
    if isinstance(value, dict): return {name: shared(part) for name, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)): return [shared(part) for part in value]
    return value


def all_shared(rows): return sorted(json.dumps(shared(row), sort_keys=True, ensure_ascii=False) for row in rows)


def catalog(endpoint):
    from pyiceberg.catalog import load_catalog
    return load_catalog("referee", type="rest", uri=f"{endpoint}/iceberg", warehouse="", **{
        "s3.endpoint": endpoint, "s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"})


def by_pyiceberg(endpoint, table): return catalog(endpoint).load_table(table).scan().to_arrow().to_pylist()


def by_polars(endpoint, table):
    import polars
    options = {"aws_endpoint_url": endpoint, "aws_access_key_id": "test", "aws_secret_access_key": "test", "aws_region": "us-east-1",
               "aws_allow_http": "true"}
    return polars.scan_iceberg(catalog(endpoint).load_table(table), storage_options=options).collect().to_dicts()


def by_duckdb(endpoint, table):
    import duckdb
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for name in ("avro", "httpfs", "iceberg"):
        files = importlib.metadata.files(f"duckdb_extension_{name}")
        connection.execute(f"LOAD '{next(str(f.locate()) for f in files if str(f).endswith('.duckdb_extension'))}'")
    host = endpoint.split("://")[1]
    connection.execute(f"CREATE SECRET s (TYPE s3, KEY_ID 'test', SECRET 'test', REGION 'us-east-1', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)")
    connection.execute(f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{endpoint}/iceberg', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')")
    connection.execute("SET TimeZone = 'UTC'")
    return connection.execute(f"SELECT * FROM lake.{table}").to_arrow_table().to_pylist()


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    os.environ.update(AWS_REGION="us-east-1")
    endpoint, reader, table = sys.argv[1:]
    rows = {"pyiceberg": by_pyiceberg, "polars": by_polars, "duckdb": by_duckdb}[reader](endpoint, table)
    print(json.dumps({"version": importlib.metadata.version(reader), "rows": all_shared(rows)}), flush=True)
    # The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
    os._exit(0)
