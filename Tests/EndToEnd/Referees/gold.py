#!/usr/bin/env python3
"""Says what the models' tables must be, and reads what they are with pyiceberg. Prints one JSON document.

    gold.py ENDPOINT make FOLDER SEED     writes raw files of a first state and of changes of it, and what the rows are after
                                          each; -> {"first": [[KEY, FILE]…], "changes": [[KEY, FILE]…]}
    gold.py ENDPOINT build                starts the state machine and waits; -> {"models": [...]}
    gold.py ENDPOINT follow               starts silver's state machine and waits for what it starts; -> {"models": [...]}
    gold.py ENDPOINT check FOLDER STATE   computes every model from the rows of STATE (first, changes) in SQLite, from statements of
                                          its own, and compares; -> {"rows": {MODEL: n}, "snapshots": {MODEL: n}}
"""
import csv, gzip, json, os, random, sqlite3, sys, time

import boto3
from botocore.config import Config
from pyiceberg.catalog import load_catalog

endpoint, command, *arguments = sys.argv[1:]
COLUMNS = {
    "beer": ["beer_id", "brewery_id", "beer_name", "beer_style", "beer_abv"], "brewery": ["brewery_id", "brewery_name"],
    "profile": ["profile_id", "profile_name", "email", "state"],
    "review": ["review_id", "brewery_id", "beer_id", "profile_id", "review_overall", "review_aroma", "review_appearance",
               "review_palate", "review_taste", "review_time"]}
RATINGS = COLUMNS["review"][4:9]
JOINED = """review r LEFT JOIN beer b ON b.beer_id = r.beer_id LEFT JOIN brewery w ON w.brewery_id = r.brewery_id
            LEFT JOIN profile p ON p.profile_id = r.profile_id"""
YEAR, MONTH = (f"CAST(strftime('{form}', r.review_time, 'unixepoch') AS INTEGER)" for form in ("%Y", "%m"))


def grouped(columns, values, having=""):
    return f"SELECT {columns}, {YEAR}, {MONTH}, {values} FROM {JOINED} WHERE r.deleted = 0 GROUP BY {columns}, {YEAR}, {MONTH} {having}"


ENOUGH, MEAN, COUNT = "HAVING COUNT(*) >= 25", "AVG(r.review_overall)", "COUNT(*)"
EXPECTED = {
    "dm_silver.review_flat": f"""SELECT r.review_id, r.brewery_id, r.beer_id, r.profile_id, w.brewery_name, b.beer_name, b.beer_style, b.beer_abv,
        p.profile_name, p.state, {", ".join("r." + name for name in RATINGS)}, r.review_time, {YEAR}, {MONTH}, r.deleted FROM {JOINED}""",
    "dm_gold.top_beers_by_rating": grouped("r.beer_id, b.beer_name, b.beer_style", f"{MEAN}, {COUNT}", ENOUGH),
    "dm_gold.top_breweries_by_rating": grouped("r.brewery_id, w.brewery_name", f"{MEAN}, {COUNT}", ENOUGH),
    "dm_gold.top_drinkers": grouped("r.profile_id, p.profile_name, p.state", f"{COUNT}, {MEAN}"),
    "dm_gold.top_styles_by_popularity": grouped("b.beer_style", f"{COUNT}, {MEAN}", ENOUGH),
    "dm_gold.state_by_review_volume": grouped("p.state", COUNT)}


def make(folder, seed):
    chance = random.Random(int(seed))
    styles, states, names = ["IPA", "Stout", "Pils", None], ["NY", "CA", "OH", None], "Ab Cé Dü E'f".split()
    rows = {
        "beer": {i: [i, 1 + i % 4, f"{chance.choice(names)} {i}", chance.choice(styles), chance.choice([4.5, 5.0, None])] for i in range(1, 16)},
        "brewery": {i: [i, f"Brewery {i}"] for i in range(1, 5)},
        "profile": {i: [i, f"Drinker {i}", f"d{i}@example.com", chance.choice(states)] for i in range(1, 21)},
        "review": {i: review(i, chance) for i in range(1, 3001)}}
    answer = {"first": [], "changes": []}
    for table, all_rows in rows.items():
        path = f"{folder}/{table}.csv.gz"
        with gzip.open(path, "wt", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[table])
            writer.writerows(["" if value is None else value for value in row] for row in all_rows.values())
        answer["first"].append([f"raw/{table}/{table}.csv.gz", path])
    deleted = set()
    remember(folder, "first", rows, deleted)
    # Reviews go, move to another month, change and come; a beer gets another style, a profile another state.
    operations = {table: [] for table in rows}
    for number in chance.sample(sorted(rows["review"]), 300):
        if chance.random() < 0.4:
            deleted.add(number)
            operations["review"].append(("delete", rows["review"][number]))
        else:
            rows["review"][number] = review(number, chance)
            operations["review"].append(("update", rows["review"][number]))
    for number in range(3001, 3101):
        rows["review"][number] = review(number, chance)
        operations["review"].append(("insert", rows["review"][number]))
    rows["beer"][3][3] = "Sour"
    operations["beer"].append(("update", rows["beer"][3]))
    rows["profile"][5][3] = "UT"
    operations["profile"].append(("update", rows["profile"][5]))
    for table, changes in operations.items():
        if not changes: continue
        path = f"{folder}/{table}-changes.json.gz"
        with gzip.open(path, "wt") as file:
            for operation, row in changes:
                file.write(json.dumps({"operation": operation} | dict(zip(COLUMNS[table], row))) + "\n")
        answer["changes"].append([f"raw/{table}/{table}-changes.json.gz", path])
    remember(folder, "changes", rows, deleted)
    return answer


def review(number, chance):
    beer = chance.randrange(1, 18)  # some beers are not in the table
    moment = 1_700_000_000 + chance.randrange(0, 90 * 86_400)
    return [number, 1 + beer % 4, beer, chance.randrange(1, 23)] + [chance.randrange(2, 11) / 2 for _ in RATINGS] + [moment]


def remember(folder, state, rows, deleted):
    with open(f"{folder}/{state}.state.json", "w") as file:
        json.dump({"rows": {table: list(found.values()) for table, found in rows.items()}, "deleted": sorted(deleted)}, file)


states = boto3.client("stepfunctions", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                      aws_secret_access_key="test", config=Config(connect_timeout=600, read_timeout=600))


def machine(layer):
    return next(m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"] if m["name"].endswith(layer))


def ended(execution):
    while (state := states.describe_execution(executionArn=execution))["status"] == "RUNNING": time.sleep(0.05)
    assert state["status"] == "SUCCEEDED", state
    return state


def build():
    execution = states.start_execution(stateMachineArn=machine("-gold"), input="{}")["executionArn"]
    return {"models": json.loads(ended(execution)["output"])}


def follow():
    started = states.start_execution(stateMachineArn=machine("-silver"), input="{}")["executionArn"]
    tables = json.loads(ended(started)["output"])
    assert tables and all(t["outcome"] == "done" for t in tables), tables
    for execution in states.list_executions(stateMachineArn=machine("-gold"))["executions"]:
        state = ended(execution["executionArn"])
        if json.loads(state["input"]).get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID") == started:
            return {"models": json.loads(state["output"])}
    raise AssertionError("silver has started no gold")


def ordered(rows):
    """By their first columns, which are a key."""
    return sorted(([*row] for row in rows), key=lambda row: [f"{value}" for value in row])


def same(found, expected):
    """Models round means to six digits."""
    if isinstance(expected, float) and isinstance(found, float): return abs(found - expected) < 6e-7
    return found == expected


def check(folder, state):
    with open(f"{folder}/{state}.state.json") as file: remembered = json.load(file)
    database = sqlite3.connect(":memory:")
    for table, rows in remembered["rows"].items():
        names = COLUMNS[table] + (["deleted"] if table == "review" else [])
        database.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        gone = set(remembered["deleted"])
        if table == "review": rows = [row + [int(row[0] in gone)] for row in rows]
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
    catalog = load_catalog(
        "referee", type="rest", uri=f"{endpoint}/iceberg", warehouse="",
        **{"s3.endpoint": endpoint, "s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"})
    answer = {"rows": {}, "snapshots": {}}
    for model, statement in EXPECTED.items():
        table = catalog.load_table(model)
        found = table.scan().to_arrow().to_pylist()
        if model == "dm_silver.review_flat":
            found = [{**{k: v for k, v in row.items() if k not in ("email", "created_at", "updated_at", "deleted_at")},
                      "review_time": int(row["review_time"].timestamp()), "deleted": int(row["deleted_at"] is not None)} for row in found]
        expected, found = ordered(database.execute(statement).fetchall()), ordered(row.values() for row in found)
        assert len(expected) == len(found), f"{model}: {len(found)} rows, not {len(expected)}"
        for wanted, row in zip(expected, found):
            assert len(wanted) == len(row) and all(map(same, row, wanted)), f"{model}: {row}, not {wanted}"
        answer["rows"][model], answer["snapshots"][model] = len(found), len(table.snapshots())
    return answer


print(json.dumps({"make": make, "build": build, "follow": follow, "check": check}[command](*arguments)), flush=True)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
