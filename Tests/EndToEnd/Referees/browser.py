"""Chromium opens pages that try to use an emulator: from another site, from a file, under a rebound name, and admitted.

    browser.py ENDPOINT PORT       PORT: of the pages; http://localhost:PORT is admitted by --allow-origin

Prints one line a page: its name, and what its script saw; then the topics that the pages have created.
"""
import http.server
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

endpoint, port = sys.argv[1], int(sys.argv[2])
# Names the service, as a presigned URL does.
topics = f"{endpoint}/?X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fsns%2Faws4_request"
PAGE = """<!doctype html><pre id="seen">nothing</pre><script>
// A simple request: the browser sends it without asking first, and hides the answer. Only the emulator can refuse it.
const post = name => fetch("%(topics)s", {method: "POST", mode: "no-cors",
    headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: "Action=CreateTopic&Version=2010-03-31&Name=" + name});
const read = () => fetch("%(endpoint)s/2015-03-31/functions").then(answer => answer.status + " " + answer.type);
(async () => {
    const posted = await post("from-%(name)s").then(answer => answer.type, () => "blocked");
    document.getElementById("seen").textContent = posted + ", " + await read().catch(() => "unreadable");
})();
</script>"""


def page(name):
    return PAGE % {"endpoint": endpoint, "topics": topics, "name": name}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = page(self.path.strip("/")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def open_page(name, address):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [os.environ.get("CUPEL_CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", f"--user-data-dir={profile}", "--host-resolver-rules=MAP *.example 127.0.0.1",
             "--virtual-time-budget=20000", "--timeout=60000", "--dump-dom", address],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            dom, errors = browser.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(browser.pid, signal.SIGKILL)
            sys.exit(f"{name}: Chromium does not end")
    seen = re.search(r'id="seen">([^<]*)<', dom)
    print(f"{name}: {seen[1] if seen else re.sub('<[^>]*>', ' ', dom).strip()[:200] or errors[-500:]}", flush=True)


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Pages)
threading.Thread(target=server.serve_forever, daemon=True).start()
open_page("elsewhere", f"http://evil.example:{port}/elsewhere")
with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
    file.write(page("file"))
    file.flush()
    open_page("file", f"file://{file.name}")
# Its name leads to the emulator itself, so the page would be of the same origin.
open_page("rebound", endpoint.replace("127.0.0.1", "rebound.example") + "/2015-03-31/functions")
open_page("admitted", f"http://localhost:{port}/admitted")

form = urllib.request.Request(topics, b"Action=ListTopics&Version=2010-03-31", {"Content-Type": "application/x-www-form-urlencoded"})
print("topics:", *sorted(re.findall(r":(from-\w+)<", urllib.request.urlopen(form).read().decode())))
