"""Walks the console's description: every operation with right, wrong and hostile requests, and requests without a token.

    console_api.py ENDPOINT

Every answer must be JSON, of a status that the description has, and never 500. Prints what was found wrong.
"""
import json
import random
import sys
import urllib.error
import urllib.parse
import urllib.request

endpoint = sys.argv[1]
base = endpoint + "/console/api"
chance = random.Random(18)
HOSTILE = ["", "\0", "'", "\"><script>", "../../etc/passwd", "%", "é" * 300, "a" * 5000, "-1", "1e9", "null", "{}", "😀", "raw/%2F/..", "arn:aws:states:us-east-1:0:execution:x:y"]
problems = []


def send(method, path, query=None, body=None, headers=None):
    address = base + path + ("?" + urllib.parse.urlencode(query) if query else "")
    request = urllib.request.Request(address, method=method, headers=headers or {})
    if body is not None:
        request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def check(operation, what, answer):
    status, headers, body = answer
    place = f"{operation.get('operationId')}, {what}: {status} {body[:200]}"
    if str(status) not in operation["responses"]:
        problems.append(f"a status that is not described: {place}")
    if headers.get("Content-Type") != "application/json":
        problems.append(f"no JSON: {place}")
        return
    document = json.loads(body)
    if status >= 400 and not isinstance(document.get("error"), str):
        problems.append(f"an error without its text: {place}")
    if "default-src 'none'" not in headers.get("Content-Security-Policy", ""):
        problems.append(f"no policy: {place}")


def value(schema):
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema["type"] == "integer":
        return chance.randint(schema["minimum"], min(schema["maximum"], schema["minimum"] + 1000))
    return {"string": "beer", "boolean": True, "array": ["beer"]}[schema["type"]]


description = json.loads(send("GET", "/openapi.json")[2])
token = json.loads(send("GET", "/session")[2])["token"]
allowed = {"X-Cupel-Token": token}
seen = 0
for path, operations in description["paths"].items():
    for method, operation in operations.items():
        method = method.upper()
        parameters = operation.get("parameters", [])
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        right = {name: value(schema) for name, schema in (body or {}).get("properties", {}).items()} if body else None

        def call(query=None, given=right, names=None, headers=allowed):
            global seen
            seen += 1
            place = path
            for parameter in parameters:
                if parameter["in"] == "path":
                    text = (names or {}).get(parameter["name"], "beer")
                    place = place.replace("{" + parameter["name"] + "}", urllib.parse.quote(text, safe=""))
            needed = {p["name"]: "bronze-writer" for p in parameters if p["in"] == "query" and p["required"]}
            return send(method, place, {**needed, **(query or {})}, given, headers)

        if method == "POST":
            status = call(headers={})[0]
            if status != 403:
                problems.append(f"{path}: {status} without a token")
        check(operation, "right", call())
        for parameter in parameters:
            name = parameter["name"]
            if parameter["in"] == "query":
                check(operation, name, call({name: value(parameter["schema"])}))
            for text in HOSTILE:
                if parameter["in"] == "path" and not text:
                    continue
                answer = call({name: text}) if parameter["in"] == "query" else call(names={name: text})
                check(operation, f"{name}={text[:30]!r}", answer)
        if method == "GET" and path not in ["/session"]:
            status = call({"no_such_parameter": "1"})[0]
            if status != 400:
                problems.append(f"{path}: {status} for an unknown parameter")
        for wrong in [[], "x", 1, {"no_such_member": 1}, b"{", b"\xff", b""] if body else []:
            status = call(given=wrong)[0]
            if status != 400:
                problems.append(f"{path}: {status} for the body {wrong!r}")
        for member in (right or {}):
            for text in HOSTILE:
                check(operation, f"{member}={text[:30]!r}", call(given={**right, member: text}))
                check(operation, f"{member} of another type", call(given={**right, member: [{}]}))
print(f"{seen} requests")
print(*problems, sep="\n")
sys.exit(1 if problems or seen < 200 else 0)
