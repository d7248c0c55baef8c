#!/usr/bin/env python3
"""Builds the fuzz targets with AddressSanitizer and libFuzzer and runs each for some seconds: fuzz.py [--seconds N] [TARGET…]

Inputs begin with seeds that this script makes, the same ones each time; what libFuzzer adds is kept in .build/fuzz/corpus
and is where the next run goes on. With --repeatable each target takes its seeds and a number of inputs that
follow from them, the same ones on every machine, and keeps nothing. An input that breaks a promise is written to .build/fuzz/found and printed, and
the status is 1; `fuzz.py TARGET FILE` runs one input again.
"""
import argparse
import base64
import gzip
import io
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build/fuzz"
# gold, the default, cannot link the sanitizer's symbols.
FLAGS = ["-c", "release", "--scratch-path", str(BUILD), "-Xswiftc", "-sanitize=fuzzer,address", "-Xswiftc",
         "-enable-testing", "-Xcc", "-fsanitize=fuzzer-no-link,address", "-Xswiftc", "-use-ld=lld"]
# The longest input that a target is worth trying with, and how many take about ten seconds.
TARGETS = {"contract": (4096, 20_000), "csv": (2048, 3_000), "firehose": (4096, 20_000), "gzip": (4096, 60_000),
           "gzip-header": (300, 60_000), "iceberg": (6000, 30_000), "json": (2048, 60_000), "json-policy": (1024, 9_000), "ndjson": (2048, 3_500),
           "parquet": (4096, 30_000), "pattern": (300, 40_000), "pgoutput": (512, 200_000), "request": (1024, 60_000),
           "jsonata": (400, 20_000), "state-machine": (2048, 1_000), "template": (4096, 5_000)}


def csv_seeds():
    header = b"i,l,n,d,f,m,w,b,y,t,u,j,o,p,s\n"
    row = (b"1,-9223372036854775808,7,1e-7,0.5,12.34,99999999999999.9999,true,2024-02-29,2024-02-29T23:59:59.123456+05:30,"
           b'123e4567-e89b-12d3-a456-426614174000,"{""a"":[1]}","{""a"":1,""b"":""x""}","[{""a"":[""2024-02-29""]}]",')
    yield header + row + b'"a ""quoted""\ntext"\r\n' + row + b"\n"
    yield header + b"+1, 2,-0,NaN,-inf,.5,1.,t,0001-01-01,9999-12-31 00:00:00Z,,[],{},[null],\xc3\xa9\n" + b"2" + b"," * 14 + b'""\n'
    yield b"\xef\xbb\xbf" + b's,"i",unknown\r\n"x",7,more\r\n\r\n,,\n"open,1,2\n'
    yield b"i\n1\n\n2\n\"3\"\n"
    yield row + b"\xff\xfe\x00\n" + row + b"x" * 400 + b"\n"
    # Found: more of a row that was too long was told where more of it was in memory.
    yield zlib.decompress(base64.b64decode(
        "eNq1kd1KxDAQhfd6wXeQc+tJSSa/7dU+hHdLL1oaQVHXnxZXZJ/NVzOLaP0BFcVDSGYyh5D55pTnvOTAE64ueMee9xw58YwbXvF2aahqEWujaB"
        "uSdzH6pBMjTVaRuvI0UlnH+p2q/cbxZsoULU5pUVK/CY/FNr4uqzJinQ9H2jdWl6dsLllUOdW9MjJYtfidVos/qSu/UE5CMM5Ep7UmHoAOaNam"
        "3eE1MwT6cgJbYH+/frEBz92G0i3Q7tpS7A6B6zmaNmMegDTm7YiDD6QLah/jTPqz+fEL90/m8q9jmwF+S0hmQssnL1h6lw=="))


def request_seeds():
    yield b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nx-y: \t a b \t\r\n\r\nhelloGET / HTTP/1.0\r\nConnection: Keep-Alive, x\r\n\r\n"
    yield b"PUT * HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n3;a=b\r\nabc\r\n00B \r\n0123456789\n\r\n0\r\nT: t\r\n\r\n"
    yield b"\r\nDELETE http://h/p HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\nX" + b"y" * 600


def ndjson_seeds():
    row = {"i": 1, "l": -2**63, "d": 1e-7, "f": 0.5, "m": 12.34, "b": True, "y": "2024-02-29",
           "u": "123e4567-e89b-12d3-a456-426614174000", "j": {"x": [1, "é"]}, "o": {"a": 1, "b": "x", "c": None},
           "p": [{"a": ["2024-02-29", None]}, None, {}], "q": {"a": 7, "more": True},
           "t": "2024-02-29T23:59:59.123456Z", "s": 'é "quoted" \\ \n 😀'}
    line = json.dumps(row).encode()
    yield line + b"\n" + json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n"
    yield b'{"i":1,"l":"9223372036854775807","d":"1e400","m":"1.005","b":"f","i":2}\n{"i":null}\n[1]\n"x"\n\n 1 \n'
    yield b'{"i":1,"o":{"b":"x","a":"y"},"p":[{"a":[1]}]}\n{"i":2,"o":null,"p":[],"q":null,"o":{"b":"\\u00e9"}}\n{"i":3,"q":1,"o":[]}\n'
    yield b'{"i":1,"more":{"a":[1,2,{"b":null}]},"operation":"delete","_cdc_sequence":"7"}\n' + line[:-1]
    yield b'{"i":1,"s":"\\ud800","\\u0069":2,"s":"\\u0000\\/\\b"}\n{"i":1e0,"l":1.0,"d":-0}\n' + b"[" * 300
    yield b"\xef\xbb\xbf" + line + b"\n" + b'{"i":1,"s":"' + b"x" * 400 + b'"}\n{"i":3}'
    yield b'{"l":1,"operation":"delete"}\n{"operation":"truncate"}\n{"l":1,"operation":"update"}\n{"l":1}\n'


def json_seeds():
    yield b'{"a":[1,-0.5e+7,true,null,"\\u00e9\\ud83d\\ude00 \\ud800"],"":{"b\\\\":[[],{}]},"a":false}'
    yield b" [ 0 , -0 , 0.10 , 1E400 , 123456789012345678901234567890 ]\r\n\t"
    yield b'"' + "é葉😀".encode() + b'\\"\\\\\\/\\b\\f\\n\\r\\t"'
    yield b"[" * 401 + b"]" * 401


def json_policy_seeds():
    for path in sorted((ROOT / "Tests/Fixtures/json").glob("*.json")):
        text = path.read_bytes()
        yield text if text.startswith(b"{") else b'{"s":' + text + b"}"
    yield b'{"a":' * 400 + b"1" + b"}" * 400
    yield b'{"a":' + b"[" * 400 + b"]" * 400 + b"}"
    yield b' { "s" : "\"\\\/\b\f\n\r\t\u0000" , "u" : [ -0.5e+7 , true , false , null , {} ] }\r'


def firehose_seeds():
    def envelope(**parts):
        metadata = {"timestamp": "2025-07-01T00:00:00Z", "record-type": "data", "operation": "insert",
                    "partition-key-type": "schema-table", "schema-name": "dm_core", "table-name": "beer", "transaction-id": 7}
        return {"data": {"beer_id": 1, "beer_name": "Kölsch"}, "metadata": {**metadata, **parts}}
    good = [json.dumps(envelope(), ensure_ascii=False), json.dumps(envelope(operation="delete"), indent=1),
            json.dumps(envelope(**{"record-type": "control"})), json.dumps(envelope(**{"table-name": "wine"})),
            json.dumps({"metadata": envelope()["metadata"], "data": {}}), '{"data":{"operation":1}}', "no"]
    yield "\0".join(good).encode()
    for text in good:
        yield text.encode()
    data = [base64.b64encode(text.encode()).decode() for text in good]
    yield json.dumps({"invocationId": "i", "records": [
        {"recordId": f'{n}"\\é', "data": text, "kinesisRecordMetadata": {"sequenceNumber": "49"}}
        for n, text in enumerate(data)]}).encode()
    yield json.dumps({"records": [{"recordId": "a", "data": "a==="}]}).replace("/", "\\/").encode()


def gzip_seeds():
    chance = random.Random(7)
    def member(data, level=6, **fields):
        file = io.BytesIO()
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=level, mtime=0, **fields) as writer:
            writer.write(data)
        return file.getvalue()
    text = b"".join(b"%d,line %d\n" % (n, n * 7919 % 100) for n in range(200))
    noise = bytes(chance.randrange(256) for _ in range(300))
    yield member(text)
    yield member(text, 9, filename="name.csv") + member(b"") + member(noise, 1)
    yield member(noise, 0)
    yield member(b"a" * 100_000)
    yield member(text)[:-5]
    yield member(text) + b"\0\0garbage"
    for header in gzip_header_seeds():
        yield header + member(b"x")[10:]
    # Found: a header's wrong checksum, accepted where the header came in pieces.
    yield base64.b64decode(
        "H4sIFgAAAAAA/wQAYWIAAGNvbW1lbnRAwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBAKsAAIMW3IwBAAAA")
    # Found: a set of codes that is not complete, which ISA-L reads since it needs none of those missing.
    letters = bytearray(member(b"a" * 100_000))
    letters[25] ^= 8
    yield bytes(letters)


def gzip_header_seeds():
    for flags in range(0, 32, 2):
        header = b"\x1f\x8b\x08" + bytes([flags]) + b"\x01\x02\x03\x04\x00\xff"
        header += (b"\x04\x00ab\x00\x00" if flags & 4 else b"") + (b"name\0" if flags & 8 else b"")
        header += b"comment\0" if flags & 16 else b""
        yield header + (zlib.crc32(header).to_bytes(4, "little")[:2] if flags & 2 else b"")


def contract_seeds():
    for path in sorted((ROOT / "infra/contracts").glob("*.odcs.yaml")):
        yield path.read_bytes()[:TARGETS["contract"][0]]
    yield (b"{apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, customProperties: [{property: "
           b"quarantineShare, value: .5}], schema: [{name: t, properties: [{name: a, logicalType: number, physicalType: "
           b"'decimal(9,2)', primaryKey: true, partitioned: true, customProperties: [{property: fieldId, value: 7}]}, "
           b"{name: b, logicalType: string, customProperties: [{property: masking, value: hash}], quality: [{metric: "
           b"invalidValues, arguments: {validValues: [x], pattern: '^a'}, mustBeBetween: [0, 1], unit: percent}]}]}]}")
    yield b"a: &a [1, *a]\nb: !!str {? x : y}\n<<: *a\n--- \n...\n"
    yield b"a: |+\n  text\n\nb: >-\n  more\nc: \"\\u00e9\\x41\"\nd: 'it''s'\n"


def parquet_seeds():
    for path in sorted((ROOT / "Tests/Fixtures/parquet/seeds").glob("*.parquet")):
        yield path.read_bytes()


def iceberg_seeds():
    """A manifest and its list as pyiceberg 0.12 writes them, and a table's metadata."""
    for path in sorted((ROOT / "Tests/Fixtures/iceberg").glob("*.avro")): yield path.read_bytes()
    fields = [{"id": 1, "name": "id", "required": True, "type": "long"},
              {"id": 2, "name": "d", "required": False, "type": "decimal(9, 2)"},
              {"id": 3, "name": "s", "required": False, "type": {"type": "struct", "fields": [
                  {"id": 4, "name": "l", "required": False, "type": {
                      "type": "list", "element-id": 5, "element": "string", "element-required": False}},
                  {"id": 6, "name": "m", "required": False, "type": {
                      "type": "map", "key-id": 7, "key": "string", "value-id": 8, "value": "fixed[3]", "value-required": True}}]}}]
    yield json.dumps({
        "format-version": 2, "table-uuid": "u", "location": "s3://lake/t", "last-sequence-number": 1, "last-updated-ms": 1,
        "last-column-id": 8, "schemas": [{"type": "struct", "schema-id": 0, "identifier-field-ids": [1], "fields": fields}],
        "current-schema-id": 0, "partition-specs": [{"spec-id": 0, "fields": [
            {"source-id": 1, "field-id": 1000, "name": "id_bucket", "transform": "bucket[16]"}]}], "default-spec-id": 0,
        "current-snapshot-id": 5, "snapshots": [{"snapshot-id": 5, "timestamp-ms": 1, "sequence-number": 1, "summary": {
            "operation": "append"}, "manifest-list": "s3://lake/t/l.avro", "schema-id": 0}],
        "properties": {"a": "b"}}).encode()


def pattern_seeds():
    for expression, text in [
            ("^[A-Z]{2,3}$", "DEU"), ("^(?:ab|a)(c|bcd)*$", "abcdbcd"), ("^(?<year>\\d{4})-(0[1-9]|1[0-2])$", "2026-12"),
            ("[^ä-ü東\\s]+?\\.$", "x."), ("\\u{1F600}\\uD83D\\uDE00|\\x41[\\]\\-\\b^]", "😀😀"), ("(a*)*(.?){0,9}b", "aaab"),
            ("^$|[]|[^]|\\W\\D\\S\\0\\t\\$", "\u2028"), ("a{,3}", "a{,3}"),
            ("a{2}?(^b|c$){3,}", "aac"), ("(?:^a)?b", "cb"), ("(^|,)b($|,)", "a,b")]:
        yield f"{expression}\0{text}".encode()


def pgoutput_seeds():
    """Messages as PostgreSQL 15.18 sent them; those of PgOutputTests."""
    text = (ROOT / "Tests/Unit/PostgresReplicationTests/PgOutputTests.swift").read_text()
    for digits in re.findall(r'"((?:[0-9a-f]{2})+)"', text): yield bytes.fromhex(digits)
    yield b"w" + bytes(24) + bytes.fromhex("49000040244e00027400000001316e")
    yield b"k" + bytes(16) + b"\1"


def jsonata_seeds():
    document = json.dumps({"a": [{"b": 1, "c": "x"}, {"b": 2.5, "c": None}], "o": {"k": [1, [2, 3]], "é": True}, "n": -0.0})
    for text in ("$d.a[b > 1].c ~> $uppercase()", "$sum($d.a.b) & '-' & $string($d.o)", "$d.a^(>b){c: $count($)}",
                 "($f := function($x) { $x < 2 ? 1 : $x * $f($x - 1) }; $f(9))", "[1..5][$ % 2 = 0].($ * -1)",
                 "$map($d.o.k, $string) ~> $join('|')", "$d ~> |a|{'z': 1}, ['b']|", "$d.a@$i.o#$p.%.b",
                 "$replace('abc', /(b)(c)?/, '$2$1')", "$fromMillis(1e12, '[Y]-[M01]-[D1o] [H#1]:[m][Z]', '+0530')",
                 "$formatNumber(-1234.567, '#,##0.00;(#)')", "$formatInteger(1999, 'I') & $parseInteger('12', '#0')",
                 "$round(2.345, 9223372036854775807)", "[-9223372036854775808..9223372036854775807]",
                 "$zip([1,2],[3]) ~> $append($range(0, 9, 3)) ~> $reverse() ~> $partition(2)", "$power(2, 0.5) / 0",
                 "$lookup($d, 'o').**.*[-1] ?: $exists(x) ?? $uuid()", "$sift($d, function($v, $k) { $k in ['a'] })"):
        yield f"{text}\0{document}".encode()


def state_machine_seeds():
    given = json.dumps({"n": 9223372036854775807, "items": [1, {"a": [2, "x"]}, None], "t": "2030-01-01T00:00:00Z", "s": "a,b"})
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "TimeoutSecondsPath": "$.n", "ResultPath": "$.r.x",
            "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 9, "MaxAttempts": 3, "BackoffRate": 1e9, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "ResultPath": "$.e"}], "Next": "B"}
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": {"v.$": "$$.Map.Item.Index"}, "End": True}}}
    states = [
        {"Type": "Pass", "Parameters": {"a.$": "States.Format('{} {}', $.s, States.ArrayRange(0, $.n, 1))", "b.$": "$.items[?(@.a)]"},
         "ResultPath": "$.p", "Next": "B"},
        {"Type": "Wait", "SecondsPath": "$.n", "Next": "B"}, {"Type": "Wait", "Timestamp": "2100-01-01T00:00:00+05:30", "Next": "B"},
        {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.n", "NumericGreaterThan": 1}, {"Not": {"Variable": "$.s", "StringMatches": "a*"}}],
                                        "Next": "B"}, {"Variable": "$.t", "TimestampLessThanEqualsPath": "$.t", "Next": "A"}], "Default": "B"},
        {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrencyPath": "$.n", "ItemProcessor": inner, "Next": "B"},
        {"Type": "Map", "ItemsPath": "$.items", "ToleratedFailurePercentage": 10, "ItemBatcher": {"MaxItemsPerBatchPath": "$.n"}, "Label": "l",
         "ItemProcessor": {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "Next": "B"},
        {"Type": "Parallel", "Branches": [inner, {"StartAt": "J", "States": {"J": {"Type": "Fail", "ErrorPath": "$.s"}}}], "Next": "B"},
        task, {**task, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {"t.$": "$$.Task.Token"}},
        {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"v": "{% $states.input.items[1].a %}"}, "Output": {"o": "{% $sum([1..9]) %}"}, "Next": "B"},
    ]
    for state in states:
        yield json.dumps({"StartAt": "A", "TimeoutSeconds": 99999999, "States": {"A": state, "B": {"Type": "Succeed"}}}).encode() + b"\0" + given.encode()
    for path in sorted((ROOT / "StateMachines").glob("*.json")):
        yield path.read_bytes()[:TARGETS["state-machine"][0]]


def template_seeds():
    yield b"""Parameters: {P: {Type: String, Default: a}, L: {Type: CommaDelimitedList, Default: 'a, b'}, N: {Type: 'List<AWS::EC2::Subnet::Id>'}}
Mappings: {M: {a: {b: c, d: [e, f]}}}
Conditions: {C: !Equals [!Ref P, a], D: !Or [!Condition C, !Not [!Condition C]]}
Resources:
  Group: {Type: AWS::X::Group, Condition: D, Properties: {A: !If [C, !Ref P, !Ref AWS::NoValue], B: !FindInMap [M, !Ref P, b]}}
  T: {Type: AWS::S3::Bucket, DependsOn: Group, Properties: {A: !GetAtt Group.Arn, B: !Join ['-', !Ref L], C: !Select [1, !Split [',', 'a,b']]}}
  U: {Type: AWS::IAM::Role, DeletionPolicy: Retain, Properties: {A: !Sub ['${P} ${V} ${!L} ${T.Arn}', {V: !Base64 x}], B: !Cidr [10.0.0.0/16, 4, 8]}}
  V: {Type: AWS::KMS::Key, Properties: {A: {Fn::ToJsonString: {a: !GetAZs ''}}, B: {Fn::Length: !Ref N}}}
Outputs: {O: {Value: !Ref U, Condition: C}}
"""
    yield b'{"Resources": {"A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}}, "Group": {"Type": "X::Y::Group"}}}'
    yield b"Resources: {A: {Type: X::Y::Z, Properties: {V: !Ref B}}, B: {Type: X::Y::Z, Properties: {V: !GetAtt [A, Arn]}}}"
    # Found: a promise that a stack has resources, which conditions may all leave out.
    yield b"Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, b]}\nResources: {R: {Type: AWS::S3::Bucket, Condition: C}}"
    yield b"Mappings: {M: {a: {b: !FindInMap [M, a, b]}}}\nConditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {R: {Type: A}}"
    for path in sorted((ROOT / "infra").glob("*.yaml")):
        yield path.read_bytes()[:TARGETS["template"][0]]


def run(name, options, results):
    with tempfile.TemporaryDirectory(dir=BUILD) as fresh:
        corpus, found = pathlib.Path(fresh) if options.repeatable else BUILD / "corpus" / name, BUILD / "found"
        for folder in (corpus, found):
            folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(globals()[f"{name.replace('-', '_')}_seeds"]()):
            (corpus / f"seed-{number}").write_bytes(seed)
        print(f"> {name}", flush=True)
        length, inputs = TARGETS[name]
        amount = [f"-runs={inputs}", "-seed=1"] if options.repeatable else [f"-max_total_time={options.seconds}"]
        status, output = fuzz(name, options.seconds, [*amount, f"-max_len={length}", "-timeout=120",
                                                      "-rss_limit_mb=1024", "-detect_leaks=0",
                                                      f"-artifact_prefix={found}/{name}-", str(corpus)])
    results[name] = status
    lines = [line for line in output.splitlines() if not line.startswith(("#", "INFO"))]
    if status == 0:
        print(f"{name}: held, {lines[-1]}", flush=True)
        return
    print(f"{name}: BROKE, status {status}\n" + "\n".join(lines[-40:]), flush=True)
    for line in lines:
        path = pathlib.Path(line.rpartition("written to ")[2])
        if "written to " in line and path.exists():
            print(f"the input, in base64: {base64.b64encode(path.read_bytes()).decode()}")
    print("\n".join(line for line in lines if line.startswith("fuzz: ")), flush=True)


def fuzz(name, seconds, arguments):
    # The symbolizer can outlive a crash and keep the pipe open, so neither it nor Swift's own runs.
    # The order of a set, and with it what libFuzzer learns, would be another one each time.
    environment = {**os.environ, "CUPEL_FUZZ_TARGET": name, "SWIFT_BACKTRACE": "enable=no",
                   "SWIFT_DETERMINISTIC_HASHING": "1", "ASAN_OPTIONS": "symbolize=0:detect_leaks=0"}
    command = ["timeout", "-k", "5", str(seconds + 900), str(BUILD / "release/Fuzz"), *arguments]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target, two at a time")
    parser.add_argument("--repeatable", action="store_true", help="a fixed number of inputs, the same ones each time")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    build = subprocess.run(["infra/step", "Building the fuzzers", "swift", "build", *FLAGS, "--product", "Fuzz"], cwd=ROOT,
                           env={**os.environ, "CUPEL_FUZZING": "1"})
    if build.returncode != 0:
        sys.exit(1)
    files = [word for word in options.targets if word not in TARGETS]
    if files:
        status, output = fuzz(options.targets[0], options.seconds, files)
        print(output)
        sys.exit(1 if status else 0)
    waiting, results = list(options.targets or TARGETS), {}
    def work():
        while waiting:
            run(waiting.pop(0), options, results)
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wanted = options.targets or TARGETS
    sys.exit(0 if all(results.get(name) == 0 for name in wanted) else 1)


main()
