"""Shared by all checks: the list of checks, an empty root for a program, and its own loopback network."""
import contextlib, ctypes, fcntl, http.client, json, os, pathlib, platform, shutil, socket, struct, subprocess, sys, time

packages, rie = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
functions = ["bronze-writer", "compute-router", "control-recorder", "firehose-transform", "gold-build", "lake-maintenance", "replayer", "silver-merge"]
tasks = ["bronze-writer", "change-capture", "gold-build", "silver-merge"]
programs = sorted({*functions, *tasks})
environment = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
               "CONTROL_TABLE": "control", "STAGE_BUCKET": "stage", "LAKE_BUCKET": "lake"}
NOBODY = 65534
libc = ctypes.CDLL(None, use_errno=True)
scratch = None
checks = []


def check(function):
    checks.append(function)
    return function


def prepare(folder):
    global scratch
    scratch = pathlib.Path(folder)
    for path in [packages / "SHA256SUMS", rie]:
        if not path.exists(): sys.exit(f"FAILED everything: {path} is missing; `make package` makes packages, `infra/setup test` gets the emulator")
    # What is mounted from here on stays in this namespace.
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", scratch], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


class Root:
    """A root file system with only a function, /proc, four devices, and an empty /tmp; everything else is read-only.

    `files` are added to it, by path; those called bootstrap or as a task, the engine and the loader can be run. The program runs as nobody (or, where a user's namespace has only one user, as that one),
    without capabilities.
    """
    number = 0

    def __init__(self, function, files={}):
        Root.number += 1
        self.path = scratch / f"root{Root.number}"
        for folder in ["dev", "proc", "tmp", "var/task"]: (self.path / folder).mkdir(parents=True)
        mount("-t", "tmpfs", "tmpfs", self.path)
        for folder in ["dev", "proc", "tmp", "var/task"]: (self.path / folder).mkdir(parents=True, exist_ok=True)
        if function: shutil.copytree(packages / function, self.path / "var/task", dirs_exist_ok=True)
        (self.path / "rie").touch()
        mount("--bind", rie, self.path / "rie")
        for device in ["null", "zero", "random", "urandom"]:
            (self.path / "dev" / device).touch()
            mount("--bind", f"/dev/{device}", self.path / "dev" / device)
        for name, content in files.items():
            target = self.path / name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
            if target.name in ["bootstrap", "duckdb", *tasks] or target.name.startswith("ld-linux"): target.chmod(0o755)
        mount("-t", "proc", "proc", self.path / "proc")
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", self.path / "tmp")
        mount("-o", "remount,bind,ro", self.path)

    def _enter(self):
        os.chroot(self.path)
        os.chdir("/var/task")
        for capability in range(64): libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS

    def start(self, command, variables={}, **options):
        return subprocess.Popen(command, env=variables, preexec_fn=self._enter, **options)

    def run(self, command, variables={}):
        return subprocess.run(command, env=variables, preexec_fn=self._enter, capture_output=True, text=True, timeout=900)


class Function:
    """A function under AWS's Runtime Interface Emulator. Inside the context it can be invoked."""
    port = 9100

    def __init__(self, name, variables={}, files={}, without=(), timeout=600, root=None):
        self.root = root or Root(name, files)
        self.variables = {key: value for key, value in (environment | variables).items() if key not in without}
        self.variables["AWS_LAMBDA_FUNCTION_TIMEOUT"] = str(timeout)
        Function.port += 2
        self.port = Function.port

    def __enter__(self):
        self.log_path = scratch / f"log{self.port}"
        self.process = self.root.start(
            ["/rie", "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
             "--runtime-api-address", f"127.0.0.1:{self.port + 1}", "/var/task/bootstrap"],
            self.variables, stdout=open(self.log_path, "wb"), stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 600
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)): return self
            assert self.process.poll() is None and time.monotonic() < deadline, f"the emulator did not start: {self.log}"
            time.sleep(0.01)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def invoke(self, event):
        """The answer as JSON, or the emulator's own message as text. (A handler's error also has status 200.)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=900)
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        connection.request("POST", "/2015-03-31/functions/function/invocations", body)
        answer = connection.getresponse().read()
        connection.close()
        try: return json.loads(answer)
        except ValueError:
            expect(answer, f"no answer; log: {self.log[-1500:]}")
            return answer.decode(errors="replace")

    def starts(self):
        """The number of processes of the function that were started."""
        return self.log.count("(rapid) exec ")


def expect(holds, saw):
    assert holds, f"saw {saw}"
