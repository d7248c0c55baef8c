"""Chromium opens every page of the console over a pipeline that nothing has come through yet.

    console_empty.py ENDPOINT AXE  the script of axe-core

Prints one JSON document: what each page says, and what was found wrong.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from chromium import Chromium  # noqa: E402

console = sys.argv[1] + "/console/"
with open(sys.argv[2]) as file:
    axe = file.read()
pages, problems = {}, []
browser = Chromium()
try:
    for name in ["", "files", "files?layer=silver", "files?status=error&table=beer", "executions", "tables", "sql", "quarantine",
                 "quarantine?table=beer", "lineage", "lineage?table=dm_gold.nothing", "lines", "lines?table=beer&text=1", "streams",
                 "cost", "flow/gold", "flow/bronze-writer"]:
        browser.size(1280)
        browser.open(console + name)
        browser.wait("document.querySelector('#live').textContent === 'live' && !document.querySelector('[data-counting]')", f"events at {name}")
        pages[name] = browser.evaluate("document.querySelector('main').innerText")
        for width, dark in [(1280, False), (380, True)]:
            browser.size(width, dark=dark)
            wide = browser.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                problems.append(f"{name}: {wide} pixels wide at {width}")
            problems += [f"{name} at {width}: {found}" for found in browser.violations(axe)]
    problems += browser.complaints()
finally:
    browser.close()
print(json.dumps({"pages": pages, "problems": problems}))
