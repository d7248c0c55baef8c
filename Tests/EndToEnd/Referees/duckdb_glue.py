#!/usr/bin/env python3
"""duckdb_glue.py ENDPOINT TABLE: DuckDB's ENDPOINT_TYPE glue, which knows Glue and S3 by their names alone.

As root: in a mount namespace of its own the names are those of this machine, where TLS ends and all goes on to the emulator. DuckDB
reads the silver table, then makes a table and writes to it. -> {"rows": of the silver table, "written": rows, "signed": requests with
a signature for glue}
"""
import importlib.metadata, json, os, socket, ssl, subprocess, sys, tempfile, threading

if os.environ.get("CUPEL_INSIDE") != "1":
    os.environ["CUPEL_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
import boto3, duckdb
from botocore.config import Config

endpoint, table = sys.argv[1:]
port, folder, address = int(endpoint.rsplit(":", 1)[1]), tempfile.mkdtemp(), "127.0.0.9"
names = ["glue.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"]
with open(f"{folder}/hosts", "w") as file: file.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name in names))
subprocess.run(["mount", "--bind", f"{folder}/hosts", "/etc/hosts"], check=True)
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-days", "2",
                "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)], check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
signed = []


def copy(source, sink, counts):
    try:
        while data := source.recv(65536):
            if counts and b"/us-east-1/glue/aws4_request" in data: signed.append(1)
            sink.sendall(data)
    except OSError: pass
    for end in (source, sink):
        try: end.shutdown(socket.SHUT_RDWR)
        except OSError: pass


def serve(listener, secured):
    while True:
        client, _ = listener.accept()
        try: client = context.wrap_socket(client, server_side=True) if secured else client
        except OSError: continue
        server = socket.create_connection(("127.0.0.1", port))
        for ends in ((client, server, True), (server, client, False)): threading.Thread(target=copy, args=ends, daemon=True).start()


for number, secured in ((80, False), (443, True)):
    threading.Thread(target=serve, args=(socket.create_server((address, number)), secured), daemon=True).start()
connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
for name in ("avro", "httpfs", "iceberg"):
    files = importlib.metadata.files(f"duckdb_extension_{name}")
    connection.execute(f"LOAD '{next(str(f.locate()) for f in files if str(f).endswith('.duckdb_extension'))}'")
connection.execute(f"SET ca_cert_file = '{folder}/certificate.pem'")
connection.execute("CREATE SECRET s (TYPE s3, KEY_ID 'test', SECRET 'test', REGION 'us-east-1', URL_STYLE 'path')")
connection.execute("ATTACH '000000000000' AS lake (TYPE iceberg, ENDPOINT_TYPE glue, SECRET s)")
rows = connection.execute(f"SELECT count(*) FROM lake.dm_silver.{table}").fetchone()[0]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
                  config=Config(s3={"addressing_style": "path"}))
bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "-lake" in b["Name"])
connection.execute("CREATE SCHEMA lake.by_duckdb")
connection.execute(f"CREATE TABLE lake.by_duckdb.t (a BIGINT, b VARCHAR) WITH (location = 's3://{bucket}/by-duckdb/t')")
connection.execute("INSERT INTO lake.by_duckdb.t VALUES (1, 'x'), (2, 'y')")
written = connection.execute("SELECT count(*), max(b) FROM lake.by_duckdb.t").fetchone()
assert written == (2, "y"), written
print(json.dumps({"rows": rows, "written": written[0], "signed": len(signed)}), flush=True)
os._exit(0)
