#!/usr/bin/env python3
"""Commits to Iceberg tables by raw HTTP while the emulator is killed. Prints one JSON document.

    commits.py ENDPOINT write MARK    commits until the emulator stops answering: {"single": [PROPERTY…], "both": [PROPERTY…]};
                                      makes the file MARK once a commit is accepted
    commits.py ENDPOINT read          {"single": [PROPERTY…], "left": [PROPERTY…], "right": [PROPERTY…]}

Each commit sets a property that no other sets. `single` is changed alone, `left` and `right` by transactions of both.
"""
import concurrent.futures, http.client, json, sys, urllib.error, urllib.request, uuid

endpoint, command = sys.argv[1].rstrip("/"), sys.argv[2]
catalog = f"{endpoint}/iceberg/v1/catalogs/000000000000/"
schema = {"type": "struct", "fields": [{"id": 1, "name": "a", "required": False, "type": "long"}]}


def send(method, path, body=None):
    request = urllib.request.Request(catalog + path, None if body is None else json.dumps(body).encode(), method=method)
    try:
        with urllib.request.urlopen(request, timeout=600) as answer: return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error: return error.code, json.loads(error.read() or "null")


def sets(name): return {"requirements": [], "updates": [{"action": "set-properties", "updates": {name: "x"}}]}


def both(name):
    changes = [{"identifier": {"namespace": ["commits"], "name": table}, **sets(name)} for table in ("left", "right")]
    return send("POST", "transactions/commit", {"table-changes": changes})[0] == 204


def single(name): return send("POST", "namespaces/commits/tables/single", sets(name))[0] == 200


def until_refused(commit):
    accepted = []
    while True:
        name = uuid.uuid4().hex
        try: done = commit(name)
        except (OSError, ValueError, http.client.HTTPException): return accepted
        if done:
            accepted.append(name)
            open(sys.argv[3], "w").close()


def prepare():
    """Creates what is not there yet; a kill may have left any part of it. The template has the bucket."""
    send("POST", "namespaces", {"namespace": ["commits"]})
    for table in ("single", "left", "right"):
        send("POST", "namespaces/commits/tables", {"name": table, "location": f"s3://commits/{table}", "schema": schema})


if command == "write":
    accepted = {"single": [], "both": []}
    try: prepare()
    except Exception: pass          # killed already
    else:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            writers = [(kind, pool.submit(until_refused, commit)) for kind, commit in (
                ("single", single), ("single", single), ("both", both), ("both", both))]
            for kind, writer in writers: accepted[kind] += writer.result()
    print(json.dumps(accepted))
else:
    prepare()
    print(json.dumps({table: sorted(send("GET", f"namespaces/commits/tables/{table}")[1]["metadata"]["properties"])
                      for table in ("single", "left", "right")}))
