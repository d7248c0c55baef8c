"""AWS for the functions: DNS, and DynamoDB and S3 over HTTPS with certificates of a test authority."""
import http.server, json, pathlib, socket, socketserver, ssl, struct, subprocess, threading

import surroundings

REGION_HOSTS = "*.us-east-1.amazonaws.com"
# Host -> its address. A server with a certificate of its own listens at each.
ADDRESSES = {"expired.test": "127.0.0.2", "other-name.test": "127.0.0.3", "unknown.test": "127.0.0.4"}


class Names(threading.Thread):
    """DNS at 127.0.0.1:53: each host of AWS and of the tests has an IPv4 address; others do not exist."""

    def __init__(self):
        super().__init__(daemon=True)
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def run(self):
        while True:
            query, sender = self.socket.recvfrom(512)
            self.socket.sendto(self.answer(query), sender)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, (kind,) = ".".join(labels), struct.unpack("!H", query[at + 1:at + 3])
        question = query[12:at + 5]
        self.asked.append(name)
        address = "127.0.0.1" if name.endswith(".amazonaws.com") else ADDRESSES.get(name)
        records = b"" if not address or kind != 1 else (
            b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address))
        flags = 0x8180 if address else 0x8183  # an answer, recursion available; NXDOMAIN
        return query[:2] + struct.pack("!HHHHH", flags, 1, 1 if records else 0, 0, 0) + question + records


class Service(http.server.BaseHTTPRequestHandler):
    """The required part of DynamoDB: a table that stays empty, so that every put and every new state of a key succeeds, and every update of a record fails. One named
    `stall` does not answer."""
    protocol_version = "HTTP/1.1"
    calls = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        action = self.headers["x-amz-target"].split(".")[1]
        Service.calls.append((self.headers["host"], action, body))
        if body.get("TableName") == "stall": threading.Event().wait(3600)
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
        if "open_versions" in body.get("ExpressionAttributeNames", {}).values():
            state = {"schema_name": {"S": "dm_raw"}, "output_key": {"S": "bronze/beer/beer.parquet"}}
            self.answer(200, {"Attributes": body["Key"] | state})
        elif action == "UpdateItem":
            self.answer(400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"})
        else:
            self.answer(200, {"Items": [], "Count": 0, "ScannedCount": 0} if action == "Query" else {})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_): pass  # a client that refuses a certificate hangs up


class Authority:
    """A certificate authority for this run."""

    def __init__(self, folder, name):
        self.folder = folder
        folder.mkdir()
        (folder / "config").write_text(f"""
[ca]
default_ca = here
[here]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
""")
        (folder / "index").touch()
        (folder / "serial").write_text("01")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
                     "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE")

    @staticmethod
    def openssl(*command):
        return subprocess.run(["openssl", *command], check=True, capture_output=True, text=True).stdout

    @property
    def certificate(self):
        return (self.folder / "ca.pem").read_bytes()

    @property
    def hashed_name(self):
        return self.openssl("x509", "-noout", "-subject_hash", "-in", self.folder / "ca.pem").strip() + ".0"

    def issue(self, host, dates=()):
        """A server's certificate and key, as a TLS context."""
        stem = self.folder / host.replace("*", "any")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{stem}.key", "-out", f"{stem}.csr", "-subj", f"/CN={host}",
                     "-addext", f"subjectAltName=DNS:{host}")
        self.openssl("ca", "-batch", "-config", self.folder / "config", "-in", f"{stem}.csr", "-out", f"{stem}.pem",
                     *(dates or ["-days", "1"]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{stem}.pem", f"{stem}.key")
        return context


def serve(address, context):
    server = Server((address, 443), Service)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


known = Authority(surroundings.scratch / "known", "Known Authority")
unknown = Authority(surroundings.scratch / "unknown", "Unknown Authority")
names = Names()
serve("127.0.0.1", known.issue(REGION_HOSTS))
serve(ADDRESSES["expired.test"], known.issue("expired.test", ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]))
serve(ADDRESSES["other-name.test"], known.issue("somebody-else.test"))
serve(ADDRESSES["unknown.test"], unknown.issue("unknown.test"))
trusting = {"/etc/known.pem": known.certificate}
trust = {"AWS_CA_BUNDLE": "/etc/known.pem"}
