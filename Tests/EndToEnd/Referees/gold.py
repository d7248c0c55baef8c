#!/usr/bin/env python3
"""Says what the models' tables must be, and reads what they are with pyiceberg. Prints one JSON document.

    gold.py ENDPOINT make FOLDER SEED STEPS   writes raw files of a first state and of random changes, and what the rows are after
                                          each; -> {"states": [{"kind": …, "files": [[KEY, FILE]…]}…]}
    gold.py ENDPOINT build                starts the state machine and waits; -> {"models": [...]}
    gold.py ENDPOINT follow               starts silver's state machine and waits for what it starts; -> {"models": [...]}
    gold.py ENDPOINT scheduled            waits for an execution that a schedule starts and that builds; -> {"models": [...]}
    gold.py ENDPOINT foreign FOLDER STATE deletes and renames beers of STATE with DuckDB, by files of deletes; -> {"deletes": those files}
    gold.py ENDPOINT check FOLDER STATE   computes every model from the rows of STATE, a number, in SQLite, from statements of
                                          its own, and compares; -> {"rows": {MODEL: n}, "snapshots": {MODEL: n}}
    gold.py ENDPOINT grafana FOLDER STATE runs the queries of infra/dashboards/beers.json by Athena, and compares with SQLite; -> {"panels":
                                          {TITLE: rows}, "workGroups": [...]}
    gold.py ENDPOINT lineage              reads the events of lineage; -> {"events": {JOB: [KIND…]}, "columns": {JOB: columns with a source}}
"""
import collections, csv, gzip, json, os, random, re, sqlite3, subprocess, sys, time

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


STYLES, STATES, NAMES = ["IPA", "Stout", "Pils", None], ["NY", "CA", "OH", None], "Ab Cé Dü E'f".split()
START, MONTHS = 1_700_000_000, 12


def make(folder, seed, steps):
    chance = random.Random(int(seed))
    rows = {
        "beer": {i: beer(i, chance) for i in range(1, 16)}, "brewery": {i: [i, f"Brewery {i}"] for i in range(1, 5)},
        "profile": {i: profile(i, chance) for i in range(1, 21)},
        "review": {i: review(i, chance) for i in range(1, 8001)}}
    files = []
    for table, all_rows in rows.items():
        path = f"{folder}/{table}.csv.gz"
        with gzip.open(path, "wt", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[table])
            writer.writerows(["" if value is None else value for value in row] for row in all_rows.values())
        files.append([f"raw/{table}/{table}.csv.gz", path])
    deleted = set()
    remember(folder, 0, rows, deleted)
    answer = {"states": [{"kind": "first", "files": files}]}
    kinds = chance.sample(["reviews", "one month", "dimensions", "nothing", "empty month", "all"], 6)
    for step in range(1, int(steps) + 1):
        kind = kinds[(step - 1) % len(kinds)]
        operations = changes(kind, rows, deleted, chance)
        files = []
        for table, made in operations.items():
            path = f"{folder}/{table}-{step}.json.gz"
            with gzip.open(path, "wt") as file:
                for operation, row in made:
                    file.write(json.dumps({"operation": operation} | dict(zip(COLUMNS[table], row))) + "\n")
            files.append([f"raw/{table}/{table}-{step}.json.gz", path])
        remember(folder, step, rows, deleted)
        answer["states"].append({"kind": kind, "files": files})
    return answer


def changes(kind, rows, deleted, chance):
    """Changes the rows, and says by which operations."""
    made = {}

    def change(table, number, row, operation="update"):
        rows[table][number] = row
        made.setdefault(table, []).append((operation, row))

    def delete(number):
        deleted.add(number)
        made.setdefault("review", []).append(("delete", rows["review"][number]))

    alive = sorted(rows["review"].keys() - deleted)
    month = chance.randrange(MONTHS)
    if kind == "one month":
        for number in chance.sample([n for n in alive if month_of(rows["review"][n]) == month], 5):
            change("review", number, review(number, chance, month))
    if kind == "empty month":
        for number in [n for n in alive if month_of(rows["review"][n]) == month]: delete(number)
    if kind in ("reviews", "all"):
        # Some go, some move to another month, some change and some come.
        for number in chance.sample(alive, 200):
            if chance.random() < 0.4: delete(number)
            else: change("review", number, review(number, chance))
        for number in range(max(rows["review"]) + 1, max(rows["review"]) + 50): change("review", number, review(number, chance), "insert")
    if kind in ("dimensions", "all"):
        # One gets another style, one comes that reviews have named before, and one is deleted, which its reviews do not see.
        change("beer", 3, beer(3, chance))
        change("beer", 17, beer(17, chance), "update" if 17 in rows["beer"] else "insert")
        change("profile", 5, profile(5, chance))
        change("brewery", 2, [2, f"Brewery {chance.randrange(1000)}"])
        made["beer"].append(("delete", rows["beer"][4]))
    if kind == "nothing":
        # They come again as they are: a row that looks like a change.
        for number in (1, 2): change("beer", number, rows["beer"][number])
    return made


def beer(number, chance):
    return [number, 1 + number % 4, f"{chance.choice(NAMES)} {number}", chance.choice(STYLES), chance.choice([4.5, 5.0, None])]


def profile(number, chance):
    return [number, f"Drinker {number}", f"d{number}@example.com", chance.choice(STATES)]


def month_of(row): return (row[-1] - START) // (30 * 86_400)


def review(number, chance, month=None):
    beer = chance.randrange(1, 18)  # some beers are not in the table
    moment = START + 86_400 * 30 * (chance.randrange(MONTHS) if month is None else month) + chance.randrange(0, 30 * 86_400)
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
    assert all(t["outcome"] in ("done", "nothing", "heldByAnother") for t in tables), tables
    # A schedule may have started the same a moment ago, and then gold after it.
    while any(states.list_executions(stateMachineArn=machine(layer), statusFilter="RUNNING")["executions"] for layer in ("-silver", "-gold")):
        time.sleep(0.05)
    for execution in states.list_executions(stateMachineArn=machine("-gold"))["executions"]:
        state = ended(execution["executionArn"])
        if json.loads(state["input"]).get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID") == started:
            return {"models": json.loads(state["output"])}
    # A schedule took all that waited, and its gold ran; this silver found no table and started none.
    if not tables: return build()
    raise AssertionError("silver has started no gold")


def scheduled():
    deadline = time.time() + 600
    while time.time() < deadline:
        for execution in states.list_executions(stateMachineArn=machine("-gold"))["executions"]:
            state = states.describe_execution(executionArn=execution["executionArn"])
            # An execution that silver started has its name in the input.
            assert state["input"] == "{}", state
            models = json.loads(state["output"]) if state["status"] == "SUCCEEDED" else []
            if models and all(model["outcome"] == "built" for model in models): return {"models": models}
        time.sleep(0.2)
    raise AssertionError("no schedule has started a build")


def foreign(folder, state):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "silver.py")
    run = subprocess.run([sys.executable, script, endpoint, "foreign", "beer", f"{folder}/foreign"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    with open(f"{folder}/{state}.state.json") as file: remembered = json.load(file)
    beers = [row for row in remembered["rows"]["beer"] if row[0] % 7]
    for row in beers:
        if row[0] % 11 == 0: row[2] = "by DuckDB"
    with open(f"{folder}/{state}.state.json", "w") as file: json.dump(remembered | {"rows": remembered["rows"] | {"beer": beers}}, file)
    return json.loads(run.stdout)


def ordered(rows):
    """By their first columns, which are a key."""
    return sorted(([*row] for row in rows), key=lambda row: [f"{value}" for value in row])


def same(found, expected):
    """Models round means to six digits."""
    if isinstance(expected, float) and isinstance(found, float): return abs(found - expected) < 6e-7
    return found == expected


def raw_rows(folder, state):
    """The rows of STATE in SQLite."""
    with open(f"{folder}/{state}.state.json") as file: remembered = json.load(file)
    database = sqlite3.connect(":memory:")
    for table, rows in remembered["rows"].items():
        names = COLUMNS[table] + (["deleted"] if table == "review" else [])
        database.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        gone = set(remembered["deleted"])
        if table == "review": rows = [row + [int(row[0] in gone)] for row in rows]
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
    return database


def check(folder, state):
    database = raw_rows(folder, state)
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


class Athena:
    """Runs a query as Grafana's plugin does: in the pipeline's work group, page by page."""
    def __init__(self, group):
        self.group = group
        self.client = boto3.client("athena", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                                   aws_secret_access_key="test")

    def rows(self, statement):
        started = self.client.start_query_execution(
            QueryString=statement, WorkGroup=self.group, QueryExecutionContext={"Catalog": "AwsDataCatalog", "Database": "dm_gold"},
            ResultReuseConfiguration={"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 15}})["QueryExecutionId"]
        while (found := self.client.get_query_execution(QueryExecutionId=started)["QueryExecution"])["Status"]["State"] in ("QUEUED", "RUNNING"):
            time.sleep(0.02)
        assert found["Status"]["State"] == "SUCCEEDED", (statement, found["Status"])
        assert found["WorkGroup"] == self.group, found
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=started)
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        return rows[1:]


def grafana(folder, state):
    root = os.path.dirname(os.path.abspath(__file__)) + "/../../.."
    with open(f"{root}/infra/dashboards/beers.json") as file: dashboard = json.load(file)
    athena, found = Athena("cupel-dev"), {}
    for panel in dashboard["panels"]:
        [target] = panel["targets"]
        statement = target["rawSQL"].replace("$top", "10")
        statement = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN TIMESTAMP '1990-01-01 00:00:00' AND TIMESTAMP '2090-01-01 00:00:00'", statement)
        assert "$" not in statement, statement
        found[panel["title"]] = athena.rows(statement)
    database = raw_rows(folder, state)
    live = database.execute(f"SELECT r.*, p.state, {YEAR}, {MONTH} FROM {JOINED} WHERE r.deleted = 0").fetchall()
    assert found["Reviews"] == [[str(len(live))]], found["Reviews"]
    assert found["Reviewers"] == [[str(len({row[3] for row in live}))]], found["Reviewers"]
    assert abs(float(found["Mean rating"][0][0]) - sum(row[4] for row in live) / len(live)) < 1e-5, found["Mean rating"]
    months = collections.Counter(f"{row[-2]}-{row[-1]:02}" for row in live)
    assert {month[:7]: int(count) for month, count in found["Reviews a month"]} == months, found["Reviews a month"]
    places = collections.Counter(row[-3] or "(unknown)" for row in live)
    assert {place: int(count) for place, count in found["Reviews by state"]} == places, found["Reviews by state"]
    beers = collections.defaultdict(lambda: [0.0, 0])
    for number, name, style, *_, mean, count in database.execute(EXPECTED["dm_gold.top_beers_by_rating"]):
        beers[number, name, style][0] += mean * count
        beers[number, name, style][1] += count
    best = sorted(beers.items(), key=lambda item: (-round(item[1][0] / item[1][1], 3), -item[1][1], item[0][1] or ""))[:10]
    assert [(row[0], row[1], int(row[3])) for row in found["Best beers"]] == [(key[1], key[2], count) for key, (_, count) in best], found["Best beers"]
    groups = {execution["WorkGroup"] for page in athena.client.get_paginator("list_query_executions").paginate(WorkGroup="cupel-dev")
              for execution in athena.client.batch_get_query_execution(QueryExecutionIds=page["QueryExecutionIds"])["QueryExecutions"]}
    return {"panels": {title: len(rows) for title, rows in found.items()}, "workGroups": sorted(groups)}


def lineage():
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake-" in b["Name"])
    events, columns = collections.defaultdict(list), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="lineage/"):
        for entry in page.get("Contents", []):
            event = json.loads(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
            job = event["job"]["name"].removeprefix("gold-build.")
            events[job].append(event["eventType"])
            facet = event["outputs"][0]["facets"].get("columnLineage")
            if facet: columns[job] = sum(bool(field["inputFields"]) for field in facet["fields"].values())
    return {"events": events, "columns": columns}


print(json.dumps({"make": make, "build": build, "follow": follow, "scheduled": scheduled, "foreign": foreign, "check": check, "grafana": grafana, "lineage": lineage}[command](*arguments)), flush=True)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
