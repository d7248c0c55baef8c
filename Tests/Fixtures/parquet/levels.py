#!/usr/bin/env python3
"""Counts the levels in every page of FOLDER/*.parquet and compares them with the histograms that the file states.

Size statistics of the chunks and the column index must state them wherever levels say more than nulls do, and nowhere
else. Exit 1 and a line for each difference.
"""
import glob
import os
import sys

import layout
import pyarrow as pa

failures = 0
CODECS = {1: "snappy", 2: "gzip", 6: "zstd"}


def fail(*words):
    global failures
    failures += 1
    if failures < 40:
        print(*words)


def leaves(elements):
    """(name, maximum definition level, maximum repetition level) of each leaf, depth first."""
    rest = iter(elements)

    def walk(count, definition, repetition, path):
        for _ in range(count):
            element = next(rest)
            levels = definition + (element[3] != 0), repetition + (element[3] == 2)
            name = path + [element[4].decode()]
            if 5 in element:
                yield from walk(element[5], *levels, name)
            else:
                yield (".".join(name), *levels)

    yield from walk(next(rest)[5], 0, 0, [])


def counts(data, most, total):
    """How often each level occurs among `total` levels in runs."""
    width = most.bit_length()
    found = [0] * (most + 1)
    thrift = layout.Thrift(data, 0)
    done = 0
    while done < total:
        head = thrift.varint()
        if head & 1:
            bits = int.from_bytes(data[thrift.at:thrift.at + (head >> 1) * width], "little")
            thrift.at += (head >> 1) * width
            count = min((head >> 1) * 8, total - done)
            for place in range(count):
                found[bits >> place * width & (1 << width) - 1] += 1
        else:
            count = head >> 1
            size = (width + 7) // 8
            found[int.from_bytes(data[thrift.at:thrift.at + size], "little")] += count
            thrift.at += size
        done += count
    return found


def page_counts(data, header, body, codec, definition, repetition):
    """The histograms of a data page: (repetition levels, definition levels), None where there are no levels."""
    stored = bytes(data[body:body + header[3]])
    if header[1] == layout.DATA_V2:
        page = header[8]
        split = page[6], page[6] + page[5]
        parts, total = (stored[:split[0]], stored[split[0]:split[1]]), page[1]
    else:
        if codec in CODECS:
            stored = pa.Codec(CODECS[codec]).decompress(stored, header[2]).to_pybytes()
        parts, at, total = [], 0, header[5][1]
        for most in (repetition, definition):
            size = int.from_bytes(stored[at:at + 4], "little") if most else 0
            parts.append(stored[at + 4:at + 4 + size])
            at += 4 + size if most else 0
    return [counts(part, most, total) if most else None for part, most in zip(parts, (repetition, definition))]


def check(path):
    with open(path, "rb") as file:
        data = file.read()
    footer = layout.Layout(data, {}, lambda *words: fail(path, *words)).footer
    for group in footer[4]:
        for (name, definition, repetition), chunk in zip(leaves(footer[2]), group[1]):
            offsets, _ = layout.read(data, chunk[4])
            pages = []
            for location in offsets[1]:
                header, body = layout.read(data, location[1])
                pages.append(page_counts(data, header, body, chunk[3][4], definition, repetition))
            stated, index = chunk[3].get(16, {}), layout.read(data, chunk[6])[0] if 6 in chunk else None
            for place, (kind, most) in enumerate((("repetition", repetition), ("definition", definition))):
                is_told = most > place
                wanted = [sum(column) for column in zip(*(page[place] for page in pages))] if is_told else None
                if stated.get(2 + place) != wanted:
                    fail(path, name, kind, "levels", stated.get(2 + place), "for", wanted)
                wanted = [count for page in pages for count in page[place]] if is_told else None
                if index is not None and index.get(6 + place) != wanted:
                    fail(path, name, kind, "levels of pages", index.get(6 + place), "for", wanted)


paths = sorted(glob.glob(os.path.join(sys.argv[1], "*.parquet")))
if not paths:
    fail("no files in", sys.argv[1])
for path in paths:
    check(path)
print(f"{len(paths)} files, {failures} differences")
sys.exit(1 if failures else 0)
