"""Which operations of each service are answered: every operation of AWS's own models is called, and the emulator's list of them in
Emulator/README.md is compared with what was refused as not emulated.

python3 operations.py ENDPOINT WRITE      writes the list."""
import concurrent.futures, json, os, re, sys

from botocore.exceptions import ClientError

from calls import check, client, raw

readme = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../Emulator/README.md")
# Signing names of the emulator, and the clients of boto3 that use them.
names = {"states": "stepfunctions", "streams.dynamodb": "dynamodbstreams", "monitoring": "cloudwatch"}
# Where a value decides whether a request is emulated, one that is.
samples = {
    ("lambda", "Code"): {"ZipFile": b"x"},
    ("events", "ResourceARN"): "arn:aws:events:us-east-1:000000000000:rule/x",
    ("athena", "ResourceARN"): "arn:aws:athena:us-east-1:000000000000:workgroup/x",
}
begin, end = "<!-- operations -->\n", "<!-- /operations -->\n"


def services():
    """The clients for what the emulator says that it has. Glue's catalog for Iceberg is no service of AWS's SDKs."""
    signed = json.loads(raw("GET", "/_cupel/health")[2])["services"]
    return sorted(names.get(name, name) for name in signed if name != "iceberg.glue")


def value(shape, depth=0):
    """Something that the model accepts: what matters is only who answers."""
    kind = shape.type_name
    if kind == "structure":
        wanted = shape.required_members if depth < 6 else []
        return {name: value(shape.members[name], depth + 1) for name in wanted}
    if kind == "list": return [value(shape.member, depth + 1)] if depth < 6 else []
    if kind == "map": return {}
    if kind == "string": return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    if kind == "blob": return b"x"
    if kind == "boolean": return False
    if kind == "timestamp": return 0
    return shape.metadata.get("min", 1)


def answered(api, name):
    """Whether the operation is emulated, whatever it says to a request that means nothing."""
    model = api.meta.service_model.operation_model(name)
    call = getattr(api, next(method for method, operation in api.meta.method_to_api_mapping.items() if operation == name))
    parameters = value(model.input_shape) if model.input_shape else {}
    for member in parameters:
        parameters[member] = samples.get((api.meta.service_model.service_name, member), parameters[member])
    try:
        call(**parameters)
        return True
    except ClientError as error:
        status, code = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
        return status != 501 and code != "UnknownOperationException"
    except Exception:
        # An answer that this client cannot read is an answer.
        return True


def survey():
    """The operations that are answered, by service."""
    found = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for service in services():
            api = client(service, parameter_validation=False, inject_host_prefix=False)
            every = list(api.meta.service_model.operation_names)
            verdicts = pool.map(lambda name: answered(api, name), every)
            found[service] = [name for name, verdict in zip(every, verdicts) if verdict]
    return found


def table(found):
    rows = [f"| `{service}` | {', '.join(operations)} |\n" for service, operations in found.items()]
    return "| service | operations |\n|---|---|\n" + "".join(rows)


def listed():
    text = open(readme).read()
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", text[text.index(begin):text.index(end)], re.M)
    return {service: operations.split(", ") for service, operations in rows}


@check
def the_list_of_operations_is_what_is_answered():
    found, written = survey(), listed()
    assert found.keys() == written.keys(), f"services: {sorted(found.keys() ^ written.keys())}"
    for service, operations in found.items():
        differing = sorted(set(operations) ^ set(written[service]))
        assert not differing, f"{service}: listed or answered, not both: {differing}; write the list anew"


if len(sys.argv) > 2 and sys.argv[2] == "WRITE":
    text = open(readme).read()
    start = text.index(begin) + len(begin)
    open(readme, "w").write(text[:start] + table(survey()) + text[text.index(end):])
