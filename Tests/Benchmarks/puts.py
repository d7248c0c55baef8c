#!/usr/bin/env python3
"""Durable puts a second: objects of 64 KiB over 8 connections, each answered when it would survive a power cut.

puts.py ENDPOINT    an emulator that is up, on a machine that is quiet
"""
import http.client, os, sys, threading, time, urllib.parse, uuid

SECONDS, WORKERS, SIZE = 6, 8, 65536
address = urllib.parse.urlparse(sys.argv[1]).netloc
name, content = "puts-" + uuid.uuid4().hex[:16], os.urandom(SIZE)
counts = [0] * WORKERS


def put(connection, path, body=b""):
    connection.request("PUT", path, body, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 200, said


def work(number):
    connection = http.client.HTTPConnection(address)
    while time.monotonic() < end:
        put(connection, f"/{name}/{number}/{counts[number]}", content)
        counts[number] += 1


put(http.client.HTTPConnection(address), "/" + name)
begin = time.monotonic()
end = begin + SECONDS
threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(f"{sum(counts) / (time.monotonic() - begin):.0f} puts/s of {SIZE} bytes over {WORKERS} connections")
