"""Chromium drives every page of the console over a pipeline with failures, as a user would.

    console.py ENDPOINT AXE  of an emulator that has converted sample files, and refused some; the script of axe-core

Prints one JSON document: the text of each page, what the browser complained of, and what was found wrong.
"""
import difflib
import json
import os
import re
import sys
import urllib.parse
import urllib.request

import boto3

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
        pages[name] = browser.text()
        contents[name] = browser.evaluate("document.querySelector('main').innerText")
        if name == "part":
            browser.wait("!!document.querySelector('.log')", "the log of a function")
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

    # Redrive: an execution that failed because a queue was missing continues there once the queue exists.
    keys = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    states, sqs = boto3.client("stepfunctions", **keys), boto3.client("sqs", **keys)
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

    pages["complaints"] = [text for text in browser.complaints() if not any(f"status of {status}" in text for status in ["404", "400"])]
    strangers = {found for found in browser.hosts() if not found.startswith((endpoint, "about:", "data:", "blob:"))}
    check(not strangers, f"pages ask others: {strangers}")
except Exception as error:
    problems.append(f"at {browser.evaluate('location.href')}: {error}")
finally:
    browser.close()
print(json.dumps({"pages": pages, "problems": problems}))
