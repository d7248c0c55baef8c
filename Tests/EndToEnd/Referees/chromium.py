"""Drives headless Chromium by its DevTools protocol over pipes: pages, keys, text and the accessibility tree."""
import base64
import itertools
import json
import os
import select
import signal
import subprocess
import tempfile
import time


class Chromium:
    """One browser with one page."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read_end, self.commands = os.pipe()
        self.answers, write_end = os.pipe()

        def pipes():
            # Chromium reads from 3 and writes to 4. The copies are above both, so that neither is overwritten.
            read_copy, write_copy = os.dup(read_end), os.dup(write_end)
            os.dup2(read_copy, 3)
            os.dup2(write_copy, 4)
            os.set_inheritable(3, True)
            os.set_inheritable(4, True)

        self.process = subprocess.Popen(
            [os.environ.get("CUPEL_CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe", "--hide-scrollbars",
             f"--user-data-dir={self.profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            start_new_session=True, preexec_fn=pipes)
        os.close(read_end)
        os.close(write_end)
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.events = []
        target = next(found for found in self.send("Target.getTargets")["targetInfos"] if found["type"] == "page")
        self.session = None
        self.session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"]:
            self.send(f"{domain}.enable")

    def send(self, method, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(120)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium does not answer")
            piece = os.read(self.answers, 1 << 16)
            if not piece:
                raise RuntimeError("Chromium has ended")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def evaluate(self, script):
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", str(answer)))
        return answer["result"].get("value")

    def wait(self, script, what, seconds=600):
        """Waits until a script answers something true, and returns that. The time is for a page that never comes, not for a slow machine."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                found = self.evaluate(script)
            except RuntimeError:
                # The page is changing.
                found = None
            if found:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: {self.evaluate('document.body.innerText')[:2000]}")
            time.sleep(0.05)

    def open(self, address):
        self.evaluate("window.isOld = true")
        self.send("Page.navigate", url=address)
        self.wait("!window.isOld && document.readyState === 'complete'", address)

    def text(self):
        return self.evaluate("document.body.innerText")

    def press(self, key, text=None):
        codes = {"Tab": 9, "Enter": 13}
        event = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        if text:
            event["text"] = text
        self.send("Input.dispatchKeyEvent", type="keyDown", **event)
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def size(self, width, height=900, dark=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def keep(self, folder):
        """Files that pages offer are stored in a folder, without a question."""
        session, self.session = self.session, None
        self.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
        self.session = session

    def kept(self, folder, name, seconds=600):
        """The bytes of a file that was stored, once it is whole."""
        path, deadline = os.path.join(folder, name), time.monotonic() + seconds
        while not os.path.exists(path) or any(other.endswith(".crdownload") for other in os.listdir(folder)):
            # Answers of the browser are read, or it stops writing them.
            self.evaluate("1")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} is not stored: {os.listdir(folder)}")
            time.sleep(0.05)
        with open(path, "rb") as file:
            return file.read()

    def picture(self, path):
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=False)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the browser's console and log say of the pages: errors of scripts, refusals of the policy."""
        found = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                found.append(event["params"]["exceptionDetails"].get("exception", {}).get("description", "exception"))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"] + " " + event["params"]["entry"].get("url", ""))
        return found

    def hosts(self):
        """Everything that was asked for."""
        return {event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"}

    def unnamed(self):
        """What a screen reader could use and cannot name, by the browser's accessibility tree."""
        roles = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "region", "table", "image", "img", "navigation"}
        found = []
        for node in self.send("Accessibility.getFullAXTree")["nodes"]:
            role = node.get("role", {}).get("value")
            if not node.get("ignored") and role in roles and not node.get("name", {}).get("value"):
                if role == "table":
                    continue
                found.append(role)
        return found

    def violations(self, axe):
        """What axe-core finds against the rules of accessibility; `axe` is its script."""
        self.evaluate(axe + "; null")
        found = self.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(answer => "
            "answer.violations.flatMap(rule => rule.nodes.slice(0, 3).map(node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`)))")
        return found

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.profile.cleanup()
