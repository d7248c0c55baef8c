#!/usr/bin/env python3
"""A consumer of pgoutput as one writes it in Python: psycopg2 receives, struct and json make envelopes, gzip writes a file.

    consumer.py URI SLOT PUBLICATION CHANGES FILE      ends after so many changes

It is a peer for capture.py. It does less than change-capture: no stream, no order for later repair, no large values, no types.
"""
import gzip, json, struct, sys

import psycopg2, psycopg2.extras

uri, slot, publication, wanted, path = sys.argv[1:]
wanted = int(wanted)
relations, position, changes, transaction = {}, 0, 0, (0, 0)
file = gzip.open(path, "wb", compresslevel=1)
u16, u32 = struct.Struct(">H").unpack_from, struct.Struct(">I").unpack_from
commit = struct.Struct(">QqI").unpack_from
names = {"I": "insert", "U": "update", "D": "delete"}


def text(data, at):
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


def relation(data):
    (oid,) = u32(data, 1)
    schema, at = text(data, 5)
    table, at = text(data, at)
    (count,) = u16(data, at + 1)
    at += 3
    columns = []
    for _ in range(count):
        name, at = text(data, at + 1)
        columns.append((name, u32(data, at)[0] in (20, 21, 23, 700, 701, 1700)))
        at += 8
    relations[oid] = schema, table, columns


def row(data, at, columns):
    at += 2
    found = {}
    for name, is_number in columns:
        kind = data[at]
        at += 1
        if kind == 116:  # t: text
            (size,) = u32(data, at)
            value = data[at + 4:at + 4 + size].decode()
            found[name] = float(value) if is_number and "." in value else int(value) if is_number else value
            at += 4 + size
        elif kind == 110:  # n: null
            found[name] = None
    return found, at


def change(data):
    schema, table, columns = relations[u32(data, 1)[0]]
    kind, at = data[5], 6
    if kind in (75, 79):  # K, O: the old key or row
        old, at = row(data, at, columns)
        if data[0] == 68: return {k: v for k, v in old.items() if v is not None}, schema, table
        at += 1
    return row(data, at, columns)[0], schema, table


def take(message):
    global transaction, changes
    data = message.payload
    kind = chr(data[0])
    if kind == "B": transaction = commit(data, 1)
    elif kind == "R": relation(data)
    elif kind in names:
        values, schema, table = change(data)
        changes += 1
        envelope = {"data": values, "metadata": {
            "timestamp": transaction[1], "record-type": "data", "operation": names[kind], "schema-name": schema, "table-name": table,
            "transaction-id": transaction[2], "stream-position": f"{transaction[0]:016X}", "transaction-record-id": changes}}
        file.write(json.dumps(envelope, separators=(",", ":")).encode() + b"\n")
        if changes == wanted: raise StopIteration


connection = psycopg2.connect(uri, connection_factory=psycopg2.extras.LogicalReplicationConnection)
cursor = connection.cursor()
cursor.start_replication(slot_name=slot, decode=False, options={"proto_version": "1", "publication_names": publication})
try: cursor.consume_stream(take)
except StopIteration: pass
file.close()
