"""Chromium drives every page of the console over a pipeline with failures, as a user would.

    console.py ENDPOINT AXE  of an emulator that has converted sample files, and refused some; the script of axe-core

Prints one JSON document: the text of each page, what the browser complained of, and what was found wrong.
"""
import csv
import difflib
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import urllib.parse
import urllib.request

import boto3
import pyarrow.parquet

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from chromium import Chromium  # noqa: E402

endpoint = sys.argv[1]
with open(sys.argv[2]) as file:
    axe = file.read()
console = endpoint + "/console/"
problems, pages, contents = [], {}, {}


def ask(path):
    with urllib.request.urlopen(console + "api/" + path) as answer:
        return json.load(answer)


def check(isRight, text):
    if not isRight:
        problems.append(text)


def quoted(text):
    return urllib.parse.quote(text, safe="")


def lines(text):
    """What a page says, without what differs from run to run: times, durations, numbers, IDs and the order of rows."""
    text = re.sub(r"\b(now|[\d.]+ (s|min|h|days) ago)\b", "AGO", text)
    text = re.sub(r"\b\d+\.\d{3,}\b", "#", text)
    text = re.sub(r"\b[0-9a-f]{12,}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d+)?Z?)?", "TIME", text)
    text = re.sub(r"\b(\d+ min \d+ s|[\d.]+ (ms|s))\b", "TOOK", text)
    text = re.sub(r"\d[\d.,]*", "#", text)
    return sorted({re.sub(r"\s+", " ", line).strip() for line in text.split("\n")} - {""})


def compare(pages):
    """Compares pages with what they said when somebody looked at them; CUPEL_RECORD=1 takes this as that."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "console.txt")
    stable = ["files", "filtered", "file", "failed file", "lines", "execution", "tables", "table", "quarantine", "workbench", "lineage",
              "streams", "cost", "missing"]
    found = "".join(f"== {name}\n" + "".join(line + "\n" for line in lines(pages[name])) for name in stable)
    if os.environ.get("CUPEL_RECORD"):
        with open(path, "w") as file:
            file.write(found)
    with open(path) as file:
        known = file.read()
    problems.extend(difflib.unified_diff(known.split("\n"), found.split("\n"), "console.txt", "now", lineterm="", n=1))


files = ask("files")["records"]
broken = next(record for record in files if record["object_key"].endswith("broken.csv.gz"))
worse = next(record for record in files if record["object_key"].endswith("worse.csv.gz"))
silver = next(run for run in ask("executions?machine=silver")["executions"])
key = ask("quarantine?table=beer")["groups"][0]["keys"][0]
for group in ask("quarantine?table=beer")["groups"]:
    key = next((found for found in group["keys"] if "broken" in found), key)

browser = Chromium()
try:
    browser.size(1280)
    everywhere = {
        "flow": "", "part": "flow/bronze-writer", "store": "flow/bronze", "files": "files",
        "sorted": "files?sort=file&order=ascending", "lines": "lines?table=beer&text=100003", "filtered": "files?status=error", "file": "files/" + broken["control_id"],
        "failed file": "files/" + worse["control_id"], "executions": "executions",
        "execution": "executions/" + quoted(silver["execution_arn"]), "tables": "tables", "table": "tables/silver.beer",
        "sql": "sql?q=" + quoted("SELECT status, count(*) AS files FROM control.files WHERE layer = 'bronze' GROUP BY status"),
        "quarantine": "quarantine", "workbench": f"quarantine?table=beer&key={quoted(key)}",
        "lineage": "lineage?table=dm_gold.top_drinkers", "streams": "streams", "cost": "cost",
        "missing": "files/" + "0" * 32,
    }
    for name, path in everywhere.items():
        browser.open(console + path)
        if name == "sql":
            browser.wait("!!document.querySelector('#result table')", "rows of a query")
        browser.wait("document.querySelector('#live').textContent === 'live' && !document.querySelector('[data-counting]')", f"events at {name}")
        if name == "part":
            browser.wait("!!document.querySelector('.log')", "the log of a function")
        pages[name] = browser.text()
        contents[name] = browser.evaluate("document.querySelector('main').innerText")
        check(browser.unnamed() == [], f"{name}: a screen reader cannot name {browser.unnamed()}")
        check(browser.evaluate("document.querySelectorAll('h1').length") == 1, f"{name}: one h1")
        check(browser.evaluate("document.documentElement.lang") == "en", f"{name}: no language")
        for width, dark in [(1280, False), (380, True)]:
            browser.size(width, dark=dark)
            wide = browser.evaluate("document.documentElement.scrollWidth")
            check(wide <= width, f"{name}: {wide} pixels wide at {width}")
            for found in browser.violations(axe):
                problems.append(f"{name} at {width}: {found}")
        colours = browser.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor].join()")
        check(colours == "rgb(236, 232, 225),rgb(22, 21, 19)", f"{name}: not dark: {colours}")
        browser.size(1280)

    compare(contents)

    # Columns that the contract masks are named.
    profile = next(record for record in files if record["object_key"].endswith("profile.csv.gz"))
    browser.open(console + "files/" + profile["control_id"])
    pages["masked"] = browser.text()

    # The log of a step comes when it is asked for.
    browser.open(console + "files/" + broken["control_id"])
    browser.evaluate("[...document.querySelectorAll('details')].find(fold => fold.textContent.includes('Log of bronze-writer')).open = true")
    pages["log"] = browser.wait("document.querySelector('.log') && document.querySelector('.log').textContent", "a log")

    # By keyboard: g and f lead to the files, / to the filter, Tab from there on.
    browser.open(console)
    browser.press("g", "g")
    browser.press("f", "f")
    browser.wait("location.pathname.endsWith('/files') && document.readyState === 'complete'", "the keys g and f")
    browser.open(console)
    browser.evaluate("document.querySelector('nav a[href$=files]').focus()")
    browser.press("Enter", "\r")
    browser.wait("location.pathname.endsWith('/files') && document.readyState === 'complete'", "Enter on a link")
    browser.press("/", "/")
    check(browser.evaluate("document.activeElement.name") == "table", "/ does not lead to the filter")
    browser.press("Tab")
    check(browser.evaluate("document.activeElement.name") == "since", "Tab does not lead on")
    outlined = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    check(outlined == "solid", f"the focus is not seen: {outlined}")

    # What is wrong in a statement is said at its place, and what changes something is refused.
    for statement, expected in [("SELECT nothing FROM silver.beer", "nothing"), ("DROP TABLE silver.beer", "only reads")]:
        browser.open(console + "sql?q=" + quoted(statement))
        said = browser.wait("document.querySelector('#result .problem') && document.querySelector('#result .problem').textContent", statement)
        check(expected in said, f"{statement}: {said}")

    # The picture leads to a part, by its box.
    browser.open(console)
    check(browser.evaluate("document.querySelectorAll('.picture a').length") > 12, "the picture has few parts")
    browser.evaluate("document.querySelector('.picture a[href$=compute-router]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    browser.wait("location.pathname.endsWith('/flow/compute-router') && document.readyState === 'complete'", "a part of the picture")

    # From a number of gold to rows of silver, to rows of bronze, to the line of the raw file: three clicks.
    browser.open(console + "sql?q=" + quoted("SELECT * FROM gold.state_by_review_volume ORDER BY total_reviews DESC LIMIT 5"))
    for layer, place in [("silver", "silver.review_flat"), ("bronze", "bronze.review"), ("raw lines", "/console/lines")]:
        link = f"[...document.querySelectorAll('#result tbody tr:first-child td:last-child a')].find(link => link.textContent.startsWith('{layer}'))"
        browser.wait("!!" + link, f"a link to {layer}")
        browser.evaluate(link + ".click()")
        browser.wait(f"location.href.includes('{place}') && document.readyState === 'complete' && !!document.querySelector('#result tbody tr, main table tbody tr')", place)
    pages["three clicks"] = browser.text()

    # From a row of silver to the rows of bronze that it was made of, by a link.
    browser.open(console + "sql?q=" + quoted("SELECT * FROM silver.beer WHERE beer_id = 100003"))
    browser.wait("!!document.querySelector('#result td a')", "a link to the origin of a row")
    browser.evaluate("document.querySelector('#result td a').click()")
    browser.wait("location.search.includes('bronze.beer') && !!document.querySelector('#result tbody tr')", "the rows of bronze")
    pages["origin"] = browser.text()

    # The workbench: the contract as it is refuses the rows, and a wider one takes some.
    browser.open(console + everywhere["workbench"])
    for name, change in [("as it is", "text"), ("wider", "text.replace(/logicalType: number\\s+physicalType: double\\s+logicalTypeOptions:\\s+minimum: 0\\s+maximum: 100/, 'logicalType: string\\n        physicalType: string')")]:
        browser.evaluate(f"{{ const area = document.querySelector('#workbench textarea'); const text = area.value; area.value = {change}; document.querySelector('#tried').textContent = ''; document.querySelector('#workbench button').click(); }}")
        pages["tried " + name] = browser.wait("/accepted/.test(document.querySelector('#tried').textContent) && document.querySelector('#tried').innerText || document.querySelector('#tried .problem') && document.querySelector('#tried').innerText", name)

    # Replay: first what it would do, then what it does; the page shows what becomes of it by itself.
    browser.open(console + "files?status=error")
    browser.evaluate("document.querySelector('[data-select=all]').click()")
    browser.evaluate("document.querySelector('[data-do]').click()")
    pages["dry run"] = browser.wait("document.querySelector('.outcome').innerText", "a dry run")
    before = {record["control_id"]: record["attempt_count"] for record in ask("files?status=error")["records"]}
    check(all(record["attempt_count"] == before[record["control_id"]] for record in ask("files?status=error")["records"]), "a dry run replays")
    browser.evaluate("document.querySelector('.outcome button').click()")
    pages["replayed"] = browser.wait("/are replayed/.test(document.querySelector('.outcome').innerText) && document.querySelector('.outcome').innerText", "a replay")
    for control_id, attempts in before.items():
        browser.wait(f"fetch('/console/api/files/{control_id}').then(answer => answer.json()).then(file => file.record.status === 'error' && file.record.attempt_count > {attempts})", "another attempt")

    # The workbench again: a contract that takes the rows is put in force, and their file is converted again.
    browser.open(console + everywhere["workbench"])
    check(browser.evaluate("document.querySelector('#publish').disabled"), "a contract can be published that was not tried")
    browser.evaluate(f"{{ const area = document.querySelector('#workbench textarea'); const text = area.value; area.value = {change}; document.querySelector('#workbench button').click(); }}")
    browser.wait("!document.querySelector('#publish').disabled", "a tried contract")
    browser.evaluate("document.querySelector('#publish').click()")
    pages["published"] = browser.wait("/1 of 1 have ended/.test(document.querySelector('#tried').innerText) && document.querySelector('#tried a') && document.querySelector('#tried').innerText", "a published contract", 300)
    browser.wait(f"fetch('/console/api/files/{broken['control_id']}').then(answer => answer.json()).then(file => file.record.quarantined_count === 1)", "fewer rows in quarantine")

    browser.open(console + "files/" + broken["control_id"])
    pages["replayed file"] = browser.text()

    # Backfill: from a day of a table to its files, and all of them again.
    browser.open(console + "tables")
    browser.evaluate("document.querySelector('.cell[href*=\"table=brewery\"]').click()")
    browser.wait("location.pathname.endsWith('/files') && location.search.includes('day=') && document.readyState === 'complete'", "a day of a table")
    browser.evaluate("{ document.querySelector('[data-force]').click(); document.querySelector('[data-select=all]').click(); document.querySelector('[data-do]').click(); }")
    browser.wait("!!document.querySelector('.outcome button')", "a dry run of a backfill")
    pages["backfill dry run"] = browser.evaluate("document.querySelector('.outcome').innerText")
    browser.evaluate("document.querySelector('.outcome button').click()")
    pages["backfill"] = browser.wait("/1 of 1 have ended/.test(document.querySelector('.outcome').innerText) && document.querySelector('.outcome').innerText", "a backfill", 300)

    # Run now: the page of what was started shows its end by itself.
    browser.open(console + "executions")
    browser.evaluate("document.querySelector('[data-machine=gold]').click()")
    browser.wait("location.pathname.includes('/executions/') && document.readyState === 'complete'", "an execution of gold")
    browser.wait("!!document.querySelector('.lead .state.good')", "the end of gold", 600)
    pages["run now"] = browser.text()

    keys = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")

    # Rows of a query are kept as CSV and as Parquet, and its statement in the browser.
    folder = tempfile.mkdtemp(dir=browser.profile.name)
    browser.keep(folder)
    statement = "SELECT table_name, count(*) AS files, max(error_message) AS message FROM control.files GROUP BY table_name ORDER BY table_name"
    browser.open(console + "sql?q=" + quoted(statement))
    browser.wait("!!document.querySelector('#result a[download]')", "rows to keep")
    shown = browser.evaluate("[...document.querySelectorAll('#result tbody tr')].map(row => [...row.cells].map(cell => cell.className === 'none' ? '' : cell.textContent))")
    browser.evaluate("document.querySelector('#result a[download]').click()")
    rows = list(csv.reader(io.StringIO(browser.kept(folder, "rows.csv").decode())))
    check(rows == [["table_name", "files", "message"]] + shown, f"rows.csv: {rows}, shown: {shown}")
    browser.evaluate("[...document.querySelectorAll('#result button')].find(button => button.textContent.includes('parquet')).click()")
    table = pyarrow.parquet.read_table(io.BytesIO(browser.kept(folder, "rows.parquet")))
    check([[("" if value is None else str(value)) for value in row.values()] for row in table.to_pylist()] == shown, f"rows.parquet: {table}")
    check(str(table.schema.field("files").type) == "int64", f"rows.parquet: {table.schema}")
    browser.evaluate("document.querySelector('#keep').click()")
    browser.open(console + "sql")
    check(browser.evaluate("[...document.querySelectorAll('#saved a')].length") == 1, "the statement is not saved")
    browser.evaluate("document.querySelector('#saved a').click()")
    browser.wait("location.search.includes('control.files') && !!document.querySelector('#result tbody tr')", "the rows of a saved statement")
    check(browser.evaluate("document.querySelector('#sql textarea').value") == statement, "another statement was saved")
    browser.evaluate("document.querySelector('#saved button').click()")
    browser.open(console + "sql")
    check(browser.evaluate("document.querySelectorAll('#saved a').length") == 0, "a forgotten statement is still there")
    browser.open(console + "lineage")
    browser.evaluate("document.querySelector('a[download]').click()")
    check(json.loads(browser.kept(folder, "lineage.json")) == ask("lineage"), "lineage.json is not what the API says")

    # A table with partitions, whose schema changed.
    athena, lake = boto3.client("athena", **keys), next(
        bucket["Name"] for bucket in boto3.client("s3", **keys).list_buckets()["Buckets"] if "-lake-" in bucket["Name"])
    for text in [f"CREATE TABLE dm_gold.visits (id bigint, day date) PARTITIONED BY (day) LOCATION 's3://{lake}/gold/visits' TBLPROPERTIES ('table_type' = 'ICEBERG')",
                 "INSERT INTO dm_gold.visits VALUES (1, DATE '2026-11-29'), (2, DATE '2026-11-30'), (3, DATE '2026-11-30')",
                 "ALTER TABLE dm_gold.visits ADD COLUMNS (note string)"]:
        query = athena.start_query_execution(QueryString=text, ResultConfiguration={"OutputLocation": f"s3://{lake}/athena/"})["QueryExecutionId"]
        while (status := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"])["State"] in ("QUEUED", "RUNNING"):
            pass
        check(status["State"] == "SUCCEEDED", f"{text}: {status}")
    browser.open(console + "tables")
    browser.evaluate("[...document.querySelectorAll('main td a')].find(link => link.textContent.endsWith('gold.visits')).click()")
    browser.wait("location.pathname.includes('/tables/') && document.readyState === 'complete'", "a table with partitions")
    pages["partitioned"] = browser.text()
    browser.evaluate("[...document.querySelectorAll('details')].find(fold => fold.textContent.includes('Sample rows')).open = true")
    pages["sample rows"] = browser.wait("document.querySelector('.later tbody') && document.querySelector('.later').innerText", "sample rows")

    # From an execution with a map run to its child executions, and to one of them.
    states, sqs = boto3.client("stepfunctions", **keys), boto3.client("sqs", **keys)
    machine = states.create_state_machine(
        name="cupel-dev-many", roleArn="arn:aws:iam::000000000000:role/many",
        definition=json.dumps({"StartAt": "Each", "States": {"Each": {
            "Type": "Map", "End": True, "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "One",
                "States": {"One": {"Type": "Pass", "End": True}}}}}}))["stateMachineArn"]
    run = states.start_execution(stateMachineArn=machine, input="[1, 2, 3]")["executionArn"]
    browser.open(console + "executions/" + quoted(run))
    browser.wait("!!document.querySelector('.lead .state.good')", "the end of a map run")
    browser.evaluate("document.querySelector('a[href*=map_run]').click()")
    browser.wait("location.search.includes('map_run') && document.readyState === 'complete'", "a map run")
    pages["map run"] = browser.text()
    browser.evaluate("document.querySelector('.lead a').click()")
    browser.wait("location.pathname.includes('/executions/') && document.readyState === 'complete'", "the execution of a map run")
    pages["items"] = browser.text()

    # From an execution to one that it started and waited for.
    child = states.create_state_machine(
        name="cupel-dev-child", roleArn="arn:aws:iam::000000000000:role/child",
        definition=json.dumps({"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}))["stateMachineArn"]
    machine = states.create_state_machine(
        name="cupel-dev-parent", roleArn="arn:aws:iam::000000000000:role/parent",
        definition=json.dumps({"StartAt": "Outer", "States": {"Outer": {
            "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": child}, "End": True}}}))["stateMachineArn"]
    run = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    browser.open(console + "executions/" + quoted(run))
    browser.wait("!!document.querySelector('.lead .state.good')", "the end of an execution with a child")
    browser.evaluate("document.querySelector('.visit a[href*=cupel-dev-child]').click()")
    browser.wait("decodeURIComponent(location.pathname).includes('cupel-dev-child') && !!document.querySelector('.lead .state.good')", "a child execution")
    pages["child"] = browser.text()

    # Redrive: an execution that failed because a queue was missing continues there once the queue exists.
    machine = states.create_state_machine(
        name="cupel-dev-fragile", roleArn="arn:aws:iam::000000000000:role/fragile",
        definition=json.dumps({"StartAt": "Before", "States": {
            "Before": {"Type": "Pass", "Next": "Ask"},
            "Ask": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl", "Parameters": {"QueueName": "wanted"}, "End": True}}}))["stateMachineArn"]
    run = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    browser.open(console + "executions/" + quoted(run))
    browser.wait("!!document.querySelector('.lead .state.bad')", "a failed execution")
    pages["failed execution"] = browser.text()
    sqs.create_queue(QueueName="wanted")
    browser.evaluate("{ window.isOld = true; document.querySelector('[data-post$=redrive]').click(); }")
    browser.wait("!window.isOld && !!document.querySelector('.lead .state.good')", "a redriven execution")
    pages["redriven"] = browser.text()
    # And again with the same input, as another execution.
    browser.evaluate("document.querySelector('[data-post$=rerun]').click()")
    browser.wait(f"location.pathname.includes('/executions/') && decodeURIComponent(location.pathname).split('/').pop() !== {json.dumps(run)} && !!document.querySelector('.lead .state.good')", "another execution")
    check(len(states.list_executions(stateMachineArn=machine)["executions"]) == 2, "the button did not start another execution")

    # Among more records than one request reads, the page searches on by itself until it is at the end.
    table = boto3.resource("dynamodb", **keys).Table("cupel-dev-control")
    pattern = table.get_item(Key={"control_id": worse["control_id"]})["Item"]
    with table.batch_writer() as batch:
        for number in range(3000):
            name = f"raw/beer/many-{number}.csv.gz"
            batch.put_item(Item=pattern | {"control_id": hashlib.sha256(name.encode()).hexdigest()[:32], "object_key": name, "status": "success"})
    browser.open(console + "files?text=many-2999.csv")
    browser.wait("/Searched [\\d,]+( of [\\d,]+)? records/.test(document.querySelector('.more')?.textContent) && !document.querySelector('.more a')", "the end of a search")
    pages["searched"] = browser.text()
    check(browser.evaluate("document.querySelectorAll('main tbody tr').length") == 1, "a search finds another number of files")
    browser.open(console + "files?text=nothing+has+this")
    browser.wait("!document.querySelector('.more a') && /Widen the filter/.test(document.querySelector('main').innerText)", "the end of a search that finds nothing")
    browser.open(console + "files?text=many-1")
    browser.wait("document.querySelectorAll('main tbody tr').length >= 100 && document.querySelector('.more a') && !document.querySelector('.more button')", "a full page of a search")
    seen = set(browser.evaluate("[...document.querySelectorAll('input[name=id]')].map(box => box.value)"))
    browser.evaluate("document.querySelector('.more a').click()")
    browser.wait("location.search.includes('after=') && document.querySelectorAll('main tbody tr').length > 0", "the next page of a search")
    check(not seen & set(browser.evaluate("[...document.querySelectorAll('input[name=id]')].map(box => box.value)")), "a file is on two pages")

    pages["complaints"] = [text for text in browser.complaints() if not any(f"status of {status}" in text for status in ["404", "400"])]
    strangers = {found for found in browser.hosts() if not found.startswith((endpoint, "about:", "data:", "blob:"))}
    check(not strangers, f"pages ask others: {strangers}")
except Exception as error:
    problems.append(f"at {browser.evaluate('location.href')}: {error}")
finally:
    browser.close()
print(json.dumps({"pages": pages, "problems": problems}))
