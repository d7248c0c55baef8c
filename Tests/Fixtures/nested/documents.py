"""Random nested documents, and a contract that they keep. Everything follows from the seed."""

import csv
import gzip
import json
import random
import uuid

SCALARS = [
    ("integer", "bigint"), ("integer", "int"), ("integer", "utinyint"), ("integer", "ubigint"), ("number", "double"),
    ("number", "decimal(12,3)"), ("number", "decimal(30,6)"), ("boolean", "boolean"), ("string", "string"),
    ("date", "date"), ("timestamp", "timestamp"), ("timestamp", "datetime(3)"), ("time", "time"), ("string", "uuid"),
    ("string", "json"),
]
TEXTS = ["", "a", "Weißbier", "東京", "line\nbreak", 'say "x"', "back\\slash", "\t", "🍺", "null", "{}", "comma, comma"]

# Every way to keep nested data, in one table.
EVERYTHING = [
    {"name": "id", "logicalType": "integer", "required": True},
    {"name": "address", "logicalType": "object", "customProperties": [{"property": "layout", "value": "flatten"}],
     "properties": [
         {"name": "city", "logicalType": "string"},
         {"name": "geo", "logicalType": "object", "customProperties": [{"property": "layout", "value": "flatten"}],
          "properties": [{"name": "lat", "logicalType": "number"}, {"name": "lon", "logicalType": "number"}]}]},
    {"name": "person", "logicalType": "object", "properties": [
        {"name": "name", "logicalType": "string", "required": True},
        {"name": "home", "logicalType": "object", "properties": [{"name": "zip", "logicalType": "string"}]}]},
    {"name": "orders", "logicalType": "array", "items": {"logicalType": "object", "properties": [
        {"name": "price", "logicalType": "number", "physicalType": "decimal(12,3)"},
        {"name": "tags", "logicalType": "array", "items": {"logicalType": "string", "required": True}}]}},
    {"name": "scores", "logicalType": "array", "required": True, "items": {"logicalType": "integer"}},
    {"name": "matrix", "logicalType": "array", "items": {
        "logicalType": "array", "items": {"logicalType": "number", "physicalType": "double"}}},
    {"name": "payload", "logicalType": "object", "physicalType": "json"},
    {"name": "history", "logicalType": "array", "physicalType": "json"},
]


def is_flattened(prop):
    return any(p["property"] == "layout" for p in prop.get("customProperties", []))


def is_text(prop):
    return prop.get("physicalType") == "json"


class Documents:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def contract(self, properties):
        return {
            "apiVersion": "v3.1.0", "kind": "DataContract", "id": "nested", "version": "1.0.0", "status": "draft",
            "schema": [{"name": "nested", "logicalType": "object", "properties": properties}],
        }

    # A schema

    def properties(self):
        fields = [self.property(f"c{number}", 0, True) for number in range(self.random.randint(1, 6))]
        return [{"name": "id", "logicalType": "integer", "required": True}] + fields

    def property(self, name, depth, may_flatten):
        kind = self.random.choice(["object", "array", "scalar"] if depth < 4 else ["scalar"])
        prop = {"name": name} if name else {}
        if kind == "scalar":
            prop["logicalType"], prop["physicalType"] = self.random.choice(SCALARS)
        elif kind == "array":
            prop["logicalType"] = "array"
            prop["items"] = self.property(None, depth + 1, False)
        else:
            prop["logicalType"] = "object"
            flattens = may_flatten and self.random.random() < 0.4
            if flattens:
                prop["customProperties"] = [{"property": "layout", "value": "flatten"}]
            prop["properties"] = [
                self.property(f"f{number}", depth + 1, flattens) for number in range(self.random.randint(1, 4))
            ]
        if not may_flatten and self.random.random() < 0.2:
            prop["required"] = True
        return prop

    # A document, as text: Python's writer would not write all that JSON allows

    def space(self):
        return self.random.choice(["", "", "", " ", "  ", "\t"])

    def document(self, number, properties):
        return self.object([{"name": "id", "required": True, "number": number}] + properties[1:])

    def object(self, properties):
        members = []
        for prop in self.random.sample(properties, len(properties)):
            if not prop.get("required") and self.random.random() < 0.15:
                continue
            if not is_flattened(prop) and self.random.random() < 0.05:  # the last of repeated keys counts
                members.append(f"{self.key(prop['name'])}:{self.value(prop)}")
            members.append(f"{self.space()}{self.key(prop['name'])}{self.space()}:{self.space()}{self.value(prop)}")
        if self.random.random() < 0.1:
            members.insert(self.random.randint(0, len(members)), f'"u{self.random.randint(0, 2)}":{self.anything(2)}')
        return "{" + f"{self.space()},".join(members) + self.space() + "}"

    def key(self, name):
        if self.random.random() < 0.05:
            return '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'
        return json.dumps(name)

    def value(self, prop):
        if "number" in prop:
            return str(prop["number"])
        if not prop.get("required") and self.random.random() < 0.15:
            return "null"
        if prop["logicalType"] == "object":
            return self.random_object() if is_text(prop) else self.object(prop["properties"])
        if prop["logicalType"] == "array":
            count = self.random.choice([0, 1, 2, 3, 12])
            if is_text(prop):
                return "[" + ",".join(self.anything(2) for _ in range(count)) + "]"
            return "[" + f"{self.space()},".join(self.space() + self.value(prop["items"]) for _ in range(count)) + "]"
        return self.scalar(prop["logicalType"], prop.get("physicalType"))

    def scalar(self, logical, physical):
        choose, between = self.random.choice, self.random.randint
        match physical or logical:
            case "bigint" | "integer":
                return str(choose([0, 7, -1, 2**63 - 1, -(2**63), between(-(10**12), 10**12)]))
            case "int":
                return str(choose([0, 2**31 - 1, -(2**31), between(-99, 99)]))
            case "utinyint":
                return str(between(0, 255))
            case "ubigint":
                return str(choose([0, 2**64 - 1, between(0, 2**63)]))
            case "double" | "number":
                return choose([repr(self.random.uniform(-1e6, 1e6)), "0.1", "-0.0", "1e-300", "1E+30", "5", "1.0"])
            case "decimal(12,3)":
                return choose(["0", "1.5", "-999999999.999", f"{between(-(10**6), 10**6)}.{between(0, 999):03}000"])
            case "decimal(30,6)":
                return choose(["0.000001", "-123456789012345678901234.567890", f'"{between(0, 10**23)}.5"'])
            case "boolean":
                return choose(["true", "false"])
            case "date":
                return f'"{between(1, 9999):04}-{between(1, 12):02}-{between(1, 28):02}"'
            case "timestamp":
                day = f"{between(1900, 2100)}-{between(1, 12):02}-{between(1, 28):02}"
                fraction = choose(["", ".5", f".{between(0, 999999):06}"])
                return f'"{day}T{between(0, 23):02}:{between(0, 59):02}:09{fraction}{choose(["", "Z", "+02:00"])}"'
            case "datetime(3)":
                return f'"{between(1900, 2100)}-{between(1, 12):02}-01 23:59:59.{between(0, 999):03}"'
            case "time":
                return f'"{between(0, 23):02}:{between(0, 59):02}:{between(0, 59):02}.{between(0, 999999):06}"'
            case "uuid":
                return f'"{uuid.UUID(int=self.random.getrandbits(128))}"'
            case "json":
                return choose([self.random_object(), "[]", "12.50", "true", '"[1, 2]"'])
            case _:
                return json.dumps(choose(TEXTS), ensure_ascii=choose([True, False]))

    def random_object(self):
        members = [f'"k{number}"{self.space()}:{self.anything(2)}' for number in range(self.random.randint(0, 3))]
        return "{" + ",".join(members) + "}"

    def anything(self, depth):
        if depth and self.random.random() < 0.3:
            return "[" + ",".join(self.space() + self.anything(depth - 1) for _ in range(self.random.randint(0, 3))) + "]"
        if depth and self.random.random() < 0.3:
            return '{"x":' + self.anything(depth - 1) + self.space() + ',"y":null}'
        return self.random.choice(["1", "1.00", "-1e400", "true", "null", '"a b"', '"\\u00e9\\n"', "[]", "{}"])


def columns(properties, path=()):
    """The table's columns: (name, path of keys, property)."""
    for prop in properties:
        here = path + (prop["name"],)
        if is_flattened(prop):
            yield from columns(prop["properties"], here)
        else:
            yield "_".join(here), here, prop


def generate(seed, count, folder):
    documents = Documents(seed)
    properties = EVERYTHING if seed == 0 else documents.properties()
    with open(f"{folder}/nested.odcs.yaml", "w") as file:
        json.dump(documents.contract(properties), file, indent=1)
    lines = [documents.document(number, properties) for number in range(count)]
    with gzip.open(f"{folder}/nested.json.gz", "wt", encoding="utf-8", newline="") as file:
        file.write("\n".join(lines) + "\n")
    # The same rows as CSV, structs and lists as JSON text in their fields.
    with gzip.open(f"{folder}/nested.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        names = list(columns(properties))
        writer.writerow([name for name, _, _ in names])
        for line in lines:
            writer.writerow([csv_field(parse(line), path, prop) for _, path, prop in names])


class Number(str):
    """A number by its digits."""


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def at(value, path):
    for key in path:
        value = value.get(key) if value else None
    return value


def csv_field(document, path, prop):
    value = at(document, path)
    if value is None:
        return ""
    if isinstance(value, (dict, list)) or (is_text(prop) and not isinstance(value, str)):
        return write(value, indent=True)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def write(value, indent=False):
    """JSON with the digits of numbers kept."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        gap = "\n  " if indent else ""
        return "{" + ",".join(f"{gap}{json.dumps(key)}: {write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(write(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
