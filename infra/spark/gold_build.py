#!/usr/bin/env python3
"""Builds models on Spark, for inputs that outgrow gold-build: the same files of infra/models, the same rows, one snapshot each.

    spark-submit gold_build.py --models FOLDER [--catalog NAME] [--location s3://LAKE] [--model dm_gold.NAME ...]
    spark-submit gold_build.py --texts s3://LAKE/models/texts/HASH.json --model dm_gold.NAME …      one that was published

FOLDER holds silver/ and gold/, as infra/models does; it may be in S3 (s3://bucket/models). gold.asl.json runs the second form, or the
first, for what outgrows a task, with --expect HASH: another text than the one that gold-build has read is refused. NAME is the Iceberg catalog that spark-submit
configures (spark.sql.catalog.NAME…), `lake` unless given. A table that is not there is made below --location, where gold-build makes it. Without --model all are built, each after those that it reads. A model whose
text, contract and inputs are as at its last build is left alone, whichever engine did that. Needs PyYAML beside Spark, and boto3 for texts in S3.

Rows are checked against the contract before the commit: required columns, the primary key, unique columns, logicalTypeOptions,
validValues, and the library's rules of the severity `error`. A pattern is Java's. A model that fails ends none of the others. Prints one JSON
line a model.
"""
import argparse, hashlib, json, pathlib, re, sys

import yaml
from pyspark.sql import SparkSession, functions as F

TYPES = {"int": "int", "integer": "int", "bigint": "bigint", "long": "bigint", "double": "double", "float": "float", "string": "string",
         "boolean": "boolean", "date": "date", "timestamptz": "timestamp", "timestamp": "timestamp"}
LOGICAL = {"integer": "bigint", "number": "double", "string": "string", "boolean": "boolean", "date": "date", "timestamp": "timestamp"}


class Model:
    """One statement, and the contract of its rows."""

    def __init__(self, name, sql, contract):
        self.name, self.sql, self.contract = name, sql, yaml.safe_load(contract)
        self.hash = hashlib.sha256(sql.encode() + b"\0" + contract.encode()).hexdigest()[:32]
        words = re.sub(r"--[^\n]*|/\*.*?\*/|'[^']*'", " ", sql, flags=re.S)
        found = re.findall(r'(?<![\w.])"?(dm_\w+)"?\s*\.\s*"?(\w+)"?', words, flags=re.I)
        self.inputs = list(dict.fromkeys(f"{schema}.{table}".lower() for schema, table in found))
        self.table = self.contract["schema"][0]
        self.columns = self.table["properties"]

    def type_of(self, column):
        physical = (column.get("physicalType") or "").lower()
        return TYPES.get(physical) or (physical if physical.startswith("decimal") else LOGICAL[column["logicalType"]])

    @property
    def key(self):
        keys = [column for column in self.columns if column.get("primaryKey")]
        return [column["name"] for column in sorted(keys, key=lambda column: column.get("primaryKeyPosition", 0))]

    @property
    def partitions(self):
        parts = [column for column in self.columns if column.get("partitioned")]
        return [column["name"] for column in sorted(parts, key=lambda column: column.get("partitionKeyPosition", 0))]

    @property
    def rules(self):
        own = [(None, rule) for rule in self.table.get("quality", [])]
        return own + [(column["name"], rule) for column in self.columns for rule in column.get("quality", [])]


def read_texts(place):
    """The texts below a folder, or of one object, by their paths."""
    if not place.startswith("s3://"):
        return {str(path): path.read_text() for layer in ("silver", "gold") for path in sorted((pathlib.Path(place) / layer).glob("*.*"))}
    import boto3

    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    s3, texts = boto3.client("s3"), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if not item["Key"].endswith((".sql", ".odcs.yaml", ".json")): continue
            texts[item["Key"]] = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
    return texts


def read_published(place, name):
    """One model of an object that `cupel model publish` has written."""
    texts = read_texts(place)
    if not texts: raise SystemExit(f"{place} is not there; publish the model again: cupel model publish")
    published = json.loads(next(iter(texts.values())))
    return [Model(name, published["sql"], published["contract"])]


def read_models(folder):
    """All models, each after those that it reads."""
    texts = read_texts(folder.rstrip("/") + "/")
    waiting = {}
    for path, text in texts.items():
        if not path.endswith(".sql"): continue
        layer, table = path[:-len(".sql")].split("/")[-2:]
        if layer not in ("silver", "gold"): continue
        name = f"dm_{layer}.{table}"
        waiting[name] = Model(name, text, texts[path[:-len(".sql")] + ".odcs.yaml"])
    ordered = []
    while waiting:
        ready = sorted(name for name, model in waiting.items() if not set(model.inputs) & waiting.keys())
        if not ready: raise SystemExit(f"models read each other in a circle: {', '.join(sorted(waiting))}")
        ordered += [waiting.pop(name) for name in ready]
    return ordered


def current_snapshot(spark, catalog, table):
    """(its id, its summary), or None if the table is not there or empty of snapshots."""
    if not spark.catalog.tableExists(f"{catalog}.{table}"): return None
    rows = spark.sql(f"SELECT s.snapshot_id, s.summary FROM {catalog}.{table}.refs r JOIN {catalog}.{table}.snapshots s "
                     "ON s.snapshot_id = r.snapshot_id WHERE r.name = 'main'").collect()
    return (str(rows[0][0]), rows[0][1]) if rows else None


def broken(model, rows):
    """What the rows break of the contract; None if nothing. All that can be counted row by row is counted in one pass."""
    required = [c["name"] for c in model.columns if c.get("required") or c.get("primaryKey")]
    checks = [(f"column {name} is required and has no value in {{}} rows", F.col(name).isNull()) for name in required]
    for column in model.columns:
        if violation := excluded(column["name"], constraints(column), model.type_of(column)):
            checks.append((f"column {column['name']} has values that its logicalTypeOptions or validValues exclude in {{}} rows",
                           F.expr(violation)))
    rules = []
    for column, rule in model.rules:
        if rule.get("severity") != "error": continue
        metric, arguments = rule.get("metric"), rule.get("arguments") or {}
        condition = None
        if metric == "nullValues" and column: condition = F.col(column).isNull()
        elif metric == "missingValues" and column:
            texts = [str(value) for value in arguments.get("missingValues", []) if value is not None]
            condition = F.col(column).isNull() | F.col(column).cast("string").isin(texts)
        elif metric == "invalidValues" and column:
            kind = next(model.type_of(c) for c in model.columns if c["name"] == column)
            condition = F.expr(excluded(column, arguments, kind) or "false")
        elif metric not in ("rowCount", "duplicateValues"):
            raise ValueError(f"the rule {rule.get('name', metric)} of {metric} is not measured on Spark; build it by gold-build")
        rules.append((column, rule, condition))
    counted = [condition for _, condition in checks] + [condition for *_, condition in rules if condition is not None]
    numbers = rows.agg(F.count(F.lit(1)), *[F.count(F.when(condition, 1)) for condition in counted]).first()
    total, counts = numbers[0], iter(numbers[1:])
    for reason, _ in checks:
        if count := next(counts): return reason.format(count)
    if model.key and (twice := rows.groupBy(*model.key).count().where("count > 1").first()):
        return f"rows share a primary key, such as {[twice[name] for name in model.key]}"
    for column in model.columns:
        if column.get("unique") and not column.get("primaryKey") and (count := repeats(rows, [column["name"]])):
            return f"column {column['name']} is unique and has values of other rows in {count} rows"
    for column, rule, condition in rules:
        if condition is not None: measured = next(counts)
        elif rule["metric"] == "rowCount": measured = total
        else: measured = repeats(rows, [column] if column else (rule.get("arguments") or {}).get("properties", []))
        if rule.get("unit") == "percent": measured = 100 * measured / total if total else 0
        if not holds(rule, measured): return f"rule {rule.get('name', rule['metric'])} measures {measured}"
    return None


def repeats(rows, names):
    """Rows whose values an earlier row has; nulls never count."""
    present = rows.dropna(subset=names)
    return present.count() - present.select(*names).distinct().count()


def constraints(column):
    own = {p["property"]: p["value"] for p in column.get("customProperties", [])}
    return (column.get("logicalTypeOptions") or {}) | ({"validValues": own["validValues"]} if "validValues" in own else {})


def excluded(name, options, kind):
    """The condition, in SQL, of values that constraints exclude; None if there are none. Nulls satisfy all of them."""
    value = f"`{name}`"
    def text(literal): return "'" + str(literal).replace("\\", "\\\\").replace("'", "\\'") + "'"
    def typed(literal): return f"CAST({text(literal)} AS {kind})"
    found = [f"{value} {sign} {typed(options[option])}" for option, sign in
             (("minimum", "<"), ("exclusiveMinimum", "<="), ("maximum", ">"), ("exclusiveMaximum", ">=")) if option in options]
    if "multipleOf" in options: found.append(f"{value} % {int(options['multipleOf'])} <> 0")
    if "minLength" in options: found.append(f"length({value}) < {int(options['minLength'])}")
    if "maxLength" in options: found.append(f"length({value}) > {int(options['maxLength'])}")
    if "pattern" in options: found.append(f"NOT ({value} RLIKE {text(options['pattern'])})")
    if "validValues" in options:
        values = options["validValues"] if isinstance(options["validValues"], list) else [options["validValues"]]
        found.append(f"{value} NOT IN ({', '.join(map(typed, values))})")
    return f"({' OR '.join(found)})" if found else None


def holds(rule, value):
    comparisons = {
        "mustBe": lambda x: value == x, "mustNotBe": lambda x: value != x, "mustBeGreaterThan": lambda x: value > x,
        "mustBeGreaterOrEqualTo": lambda x: value >= x, "mustBeLessThan": lambda x: value < x, "mustBeLessOrEqualTo": lambda x: value <= x,
        "mustBeBetween": lambda x: x[0] <= value <= x[1], "mustNotBeBetween": lambda x: not x[0] <= value <= x[1]}
    return all(check(rule[name]) for name, check in comparisons.items() if name in rule)


def build(spark, catalog, model, location):
    inputs = {}
    for table in model.inputs:
        snapshot = current_snapshot(spark, catalog, table)
        if not snapshot: return {"outcome": "waiting", "for": table}
        inputs[table] = snapshot[0]
    source = {"model": model.hash, "inputs": dict(sorted(inputs.items()))}
    target = f"{catalog}.{model.name}"
    stored = current_snapshot(spark, catalog, model.name)
    if stored and json.loads(stored[1].get("cupel.model", "null")) == source: return {"outcome": "unchanged"}
    typed = [f"CAST(`{column['name']}` AS {model.type_of(column)}) AS `{column['name']}`" for column in model.columns]
    rows = spark.sql(model.sql).selectExpr(*typed).persist()
    if reason := broken(model, rows): return {"outcome": "failed", "failure": f"the result breaks its contract: {reason}"}
    if not spark.catalog.tableExists(target):
        if not location: return {"outcome": "failed", "failure": f"{model.name} is not there; say with --location where the lake is"}
        namespace, table = model.name.split(".")
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {catalog}.{namespace}")
        place = f"{location.rstrip('/')}/{namespace.removeprefix('dm_')}/{table}"
        required = {c["name"] for c in model.columns if c.get("required") or c.get("primaryKey")}
        columns = ", ".join(f"`{c['name']}` {model.type_of(c)}{' NOT NULL' if c['name'] in required else ''}" for c in model.columns)
        parts = f" PARTITIONED BY ({', '.join(model.partitions)})" if model.partitions else ""
        spark.sql(f"CREATE TABLE {target} ({columns}) USING iceberg{parts} LOCATION '{place}' TBLPROPERTIES ('format-version'='2')")
    # One snapshot takes the place of all rows, and says what it was made from, so that gold-build knows it, too.
    writer = rows.writeTo(target).option("snapshot-property.cupel.model", json.dumps(source)).option("check-nullability", "false")
    writer.overwrite(F.lit(True))
    count = rows.count()
    rows.unpersist()
    return {"outcome": "built", "rows": count}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    places = parser.add_mutually_exclusive_group(required=True)
    places.add_argument("--models")
    places.add_argument("--texts")
    parser.add_argument("--expect")
    parser.add_argument("--catalog", default="lake")
    parser.add_argument("--location")
    parser.add_argument("--model", action="append", default=[])
    arguments = parser.parse_args()
    if (arguments.texts or arguments.expect) and len(arguments.model) != 1: parser.error("--texts and --expect are for one --model")
    models = read_published(arguments.texts, arguments.model[0]) if arguments.texts else read_models(arguments.models)
    unknown = set(arguments.model) - {model.name for model in models}
    if unknown: raise SystemExit(f"there is no model {', '.join(sorted(unknown))}; there are {', '.join(model.name for model in models)}")
    if arguments.expect:
        found = next(model.hash for model in models if model.name == arguments.model[0])
        if found != arguments.expect:
            raise SystemExit(f"{arguments.texts or arguments.models} has another text of {arguments.model[0]} than gold-build: {found}, "
                             f"not {arguments.expect}; `make deploy` puts the package's models there")
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.sql(f"USE {arguments.catalog}")
    failed = set()
    for model in models:
        if arguments.model and model.name not in arguments.model: continue
        try:
            outcome = build(spark, arguments.catalog, model, arguments.location) if not failed & set(model.inputs) else {"outcome": "heldUp"}
        except Exception as error:
            outcome = {"outcome": "failed", "failure": str(error).split("\n")[0]}
        if outcome["outcome"] in ("failed", "heldUp"): failed.add(model.name)
        print(json.dumps({"model": model.name} | outcome), flush=True)
    spark.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__": main()
