#!/usr/bin/env python3
"""random_rows.py csv|json SEED COUNT [ROWS]: random tables, of fewer than 60 or ROWS rows, as Python's own csv and json modules write them, with their values.

Prints one JSON document a table: {"text": base64 of the bytes, "rows": [[value or null, …]]}. Values are text, as they were
before they were written; a null is what the format cannot tell from nothing.
"""
import base64
import csv
import io
import json
import random
import struct
import sys

form, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
row_limit = int(sys.argv[4]) if len(sys.argv) > 4 else 60
chance = random.Random(seed)
PIECES = ["a", "Z", "0", "-", " ", "é", "葉", "😀", "e\u0301", "\u2028", "\ufeff", "'", "\t", "\\", "/", ",", '"', '""', "\n", "\r\n"]


def text(pieces):
    return "".join(chance.choice(pieces) for _ in range(chance.choice([0, 1, 2, 5, 20, 90])))


def csv_table():
    quoting = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    # The module leaves a lone return unquoted where it must not.
    pieces = PIECES + ["\r"] if quoting != csv.QUOTE_MINIMAL else PIECES
    file = io.StringIO()
    ending = chance.choice(["\n", "\r\n"])
    if quoting == csv.QUOTE_MINIMAL and ending == "\n":
        pieces = [piece for piece in pieces if "\r" not in piece]
    writer = csv.writer(file, quoting=quoting, lineterminator=ending)
    writer.writerow(["a", "b", "c"])
    rows = []
    for _ in range(chance.randrange(row_limit)):
        row = [text(pieces) for _ in range(3)]
        writer.writerow(row)
        rows.append([None if value == "" and quoting == csv.QUOTE_MINIMAL else value for value in row])
    written = file.getvalue()
    if chance.random() < 0.3:
        written = written[:-len(ending)]
        if rows and quoting == csv.QUOTE_MINIMAL and rows[-1] == [None] * 3:
            written += ending
    return written.encode("utf-8-sig" if chance.random() < 0.3 else "utf-8"), rows


def double():
    while True:
        value = chance.choice([0.0, -0.0, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, chance.random(),
                               struct.unpack("<d", chance.randbytes(8))[0]])
        if value == value and abs(value) != float("inf"):
            return value


def nested(depth):
    kind = chance.randrange(6 if depth < 4 else 4)
    if kind == 0:
        return text(PIECES + ["\0", "\x1f", "\x7f"])
    if kind == 1:
        return chance.choice([None, True, False])
    if kind == 2:
        return chance.getrandbits(80) - 2**79
    if kind == 3:
        return double()
    if kind == 4:
        return [nested(depth + 1) for _ in range(chance.randrange(4))]
    return {text(PIECES): nested(depth + 1) for _ in range(chance.randrange(4))}


def json_table():
    spacing = chance.choice([(",", ":"), (", ", ": "), (" ,\t", " : ")])
    is_ascii, ending = chance.random() < 0.5, chance.choice(["\n", "\r\n", "\n\n"])
    lines, rows = [], []
    for _ in range(chance.randrange(1, row_limit)):
        values = {
            "n": chance.choice([None, 0, -1, 2**63 - 1, -2**63, chance.getrandbits(63)]),
            "s": chance.choice([None, text(PIECES + ["\0", "\x1f", "\x7f", "\b", "\f"])]),
            "d": chance.choice([None, double()]), "u": nested(0), "a b\n": nested(2),
        }
        keys = list(values)
        if chance.random() < 0.3:
            chance.shuffle(keys)
        if chance.random() < 0.3:
            keys = chance.sample(keys, chance.randrange(len(keys)))
        row = {key: values[key] for key in keys}
        lines.append(json.dumps(row, ensure_ascii=is_ascii, separators=spacing))
        unknown = {key: row[key] for key in keys if key in ("u", "a b\n")}
        rows.append([None if row.get(key) is None else value(row[key]) for key in "nsd"]
                    + [json.dumps(unknown) if unknown else None])
    return (ending.join(lines) + chance.choice(["", "\n"])).encode(), rows


def value(found):
    return found if isinstance(found, str) else repr(found)


for _ in range(count):
    written, expected = csv_table() if form == "csv" else json_table()
    print(json.dumps({"text": base64.b64encode(written).decode(), "rows": expected}))
