#!/usr/bin/env python3
"""Writes one file for each kind of bad raw file. bad_files.py DIR"""
import gzip, os, random, struct, sys, zlib

folder = sys.argv[1]
header = b"beer_id,brewery_id,beer_name,beer_style,beer_abv\n"
good = b"".join(b"%d,%d,Name %d,Porter,5.%d\n" % (i, i, i, i % 10) for i in range(1, 41))
whole = gzip.compress(header + good, mtime=0)


def write(name, content):
    with open(os.path.join(folder, name), "wb") as file: file.write(content)


def csv(name, rows): write(name + ".csv.gz", gzip.compress(header + rows, mtime=0))


def ndjson(name, lines): write(name + ".json.gz", gzip.compress(lines, mtime=0))


write("not-gzip.csv.gz", header + good)
write("truncated.csv.gz", whole[: len(whole) // 2])
write("wrong-crc.csv.gz", whole[:-8] + struct.pack("<I", zlib.crc32(header + good) ^ 1) + whole[-4:])
write("empty-object.csv.gz", b"")
write("empty.csv.gz", gzip.compress(b"", mtime=0))
write("no-required-column.csv.gz", gzip.compress(b"brewery_id,beer_name,beer_style,beer_abv\n1,a,b,5.0\n", mtime=0))
csv("too-few-fields", good + b"41,1\n")
csv("too-many-fields", good + b"41,1,a,b,5.0,6\n")
csv("text-in-integer", good + b"forty-one,1,a,b,5.0\n")
csv("integer-overflow", good + b"9223372036854775808,1,a,b,5.0\n")
csv("invalid-utf8", good + b"41,1,\xff\xfe,b,5.0\n")
csv("all-rows-bad", b"".join(b"x%d,1,a,b,5.0\n" % i for i in range(40)))
line = b'{"beer_id":%d,"brewery_id":1,"beer_name":"n","beer_style":"s","beer_abv":5.0}\n'
lines = b"".join(line % i for i in range(1, 41))
ndjson("garbage-line", lines + b"{not json at all\n")
ndjson("nested", lines + b'{"beer_id":{"value":41},"brewery_id":1}\n')
# Text that hardly compresses: a line is no bomb.
noise = random.Random(1).randbytes(32 << 20).hex().encode()
write("long-line.csv.gz", gzip.compress(header + good + b"41,1," + noise + b",b,5.0\n", compresslevel=1, mtime=0))
# Forty bytes for each of zeros' megabytes: 3 GiB of line breaks in 3 MB.
bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
with open(os.path.join(folder, "bomb.csv.gz"), "wb") as file:
    file.write(bomb.compress(header))
    for _ in range(3 << 10): file.write(bomb.compress(b"\n" * (1 << 20)))
    file.write(bomb.flush())
