#!/usr/bin/env python3
"""Merges what waits for a silver table on Spark, for tables that outgrow silver-merge: the same rows, and either goes on where the other stopped.

    spark-submit silver_merge.py --table T --control TABLE --plan JSON [--catalog NAME] [--owner NAME] [--files N]

JSON is the `plan` that silver-merge answers to {"table": T, "prepare": true}: the function makes the table and says what of its contract a
merge needs. NAME is the Iceberg catalog that spark-submit configures (spark.sql.catalog.NAME…), `lake` unless given. Merges batches of up to
1,000 files until none waits, and prints one JSON line a batch. Ends with 0: done; 1: the table or the settings are at fault; 75: start it again.
A batch in which a change of a key leaves columns out is left to silver-merge, with everything as it was. Needs boto3 beside Spark.

For each column the value of the latest change that carries it counts. `_cdc_order` is the order of a row's last change; where a column's
value is older, `_cdc_column_orders` has its order, by the id of the field: Functions/SilverMerge/README.md says it in full.
"""
import argparse, concurrent.futures, datetime, hashlib, json, os, pathlib, re, sys, tempfile, threading, time

import boto3
from botocore.exceptions import ClientError
from pyspark.sql import SparkSession, Window, functions as F, types as T

NAMESPACE, STATE = "dm_silver", ["created_at", "updated_at", "deleted_at", "_cdc_order", "_cdc_column_orders"]
HISTORY = ["valid_from", "valid_to", "deleted_at", "_cdc_order", "_cdc_column_orders", "is_current"]
RECORD = "_record_id"
FACTS = ["operation", "_cdc_timestamp", "_cdc_order", "_cdc_unchanged", "_cdc_previous_key"]
BATCH_ID, ERASED = "cupel.batch-id", "cupel.erased-keys"


# What Iceberg says where maintenance, an erasure or another engine was faster, or the catalog's answer was lost.
OVERTAKEN = "ValidationException", "CommitFailedException", "CommitStateUnknownException"


class Fault(Exception):
    """The table or the settings are at fault; another attempt changes nothing."""


class Retry(Exception):
    """Another attempt may succeed."""


class FileFault(Exception):
    """A bronze file is at fault, and fails alone."""


def now(seconds=0):
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def microseconds(text):
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


class Control:
    """The control table: the right to write a table, and the records of its bronze files. All changes are conditional, as silver-merge's."""

    def __init__(self, name, table, owner, lease_seconds, max_attempts, retention_days):
        self.dynamodb, self.name, self.table, self.owner = boto3.client("dynamodb"), name, table, owner
        self.lease_seconds, self.max_attempts, self.retention_days = lease_seconds, max_attempts, retention_days
        self.writer = hashlib.sha256(f"{NAMESPACE}\n{table}\n\ndm_writer".encode()).hexdigest()[:32]
        self.record_owner = f"silver-merge/{table}"
        self.epoch, self.lost, self.ended = None, None, threading.Event()

    def update(self, key, sets, removes=(), condition=None, extra={}, counts=None):
        """Applies a change if the condition holds. Returns the item after it; None if it does not hold."""
        names = {f"#{name}": name for name in [*sets, *removes, *extra.get("names", []), *([counts] if counts else [])]}
        values = {f":new_{name}": value for name, value in sets.items()} | extra.get("values", {})
        clauses = [f"#{name} = :new_{name}" for name in sets]
        if counts:
            clauses.append(f"#{counts} = if_not_exists(#{counts}, :zero) + :one")
            values |= {":zero": {"N": "0"}, ":one": {"N": "1"}}
        text = "SET " + ", ".join(clauses) + (" REMOVE " + ", ".join(f"#{name}" for name in removes) if removes else "")
        request = {"TableName": self.name, "Key": {"control_id": {"S": key}}, "UpdateExpression": text, "ExpressionAttributeNames": names,
                   "ExpressionAttributeValues": values, "ReturnValues": "ALL_NEW"}
        if condition: request["ConditionExpression"] = condition
        try: return self.dynamodb.update_item(**request)["Attributes"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException": raise
            return None

    def take(self):
        """Takes the right to write the table. Returns False while another worker has it; else the batch that was begun and may not have ended."""
        item = self.update(
            self.writer, {"schema_name": {"S": "dm_writer"}, "lake_table": {"S": f"{NAMESPACE}.{self.table}"}, "lease_owner": {"S": self.owner},
                          "lease_expires_at": {"S": now(self.lease_seconds)}, "updated_at": {"S": now()}},
            condition="attribute_not_exists(#lease_owner) OR #lease_owner = :owner OR #lease_expires_at < :now",
            extra={"values": {":owner": {"S": self.owner}, ":now": {"S": now()}}}, counts="writer_epoch")
        if item is None: return False
        self.epoch = item["writer_epoch"]["N"]
        threading.Thread(target=self.renew_often, daemon=True).start()
        return (item["batch_id"]["S"], item.get("batch_records", {}).get("SS", [])) if "batch_id" in item else None

    def change_lease(self, sets={}, removes=()):
        item = self.update(self.writer, {"updated_at": {"S": now()}} | sets, removes, "#writer_epoch = :epoch AND #lease_owner = :owner", {
            "names": ["writer_epoch", "lease_owner"], "values": {":epoch": {"N": self.epoch}, ":owner": {"S": self.owner}}})
        if item is None: raise Retry(f"another worker has the table {self.table} now")

    def renew(self): self.change_lease({"lease_expires_at": {"S": now(self.lease_seconds)}})

    def renew_often(self):
        while not self.ended.wait(self.lease_seconds / 3):
            try: self.renew()
            except Retry as error: self.lost = error; return
            except Exception as error: print(f"the lease is not renewed: {error}", file=sys.stderr, flush=True)

    def note(self, batch, records=()):
        if batch: self.change_lease({"batch_id": {"S": batch}, "batch_records": {"SS": sorted(records)}})
        else: self.change_lease({}, ["batch_id", "batch_records"])

    def leave(self):
        self.ended.set()
        try: self.change_lease({}, ["lease_owner", "lease_expires_at"])
        except Retry: pass

    def waiting(self, limit):
        """The records of the table whose files wait: at most `limit`, the oldest first."""
        found = []
        pages = self.dynamodb.get_paginator("query")
        for digit in "0123456789abcdef":
            for page in pages.paginate(
                    TableName=self.name, IndexName="dm-gsi-open-work", KeyConditionExpression="open_work = :part",
                    ExpressionAttributeValues={":part": {"S": f"{NAMESPACE}#{digit}"}}):
                found += [i for i in page["Items"] if i["table_name"]["S"] == self.table and i["status"]["S"] != "error"]
        return sorted(found, key=lambda item: (item["created_at"]["S"], item["control_id"]["S"]))[:limit]

    def claim(self, key):
        return self.update(
            key, {"status": {"S": "running"}, "lease_owner": {"S": self.record_owner}, "lease_expires_at": {"S": now(self.lease_seconds)},
                  "started_at": {"S": now()}, "updated_at": {"S": now()}},
            ["error_type", "error_message", "finished_at", "duration"],
            "#status = :pending OR (#status = :error AND #attempt_count < :limit) OR (#status = :running AND (#lease_owner = :owner"
            " OR (#lease_expires_at < :now AND #attempt_count < :limit)))",
            {"values": {":pending": {"S": "pending"}, ":error": {"S": "error"}, ":running": {"S": "running"}, ":now": {"S": now()},
                        ":owner": {"S": self.record_owner}, ":limit": {"N": str(self.max_attempts)}}}, counts="attempt_count")

    def end(self, record, status, sets={}, removes=()):
        """Ends a claimed record, if it is still that claim's."""
        ending = {} if status == "pending" else {
            "finished_at": {"S": now()}, "duration": {"N": str(max(0, (microseconds(now()) - microseconds(record["started_at"]["S"])) // 1000))}}
        return self.update(
            record["control_id"]["S"], {"status": {"S": status}, "updated_at": {"S": now()}} | ending | sets,
            ["lease_owner", "lease_expires_at", *removes],
            "#status = :running AND #lease_owner = :owner AND #attempt_count = :attempt",
            {"names": ["attempt_count"], "values": {
                ":running": {"S": "running"}, ":owner": {"S": self.record_owner}, ":attempt": record["attempt_count"]}})

    def release(self, record): self.end(record, "pending")

    def fail(self, record, message):
        self.end(record, "error", {"is_permanent": {"BOOL": True}, "error_type": {"S": "UnreadableFile"}, "error_message": {"S": message[:4000]}},
                 ["quality"])

    def finish(self, record, batch, contract_version):
        rows = record.get("estimated_record_count", {"N": "0"})
        sets = {"record_count": rows, "written_count": rows, "quarantined_count": {"N": "0"}, "rescued_count": {"N": "0"},
                "checksum": {"S": record["object_version"]["S"].strip('"')}, "output_key": {"S": f"silver/{self.table}"},
                "contract_version": {"S": contract_version}, "batch_id": {"S": batch},
                **{name: {"L": []} for name in ("masked_columns", "quality", "pii_findings", "unknown_fields")}}
        if self.retention_days:
            sets["expires_at"] = {"N": str(microseconds(now()) // 1_000_000 + self.retention_days * 86_400)}
        if self.end(record, "success", sets, ["error_type", "error_message", "open_work", "quarantine_key"]) is None:
            raise Retry(f"the record {record['control_id']['S']} has another holder now")


class Bronze:
    """Bronze files, where Spark can read them."""

    def __init__(self, spark, folder):
        self.spark, self.folder, self.s3 = spark, folder, boto3.client("s3")
        # Without a file system for S3 (Spark alone, on one machine) files are fetched to the driver's disk.
        try:
            spark._jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass("s3", spark._jsc.hadoopConfiguration())
            self.fetches = False
        except Exception:
            self.fetches = True
            if not spark.sparkContext.master.startswith("local"):
                raise Fault("this Spark has no file system for s3://; run it on EMR Serverless, or with a master of this machine")

    def place(self, bucket, key):
        """Where Spark finds the file. Raises FileFault if there is none."""
        try:
            if not self.fetches:
                self.s3.head_object(Bucket=bucket, Key=key)
                return f"s3://{bucket}/{key}"
            name = hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]
            path = self.folder / f"{name}.parquet"
            self.s3.download_file(bucket, key, str(path))
            return path.as_uri()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"): raise
            raise FileFault(f"the file is gone: {error}")

    def version_order(self, bucket, key):
        """Where the file's metadata say that it is in the order of files; None if they do not."""
        metadata = self.s3.head_object(Bucket=bucket, Key=key)["Metadata"]
        if "control-id" not in metadata or "created-at" not in metadata: return None
        return placed(metadata["created-at"], metadata.get("sequencer", ""), metadata["control-id"])

    def schema(self, place):
        try: return self.spark.read.parquet(place).schema
        except Exception as error: raise FileFault(str(error).split("\n")[0])

    def field_ids(self, place):
        """The names of the file's columns by their field ids, which Spark's own schema of a file lacks."""
        java = self.spark._jvm.org.apache
        path = java.hadoop.fs.Path(place)
        reader = java.parquet.hadoop.ParquetFileReader.open(
            java.parquet.hadoop.util.HadoopInputFile.fromPath(path, self.spark._jsc.hadoopConfiguration()))
        try: fields = [(field.getId(), field.getName()) for field in reader.getFooter().getFileMetaData().getSchema().getFields()]
        finally: reader.close()
        return {number.intValue(): name for number, name in fields if number is not None}


def fits(stored, wanted):
    """Whether all values of a stored type are such of the wanted one."""
    if stored.simpleString() == wanted.simpleString(): return True
    widths = ["tinyint", "smallint", "int", "bigint"]
    pair = (stored.simpleString(), wanted.simpleString())
    if pair[0] in widths and pair[1] in widths: return widths.index(pair[0]) < widths.index(pair[1])
    if pair in (("float", "double"), ("binary", "string")): return True
    if isinstance(stored, T.DecimalType) and isinstance(wanted, T.DecimalType):
        return stored.scale == wanted.scale and stored.precision <= wanted.precision
    if isinstance(stored, T.ArrayType) and isinstance(wanted, T.ArrayType): return fits(stored.elementType, wanted.elementType)
    if isinstance(stored, T.StructType) and isinstance(wanted, T.StructType):
        return stored.names == wanted.names and all(fits(s.dataType, w.dataType) for s, w in zip(stored, wanted))
    return False


def converted(column, stored, wanted):
    if isinstance(stored, T.BinaryType) and isinstance(wanted, T.StringType):
        # A UUID, as Spark reads it from Parquet.
        return F.regexp_replace(F.lower(F.hex(column)), "^(.{8})(.{4})(.{4})(.{4})(.{12})$", "$1-$2-$3-$4-$5")
    return column.cast(wanted)


class Table:
    """A silver table, and what its contract says."""

    def __init__(self, spark, catalog, name, plan):
        self.mode = plan["mode"]
        if self.mode not in ("upsert", "append", "history"): raise Fault(f"the table {name} is of the mode {self.mode}, which silver-merge merges")
        self.keeps_records, self.state = self.mode == "append", HISTORY if self.mode == "history" else STATE
        self.spark, self.name, self.path, self.columns = spark, name, f"{catalog}.{NAMESPACE}.{name}", plan["columns"]
        self.version = plan["contractVersion"]
        spark.catalog.refreshTable(self.path) if spark.catalog.tableExists(self.path) else None
        self.types = {field.name: loose(field.dataType) for field in spark.table(self.path).schema}
        lost = [column["name"] for column in self.columns if column["name"] not in self.types]
        if lost: raise Retry(f"the table {name} lacks {', '.join(lost)}: its contract has changed since it was prepared")
        self.key = [column["name"] for column in self.columns if column["key"]]
        self.values = [column["name"] for column in self.columns if not column["key"]]
        self.ids = {column["name"]: str(column["id"]) for column in self.columns}
        self.derived = {column["name"]: column["derived"] for column in self.columns if "derived" in column}
        # The ids that the contract sets, by which bronze is read: a column's name may have been another.
        self.bronze_ids = {column["name"]: column["bronzeID"] for column in self.columns if "bronzeID" in column}
        # An erasure holds the table as a merge does, so the list does not change meanwhile.
        self.erased = json.loads(self.properties().get(ERASED, "[]"))

    def has(self, batch):
        return bool(self.spark.sql(f"SELECT 1 FROM {self.path}.snapshots WHERE summary['{BATCH_ID}'] = '{batch}' LIMIT 1").collect())

    def properties(self): return {row.key: row.value for row in self.spark.sql(f"SHOW TBLPROPERTIES {self.path}").collect()}

    def truncate(self):
        """The table's last truncate, which deletes changes from before it that come late; None if there was none."""
        properties = self.properties()
        order, time = properties.get("cupel.truncate-order"), properties.get("cupel.truncate-time")
        return (order, int(time)) if order is not None and time else None

    def truncates(self):
        """All truncates of a table that keeps versions, with their times: each ends the versions before it."""
        return json.loads(self.properties().get("cupel.truncates", "{}"))

    def is_erased(self):
        """Whether a row's key was erased: the table has hashes of those that were, of the binary forms of the key's values with their lengths."""
        parts = []
        for name in sorted(self.key):
            kind, column = self.types[name], F.col(quoted(name))
            if isinstance(kind, T.StringType): text = F.hex(column.cast("binary"))
            elif isinstance(kind, (T.IntegerType, T.LongType)): text = little_endian(column, 8)
            else: raise Fault(f"keys of {self.name} were erased, and {name} is {kind.simpleString()}: silver-merge merges it")
            parts += [little_endian(F.length(text) / 2, 4), text]
        return F.coalesce(F.sha2(F.unhex(F.concat(*parts)), 256).isin(self.erased), F.lit(False))

    def derivation(self, name):
        """A derived column, computed as silver-merge does: the part of a time in UTC."""
        part, source, per_day = (self.derived[name][member] for member in ("part", "source", "perDay"))
        kind, number = self.types[source], quoted(source)
        if isinstance(kind, T.DateType): number = f"unix_date({number})"
        elif isinstance(kind, T.TimestampType): number = f"unix_micros({number})"
        elif isinstance(kind, T.TimestampNTZType): number = f"unix_micros(CAST({number} AS timestamp))"
        within = f"pmod(CAST({number} AS bigint), {per_day})"
        day = f"date_from_unix_date(CAST((CAST({number} AS bigint) - {within}) DIV {per_day} AS int))"
        value = {"date": day, "hour": f"{within} DIV {max(1, per_day // 24)}"}.get(part, f"{part}({day})")
        return F.expr(f"CAST({value} AS {self.types[name].simpleString()})").alias(name)


def loose(kind):
    """The type with nulls allowed everywhere: a value may be missing until the row is whole."""
    if isinstance(kind, T.ArrayType): return T.ArrayType(loose(kind.elementType), True)
    if isinstance(kind, T.StructType): return T.StructType([T.StructField(field.name, loose(field.dataType), True) for field in kind])
    return kind


def little_endian(number, size):
    """The bytes of a whole number, the least first, as hexadecimal digits."""
    text = F.lpad(F.hex(number.cast("bigint")), 16, "0")
    return F.concat(*[F.substring(text, 15 - 2 * place, 2) for place in range(size)])


def quoted(name): return "`" + name.replace("`", "``") + "`"


def file_order(record):
    """The order of a file's rows where they have none of their own: files in the order in which their raw objects were created, all before
    any change of a stream."""
    return placed(record["created_at"]["S"], record.get("sequencer", {"S": ""})["S"], record["control_id"]["S"])


def placed(created, sequencer, name): return f"-{max(0, microseconds(created)):018}-{sequencer.ljust(24, '0')}-{name}"


def record_id(file_order):
    """The name of a record: its place in the order of changes, or that of its file and its row."""
    return F.coalesce(F.col("_cdc_order"), F.concat(file_order, F.lit("-"), F.lpad(F.col("_row").cast("string"), 10, "0")))


class Batch:
    """The changes of some bronze files: one row each, with the columns of the table and `_o` order, `_f` file, `_r` row, `_op`, `_t` time,
    `_left` the columns that it does not carry. In a table that keeps every record each is an insert of its own name."""

    def __init__(self, table, bronze):
        self.table, self.bronze, self.spark = table, bronze, table.spark
        self.files, self.records, self.former = [], [], []

    def open(self, record):
        """Raises FileFault for a file that is at fault by itself."""
        bucket = record["bucket"]["S"]
        opened = self.opened(self.bronze.place(bucket, record["object_key"]["S"]))
        named = self.bronze.version_order(bucket, record["object_key"]["S"]) if self.table.keeps_records else None
        former = None
        if key := record.get("superseded_key", {}).get("S"):
            former = *self.opened(self.bronze.place(bucket, key)), self.bronze.version_order(bucket, key) or "" if self.table.keeps_records else ""
        return *opened, former, named or file_order(record)

    def opened(self, place):
        """The place of a file, its schema, and the names that the table's columns have in it: by the ids that the contract sets, else the same."""
        table, schema = self.table, self.bronze.schema(place)
        stored = {field.name: field.dataType for field in schema}
        ids = self.bronze.field_ids(place) if table.bronze_ids else {}
        names = {name: ids.get(table.bronze_ids[name]) if name in table.bronze_ids else name
                 for name in table.ids if name not in table.derived and not (name == RECORD and table.keeps_records)}
        names = {name: own for name, own in names.items() if own in stored}
        for name in [*[fact for fact in FACTS if fact not in stored], *[key for key in table.key if key not in names]]:
            if name != RECORD: raise FileFault(f"it has no column {name}; convert the raw file again: cupel replay")
        for name, own in names.items():
            if not fits(stored[own], table.types[name]):
                raise FileFault(f"its column {own} is {stored[own].simpleString()}, and the table's {name} is {table.types[name].simpleString()}; "
                                "convert the raw file again: cupel replay")
        return place, schema, names

    def add(self, record, opened):
        self.records.append(record)
        self.files.append(opened)

    def read(self, places, schema, names, numbers):
        """The rows of files of one schema, whose columns have the same names for those of the table."""
        stored = {field.name: field.dataType for field in schema}
        rows = self.spark.read.schema(schema).parquet(*places).withColumn("_row", F.col("_metadata.row_index")) \
            .withColumn("_path", F.element_at(F.split(F.col("_metadata.file_path"), "/"), -1))
        rows = rows.join(F.broadcast(numbers), "_path") if len(places) > 1 else rows.crossJoin(F.broadcast(numbers))
        own = [record_id(F.col("_named")).alias(name) if name == RECORD and self.table.keeps_records
               else converted(F.col(quoted(names[name])), stored[names[name]], self.table.types[name]).alias(name) if name in names
               else F.lit(None).cast(self.table.types[name]).alias(name)
               for name in self.table.ids if name not in self.table.derived]
        # A record is what it is, not what it changes.
        if self.table.keeps_records:
            nothing = F.lit(None).cast("string")
            rows = rows.withColumn("_cdc_unchanged", nothing).withColumn("_cdc_previous_key", nothing)
        # A change says its columns by the names that they have in its file.
        unchanged, former = F.from_json("_cdc_unchanged", "array<string>"), F.col("_cdc_previous_key")
        pairs = F.array(*[F.struct(F.lit(name).alias("name"), F.lit(own).alias("own")) for name, own in names.items()])
        left = F.transform(F.filter(pairs, lambda pair: F.array_contains(unchanged, pair["own"])), lambda pair: pair["name"])
        if any(names.get(name, name) != name for name in self.table.key):
            values = F.from_json(former, "map<string,string>")
            own_key = F.array(*[F.struct(F.lit(name).alias("k"), F.element_at(values, names[name]).alias("v")) for name in self.table.key])
            former = F.when(former.isNotNull(), F.to_json(F.map_from_entries(own_key)))
        order = F.col("_cdc_order")
        number = F.regexp_extract(order, "^([0-9]{1,18})", 1).cast("bigint")
        said = F.unix_micros(F.expr("try_cast(_cdc_timestamp AS timestamp)"))
        return rows.select(
            *own, F.coalesce(order, F.col("_file_order")).alias("_o"), F.col("_file").alias("_f"), F.col("_row").alias("_r"),
            F.col("operation").alias("_op"),
            F.coalesce(F.when(number > 0, number), said, F.col("_created")).alias("_t"), F.when(unchanged.isNotNull(), left).alias("_left"),
            (F.col("_cdc_unchanged").isNotNull() & unchanged.isNull()).alias("_bad_left"), former.alias("_former"),
            order.isNotNull().alias("_ordered"))

    def changes(self):
        table, groups = self.table, {}
        for number, (_, schema, names, *_) in enumerate(self.files): groups.setdefault((schema.json(), json.dumps(names)), []).append(number)
        described = "_path string, _file int, _file_order string, _created bigint, _named string"
        parts = []
        for numbers in groups.values():
            facts = [(self.files[n][0].rsplit("/", 1)[1], n, file_order(self.records[n]), microseconds(self.records[n]["created_at"]["S"]),
                      self.files[n][4]) for n in numbers]
            known = self.spark.createDataFrame(facts, described)
            parts.append(self.read([self.files[n][0] for n in numbers], *self.files[numbers[0]][1:3],
                                   known if len(numbers) > 1 else known.drop("_path")))
        rows = parts[0]
        for part in parts[1:]: rows = rows.unionByName(part)
        return rows

    def faults(self, rows):
        """What is wrong with the rows of files: {number: why}."""
        table = self.table
        moved = F.col("_former").isNotNull()
        checks = [(~F.coalesce(F.col("_op").isin("insert", "update", "delete", "truncate"), F.lit(False)), "rows have no operation that is known"),
                  (F.col("_bad_left"), "_cdc_unchanged is no JSON array")]
        for name in table.key:
            checks.append((F.col(quoted(name)).isNull() & (F.col("_op") != "truncate"), f"rows have no {name}, which is part of the primary key"))
            checks.append((moved & self.former_key(name).isNull(), f"_cdc_previous_key has no {name}, or none of type {table.types[name].simpleString()}"))
        counts = rows.groupBy("_f").agg(*[F.count(F.when(condition, 1)) for condition, _ in checks]).collect()
        found = {}
        for row in counts:
            why = [f"{count} {text}" if text.startswith("rows") else text for count, (_, text) in zip(row[1:], checks) if count]
            if why: found[row[0]] = why[0]
        return found

    def former_key(self, name):
        member = F.element_at(F.from_json("_former", "map<string,string>"), name)
        return member.cast(self.table.types[name])

    def all(self, rows):
        """The changes, with the deletes of former keys and of rows that only the former version of a file had."""
        table = self.table
        if table.mode == "upsert" and rows.filter("_former IS NOT NULL AND _ordered AND size(_left) > 0").limit(1).count():
            raise Fault("a change of a key leaves columns out, which silver-merge merges")
        values = [name for name in table.values if name not in table.derived]
        names = [*table.key, *values, "_o", "_f", "_r", "_op", "_t", "_left"]

        def deletes(rows, keys, order, file, row, time):
            nothing = [F.lit(None).cast(table.types[name]).alias(name) for name in values]
            return rows.select(
                *[key.alias(name) for key, name in zip(keys, table.key)], *nothing, order.alias("_o"), file.alias("_f"), row.alias("_r"),
                F.lit("delete").alias("_op"), time.alias("_t"), F.lit(None).cast("array<string>").alias("_left"))

        if table.keeps_records: rows = rows.withColumn("_op", F.lit("insert"))
        # They come after the rows of their file that have the same order.
        moved = deletes(rows.filter("_former IS NOT NULL"), [self.former_key(name) for name in table.key], F.col("_o"), F.col("_f"),
                        F.col("_r") + F.lit(1 << 40), F.col("_t"))
        found = rows.select(*names).unionByName(moved)
        for number, (*_, former, _) in enumerate(self.files):
            if not former: continue
            (place, schema, own, named), record = former, self.records[number]
            keys = [record_id(F.lit(named)).alias(name) if table.keeps_records
                    else converted(F.col(quoted(own[name])), schema[own[name]].dataType, table.types[name]).alias(name) for name in table.key]
            older = self.spark.read.parquet(place).withColumn("_row", F.col("_metadata.row_index")).select(*keys).dropna().distinct()
            gone = older.join(found.filter(F.col("_f") == number).select(*table.key), table.key, "left_anti")
            found = found.unionByName(deletes(
                gone, [F.col(quoted(name)) for name in table.key], F.lit(file_order(record)), F.lit(number), F.lit(1 << 41),
                F.lit(microseconds(record["created_at"]["S"]))))
        if table.erased: found = found.filter((F.col("_op") == "truncate") | ~table.is_erased())
        return found.select("*", *[table.derivation(name) for name in table.derived])


def folded(table, changes):
    """One row a key: its last change, and for each column the latest change that carries it."""
    carrying = F.col("_op").isin("insert", "update")
    place = F.struct("_o", "_f", "_r")
    sums = [F.max_by(F.struct("_o", "_op", "_t"), place).alias("_last"), F.min("_t").alias("_created"),
            F.max(F.when(carrying, F.col("_o"))).alias("_whole")]
    for number, name in enumerate(table.values):
        source = table.derived[name]["source"] if name in table.derived else name
        carries = carrying & ~F.coalesce(F.array_contains("_left", source), F.lit(False))
        sums.append(F.max_by(F.struct(F.col(quoted(name)).alias("v"), F.col("_o").alias("o")), F.when(carries, place)).alias(f"_c{number}"))
    return changes.filter("_op <> 'truncate'").groupBy(*[quoted(name) for name in table.key]).agg(*sums)


def resolved(table, keys, truncate, is_new):
    """What the folded changes of each key and its stored row make together; of stored rows without a change those that a new truncate deletes."""
    stored = table.spark.table(table.path)
    stored = stored.select(*[F.col(quoted(name)).alias(f"_k{n}") for n, name in enumerate(table.key)],
                           F.struct(*[F.col(quoted(name)) for name in [*table.values, *STATE]]).alias("_s"))
    same = [F.col(f"_k{n}") == F.col(quoted(name)) for n, name in enumerate(table.key)]
    rows = keys.join(stored, same, "full" if is_new else "left")
    if is_new: rows = rows.filter(F.col("_last").isNotNull() | (F.col("_s._cdc_order") < F.lit(truncate[0])))
    notes = F.coalesce(F.from_json("_s._cdc_column_orders", "map<string,string>"), F.create_map().cast("map<string,string>"))
    rows = rows.withColumn("_n", F.when(F.col("_s").isNotNull(), notes))
    rows = rows.withColumn("_other", F.coalesce(F.element_at("_n", "*"), F.col("_s._cdc_order")))
    rows = rows.withColumn("_newer", F.col("_last").isNotNull() & (F.col("_s").isNull() | (F.col("_s._cdc_order") < F.col("_last._o"))))
    rows = rows.withColumn("_base", F.when(F.col("_newer"), F.col("_last._o")).otherwise(F.col("_s._cdc_order")))
    gone = F.col("_base") < F.lit(truncate[0]) if truncate else F.lit(False)
    order = F.when(gone, F.lit(truncate[0])).otherwise(F.col("_base")) if truncate else F.col("_base")
    rows = rows.withColumn("_gone", gone).withColumn("_order", order)
    names, orders, values = [*table.values], [], []
    for number, name in enumerate(names):
        carrier = F.col(f"_c{number}")
        known = F.coalesce(F.element_at("_n", table.ids[name]), F.col("_other"))
        fills = carrier.isNotNull() & (F.col("_s").isNull() | (known < carrier["o"]))
        values.append(F.when(fills, carrier["v"]).otherwise(F.col("_s")[name]).alias(name))
        orders.append((table.ids[name], F.when(fills, carrier["o"]).otherwise(F.coalesce(known, F.lit("")))))
    others = F.greatest(F.coalesce(F.col("_other"), F.lit("")), F.coalesce(F.col("_whole"), F.lit("")))
    rows = rows.withColumn("_others", others)
    def entry(name, value, holds): return F.when(holds, F.struct(F.lit(name).alias("k"), value.alias("v")))
    entries = [entry("*", F.col("_others"), F.col("_others") != F.col("_order"))]
    entries += [entry(name, value, value != F.col("_others")) for name, value in orders]
    named = F.filter(F.array(*entries), lambda entry: entry.isNotNull())
    text = F.when(F.size(named) > 0, F.to_json(F.map_from_entries(named)))
    deleted = F.when(F.col("_newer"), F.when(F.col("_last._op") == "delete", micros("_last._t"))).otherwise(F.col("_s.deleted_at"))
    updated = F.when(F.col("_newer"), micros("_last._t")).otherwise(F.col("_s.updated_at"))
    if truncate:
        time = F.timestamp_micros(F.lit(truncate[1]))
        deleted, updated = F.when(F.col("_gone"), time).otherwise(deleted), F.when(F.col("_gone"), time).otherwise(updated)
    return rows.select(
        *[F.coalesce(F.col(quoted(name)), F.col(f"_k{n}")).alias(name) for n, name in enumerate(table.key)], *values,
        F.least(F.col("_s.created_at"), micros("_created")).alias("created_at"), updated.alias("updated_at"), deleted.alias("deleted_at"),
        F.col("_order").alias("_cdc_order"), text.alias("_cdc_column_orders"), F.col("_s"), F.map_contains_key("_n", ">").alias("_linked"))


def versions(table, changes, truncates, is_new):
    """The versions that the changes of each key and those that are stored make together, one after the other; where a truncate is new, those
    of every key. The stored row of a version is its `_s`."""
    new = changes.filter("_op <> 'truncate'")
    stored, note = table.spark.table(table.path), F.map_keys(F.from_json("_cdc_column_orders", "map<string,string>"))
    left = F.filter(F.array(*[F.when(F.array_contains(note, table.ids[name]), F.lit(name)) for name in table.values]), lambda name: name.isNotNull())
    own = [F.col(quoted(name)) for name in [*table.key, *table.values]]
    stored = stored.select(
        *own, F.col("_cdc_order").alias("_o"), F.lit(0).alias("_f"), F.lit(0).cast("bigint").alias("_r"),
        F.when(F.col("deleted_at").isNull(), "update").otherwise("delete").alias("_op"), F.unix_micros("valid_from").alias("_t"),
        left.alias("_left"), F.struct(*[F.col(quoted(name)) for name in [*table.values, *HISTORY]]).alias("_s"))
    if not is_new: stored = stored.join(new.select(*table.key).distinct(), table.key, "left_semi")
    rows = new.select(*own, "_o", "_f", "_r", "_op", "_t", "_left", F.lit(None).cast(stored.schema["_s"].dataType).alias("_s")).unionByName(stored)
    keys = [F.col(quoted(name)) for name in table.key]
    # A change that comes again is the version that the table has.
    rank = F.row_number().over(Window.partitionBy(*keys, "_o").orderBy(F.desc(F.col("_s").isNotNull()), F.desc("_f"), F.desc("_r")))
    rows = rows.withColumn("_rank", rank).filter("_rank = 1")
    window = Window.partitionBy(*keys).orderBy("_o")
    before, is_deleted = window.rowsBetween(Window.unboundedPreceding, 0), F.col("_op") == "delete"
    values, gaps = [], []
    for name in table.values:
        sources = [name, table.derived[name]["source"]] if name in table.derived else [name]
        leaves = F.coalesce(F.arrays_overlap("_left", F.array(*map(F.lit, sources))), F.lit(False))
        carrier = F.when(~is_deleted & ~leaves, F.struct(F.col(quoted(name)).alias("v")))
        values.append(F.last(carrier, ignorenulls=True).over(before)["v"].alias(name))
        gaps.append((table.ids[name], F.when(leaves & ~is_deleted, F.lit(table.ids[name]))))
    gaps = F.filter(F.array(*[gap for _, gap in sorted(gaps, key=lambda gap: gap[0])]), lambda gap: gap.isNotNull())
    text = F.when(F.size(gaps) > 0, F.to_json(F.map_from_entries(F.transform(gaps, lambda gap: F.struct(gap, F.lit(""))))))
    end, next_order = F.lead("_t").over(window), F.lead("_o").over(window)
    if truncates:
        marks = F.array(*[F.struct(F.lit(order).alias("o"), F.lit(time).cast("bigint").alias("t"))
                          for order, time in sorted(truncates.items(), key=lambda mark: mark[0].encode())])
        first = F.element_at(F.filter(marks, lambda mark: mark["o"] > F.col("_o")), 1)
        end = F.when(next_order.isNull() | (first["o"] < next_order), F.coalesce(first["t"], end)).otherwise(end)
    rows = rows.select(*keys, *values, F.col("_o").alias("_cdc_order"), "_t", is_deleted.alias("_gone"), text.alias("_cdc_column_orders"),
                       end.alias("_end"), "_s")
    return rows.select(
        *table.key, *table.values, micros("_t").alias("valid_from"), micros("_end").alias("valid_to"),
        F.when(F.col("_gone"), micros("_t")).alias("deleted_at"), "_cdc_order", "_cdc_column_orders",
        (F.col("_end").isNull() & ~F.col("_gone")).alias("is_current"), "_s", F.lit(False).alias("_linked"))


def micros(name): return F.timestamp_micros(F.col(name))


def merge(table, changes, batch, files):
    """Takes the changes to the table in one snapshot, which has the batch's name."""
    spark, former, keeps_versions = table.spark, table.truncate(), table.mode == "history"
    marks = changes.filter("_op = 'truncate'").orderBy(F.desc("_o")).select("_o", "_t")
    found = [tuple(mark) for mark in (marks.collect() if keeps_versions else marks.take(1))]
    truncate = max(filter(None, [former, *found]), default=None, key=lambda truncate: truncate[0].encode())
    known = table.truncates() if keeps_versions else {}
    truncates = known | dict(found) if keeps_versions else {}
    is_new = truncates != known or truncate != former
    rows = versions(table, changes, truncates, is_new) if keeps_versions else resolved(table, folded(table, changes), truncate, is_new)
    columns = [*table.values, *table.state]
    differs = F.lit(False)
    for name in columns: differs = differs | ~F.col(quoted(name)).eqNullSafe(F.col("_s")[name])
    rows = rows.filter(F.col("_s").isNull() | differs | F.coalesce("_linked", F.lit(False))).persist()
    is_gone = F.col("deleted_at").isNotNull() & (F.col("_s").isNull() | F.col("_s.deleted_at").isNull())
    inserted, updated, deleted, linked = rows.agg(
        F.count(F.when(F.col("_s").isNull() & F.col("deleted_at").isNull(), 1)), F.count(F.when(F.col("_s").isNotNull() & ~is_gone, 1)),
        F.count(F.when(is_gone, 1)), F.count(F.when(F.col("_linked"), 1))).first()
    if linked: raise Fault("rows of former keys give their values to others, which silver-merge merges")
    rows.drop("_s", "_linked").createOrReplaceTempView("cupel_changes")
    # A truncate's mark is not in the snapshot. So it names no batch: after a crash the files are taken again, with the same result.
    summary = {} if is_new else {
        BATCH_ID: batch, "cupel.batch-files": files, "cupel.inserted-rows": inserted, "cupel.updated-rows": updated,
        "cupel.deleted-rows": deleted}
    same = " AND ".join(f"t.{quoted(name)} = c.{quoted(name)}" for name in [*table.key, *(["_cdc_order"] if keeps_versions else [])])
    every = [*table.key, *columns]
    try:
        if inserted + updated + deleted:
            commit(spark, summary, f"MERGE INTO {table.path} t USING cupel_changes c ON {same} WHEN MATCHED THEN UPDATE SET "
                      + ", ".join(f"t.{quoted(name)} = c.{quoted(name)}" for name in columns) + " WHEN NOT MATCHED THEN INSERT ("
                      + ", ".join(map(quoted, every)) + ") VALUES (" + ", ".join(f"c.{quoted(name)}" for name in every) + ")")
        if is_new:
            properties = {"cupel.truncate-order": truncate[0], "cupel.truncate-time": truncate[1]}
            if keeps_versions: properties["cupel.truncates"] = json.dumps(dict(sorted(truncates.items())), separators=(",", ":"))
            texts = [str(text).replace("\\", "\\\\").replace("'", "\\'") for text in properties.values()]
            spark.sql(f"ALTER TABLE {table.path} SET TBLPROPERTIES ("
                      + ", ".join(f"'{name}'='{text}'" for name, text in zip(properties, texts)) + ")")
    finally: rows.unpersist()
    return {"inserted": inserted, "updated": updated, "deleted": deleted}


def commit(spark, summary, statement):
    """Runs a statement whose snapshot has these entries in its summary. Iceberg takes them from around a Callable of Java, which here is the
    method `sql` with its argument."""
    java = spark._jvm.java
    method = java.lang.invoke.MethodHandles.publicLookup().bind(
        spark._jsparkSession, "sql", java.lang.invoke.MethodType.methodType(
            java.lang.Class.forName("org.apache.spark.sql.Dataset", True, spark._jsparkSession.getClass().getClassLoader()),
            java.lang.Class.forName("java.lang.String")))
    bound = spark.sparkContext._gateway.new_array(java.lang.Object, 1)
    bound[0] = statement
    call = java.lang.invoke.MethodHandleProxies.asInterfaceInstance(
        java.lang.Class.forName("java.util.concurrent.Callable"), java.lang.invoke.MethodHandles.insertArguments(method, 0, bound))
    entries = java.util.HashMap()
    for name, value in summary.items(): entries.put(name, str(value))
    spark._jvm.org.apache.iceberg.spark.CommitMetadata.withCommitProperties(
        entries, call, java.lang.Class.forName("java.lang.RuntimeException"))


def run_batch(table, control, bronze, limit):
    """Merges a batch. Returns its outcome, and whether others wait."""
    waiting = control.waiting(limit + 1)
    batch, claimed = Batch(table, bronze), []
    try:
        for item in waiting[:limit]:
            if record := control.claim(item["control_id"]["S"]): claimed.append(record)
        def opened(record):
            try: return record, batch.open(record), None
            except FileFault as fault: return record, None, str(fault)
        with concurrent.futures.ThreadPoolExecutor(8) as pool: found = list(pool.map(opened, claimed))
        for record, place, why in found:
            if place: batch.add(record, place)
            else: fail(control, claimed, record, why)
        rows = None
        while batch.records:
            rows = batch.changes().persist()
            faults = batch.faults(rows)
            if not faults: break
            rows.unpersist()
            for number in sorted(faults, reverse=True):
                fail(control, claimed, batch.records.pop(number), faults[number])
                batch.files.pop(number)
        if not batch.records: return {"outcome": "nothing", "table": table.name}, len(waiting) > limit
        ids = sorted(f"{record['control_id']['S']} {record['attempt_count']['N']}" for record in batch.records)
        name = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
        control.note(name, [record["control_id"]["S"] for record in batch.records])
        changes = batch.all(rows)
        # Another worker may be the table's writer by now; then this commit must not happen.
        if control.lost: raise control.lost
        control.renew()
        try: counts = merge(table, changes, name, len(batch.records))
        except Exception as error:
            if any(kind in str(error) for kind in OVERTAKEN): raise Retry(f"another writer changed the table {table.name} meanwhile") from error
            raise
        for record in batch.records: control.finish(record, name, table.version)
        control.note(None)
        rows.unpersist()
        return {"outcome": "done", "table": table.name, "batch": name, "files": len(batch.records)} | counts, len(waiting) > limit
    except BaseException:
        # A record that is not given back is claimed again all the same: the table has one writer.
        for record in claimed: control.release(record)
        raise


def fail(control, claimed, record, why):
    place = f"s3://{record['bucket']['S']}/{record['object_key']['S']}"
    control.fail(record, f"{place}: {why}")
    claimed.remove(record)
    print(json.dumps({"outcome": "failed", "file": place, "failure": why}), flush=True)


def settle(table, control, begun):
    """Ends the batch of a writer that crashed: its records are finished if their snapshot is there, else they are taken again."""
    if not begun: return
    batch, records = begun
    if table.has(batch):
        for key in records:
            if record := control.claim(key): control.finish(record, batch, table.version)
    control.note(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    parser.add_argument("--control", required=True)
    parser.add_argument("--plan", required=True, type=json.loads)
    parser.add_argument("--catalog", default="lake")
    parser.add_argument("--owner", default=f"spark-{os.getpid()}-{now()}")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--lease-seconds", type=int, default=120)
    parser.add_argument("--max-attempts", type=int, default=3)
    parser.add_argument("--retention-days", type=int, default=0)
    parser.add_argument("--pipeline", help="write metrics of this pipeline, as silver-merge does")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", arguments.table): parser.error(f"'{arguments.table}' is no name of a table")
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    status = 0
    try:
        with tempfile.TemporaryDirectory() as folder: status = run(spark, arguments, pathlib.Path(folder))
    except Exception as error:
        count(arguments, {"MergesInterrupted" if isinstance(error, Retry) else "MergesFailed": 1})
        if not isinstance(error, (Fault, Retry)): raise
        print(json.dumps({"outcome": "failed", "table": arguments.table, "failure": str(error)}), flush=True)
        status = 75 if isinstance(error, Retry) else 1
    finally: spark.stop()
    sys.exit(status)


def count(arguments, metrics):
    """Writes metrics in CloudWatch's embedded format: for the pipeline, and for the table."""
    if not arguments.pipeline: return
    units = {"MergeTime": "Milliseconds"}
    print(json.dumps({"_aws": {"Timestamp": microseconds(now()) // 1000, "CloudWatchMetrics": [{
        "Namespace": "Cupel", "Dimensions": [["Pipeline"], ["Pipeline", "Table"]],
        "Metrics": [{"Name": name, "Unit": units.get(name, "Count")} for name in metrics]}]},
        "Pipeline": arguments.pipeline, "Table": arguments.table} | metrics), flush=True)


def run(spark, arguments, folder):
    # A value that cannot be read is null here, and then a fault of its file. Days before 1582 are as bronze has them.
    for name, value in {"spark.sql.ansi.enabled": "false", "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
                        "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED"}.items(): spark.conf.set(name, value)
    control = Control(arguments.control, arguments.table, arguments.owner, arguments.lease_seconds, arguments.max_attempts,
                      arguments.retention_days)
    begun = control.take()
    if begun is False:
        print(json.dumps({"outcome": "heldByAnother", "table": arguments.table}), flush=True)
        return 75
    try:
        table = Table(spark, arguments.catalog, arguments.table, arguments.plan)
        settle(table, control, begun)
        bronze, more = Bronze(spark, folder), True
        while more:
            begin = time.monotonic()
            outcome, more = run_batch(table, control, bronze, arguments.files)
            print(json.dumps(outcome), flush=True)
            if outcome["outcome"] == "done":
                count(arguments, {"FilesMerged": outcome["files"], "RowsInserted": outcome["inserted"], "RowsUpdated": outcome["updated"],
                                  "RowsDeleted": outcome["deleted"], "MergeTime": int(1000 * (time.monotonic() - begin))})
    finally: control.leave()
    return 0


if __name__ == "__main__": main()
