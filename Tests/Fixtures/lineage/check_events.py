"""check_events.py FILE: reads events of OpenLineage, one a line, as its own client's classes; prints {"events": how many}.

The classes are made from the specification's JSON schemas. One that lacks a member, has one that is not there, or an id or time that
is none, ends this with an error, as does an address of a schema that is not the class's own.
"""
import importlib, json, re, sys

import attr
from openlineage.client import event_v2, facet_v2  # noqa: F401: they load all facets
from openlineage.client.generated import base

FOLDER = "openlineage.client.generated."
MODULES = {"schema": "schema_dataset", "columnLineage": "column_lineage_dataset", "version": "dataset_version_dataset", "sql": "sql_job",
           "jobType": "job_type_job", "errorMessage": "error_message_run", "outputStatistics": "output_statistics_output_dataset"}


def class_of(name, facet):
    found = re.fullmatch(r"https://openlineage\.io/spec/facets/(\d+)-\d+-\d+/(\w+)\.json#/\$defs/(\w+)", facet["_schemaURL"])
    assert found and found[2] == found[3], facet["_schemaURL"]
    kind = getattr(importlib.import_module(FOLDER + MODULES[name]), found[2])
    major = re.search(r"/facets/(\d+)-", kind._get_schema())[1]
    assert major == found[1], (facet["_schemaURL"], kind._get_schema())
    return kind


def made(kind, value):
    """An object of a class, from JSON: members that the class lacks are errors, and those that it has are of its types."""
    types = importlib.import_module(kind.__module__).__dict__ | {"Any": object}
    fields = {field.name.lstrip("_"): field for field in attr.fields(kind)}
    members = {}
    for name, inner in value.items():
        field = fields[name.lstrip("_")]
        if name == "_schemaURL" or name == "schemaURL": continue
        members[name.lstrip("_")] = converted(str(field.type), inner, types)
    return kind(**members)


def converted(type, value, types):
    type = type.replace(" | None", "").strip()
    if found := re.fullmatch(r"list\[(\w+)\]", type): return [converted(found[1], part, types) for part in value]
    if found := re.fullmatch(r"dict\[str, (\w+)\]", type):
        if found[1].endswith("Facet"): return {name: made(class_of(name, part), part) for name, part in value.items()}
        return {name: converted(found[1], part, types) for name, part in value.items()}
    plain = {"str": str, "int": int, "bool": bool}.get(type)
    if plain:
        assert isinstance(value, plain), (type, value)
        return value
    if type == "EventType": return base.EventType(value)
    return made(types[type], value)


events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for event in events:
    assert event["schemaURL"] == base.RunEvent._get_schema(), event["schemaURL"]
    run = made(base.RunEvent, event)
    assert run.eventType and run.run.runId and run.job.name and run.outputs
print(json.dumps({"events": len(events)}))
