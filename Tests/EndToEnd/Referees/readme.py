#!/usr/bin/env python3
"""Runs every command that a page of the project shows, as it is printed.

    readme.py CUPEL PACKAGE_ROOT [--list]

The commands run in one folder with one emulator, in the order of the pages. An ID in a command stands for one of this run. What cannot
run here is in ELSEWHERE, by a pattern and with a reason; the rest of it is checked: a `make` target and a script must exist, and a command
for an account must be understood.
"""
import gzip, json, os, pathlib, re, shutil, signal, subprocess, sys, tempfile

PROGRAM = r"(\w+=(\"[^\"]*\"|\S+) )*(time )?(cupel|make|aws|pip|pytest|git|brew|docker|(\.build|\.venv[^/ ]*|infra|Tests)/\S+|[\w./-]+\.py)( |$)"


# A pattern of whole commands, and why these do not run here.
ELSEWHERE = {
    r"make (run|stream|build|test|package|dist|fuzz( SECONDS=\d+)?)( && .*)?": "builds for minutes; CI and the soak tests run it",
    r"make (deploy|destroy) ENV=dev": "needs an account; DeploymentTests run the scripts against the emulator",
    r"infra/replication \w+ prod": "needs a replication of DMS, which is not emulated; ReplicationTests run it against one that is played",
    r"cupel .*--profile prod --stack cupel-prod.*": "needs an account; that it is understood is checked",
    r"(AWS_\w+=\S+ )*\.build/release/change-capture .*": "needs a database; ChangeCaptureTests run it against PostgreSQL",
    r"pip install \./cupel-….whl .*": "PackageTests install the wheel",
    r"pytest": "ProjectTests run it in both examples",
    r"pip install boto3 aws-kinesis-agg": "fetches packages",
    r"ENDPOINT=\S+ python3 -m unittest .*": "takes minutes; FirehoseTests run the suite",
    r"python3\S* -m venv .*/pip install .*": "fetches packages",
    r"PATH=\$PWD/lambda/bin:\$PATH cupel up …": "needs those packages; LambdaTests run functions in Python",
    r"\.venv-scale/bin/python simulate\.py .*": "needs those packages; `make test` runs the model's own tests",
    r"Tests/Fuzz/fuzz\.py .*": "takes minutes; `make test` runs every target",
    r"\.venv/bin/python3 -B Tests/EndToEnd/Referees/package .*": "PackageTests run it",
    r"git clone \. /tmp/elsewhere && .*": "builds the packages twice",
}


def pages(root):
    """The first page first, since it makes what others look at."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    return sorted((page for page in listed if page != "CHANGELOG.md"), key=lambda page: (page != "README.md", page))


def blocks(text):
    """The lines of indented blocks, and of blocks that are fenced as commands."""
    block, fence, lines = [], None, text.splitlines()
    for position, line in enumerate(lines):
        if fence is None and (opened := re.match(r"```(\w*)", line)):
            fence = opened[1]
        elif fence is not None:
            if line.startswith("```"):
                fence = None
            elif fence in ("sh", "bash", "console"):
                block.append(line)
                continue
        elif line.startswith("    ") and (block or position == 0 or not lines[position - 1].strip()):
            block.append(line[4:])
            continue
        if block: yield block
        block = []
    if block: yield block


def is_open(command):
    """Whether the next line belongs to it, too."""
    bare = re.sub(r"\\.", "", command.rstrip("\\"))
    return command.endswith("\\") or bare.count('"') % 2 == 1


def commands(text):
    for block in blocks(text):
        if not any(re.match(PROGRAM, line) for line in block): continue
        command = ""
        for line in block:
            line = line if is_open(command) and not command.endswith("\\") else re.sub(r"\s{2,}#\s.*$", "", line).rstrip()
            command = command[:-1] + line.strip() if command.endswith("\\") else f"{command}\n{line}" if command else line
            if is_open(command): continue
            if command.strip() and not command.startswith("#"): yield command
            command = ""


class Session:
    """A folder with an emulator, as a reader of the pages would have them."""

    def __init__(self, folder, cupel, root):
        self.folder, self.cupel, self.root, self.emulator = folder, cupel, root, None
        (folder / ".build").mkdir()
        (folder / ".build/release").symlink_to(pathlib.Path(cupel).parent)
        for name in ["infra", "StateMachines"]: shutil.copytree(root / name, folder / name)
        (folder / "cupel.yaml").write_text("port: 0\n")
        (folder / "home/.aws").mkdir(parents=True)
        self.environment = {
            "PATH": f"{pathlib.Path(cupel).parent}:{root}/.venv/bin:{os.environ['PATH']}", "HOME": str(folder / "home"), "LANG": "C.UTF-8",
            "MASKING_KEY": "k" * 32,
            **{name: value for name, value in os.environ.items() if name in ("TMPDIR", "LD_LIBRARY_PATH")}}
        (folder / "masking.key").write_text("k" * 32)
        self.write_files()

    def write_files(self):
        """The files that the pages name, and five of beers, for five snapshots."""
        for table, rows in [("beer", 300), ("brewery", 40), ("profile", 100), ("review", 500)]:
            self.run(f"cupel generate --table {table} --rows {rows} -o .", check=True)
        (self.folder / "reviews").mkdir()
        (self.folder / "review.csv.gz").rename(self.folder / "reviews/2026-01.csv.gz")
        lines = gzip.decompress((self.folder / "beer.csv.gz").read_bytes()).splitlines(keepends=True)
        self.beers = []
        for number in range(5):
            (self.folder / f"beer-{number}.csv.gz").write_bytes(gzip.compress(b"".join(lines[:1] + lines[1 + number * 50:51 + number * 50])))
            self.beers.append(f"beer-{number}.csv.gz")
        (self.folder / "beer-broken.csv.gz").write_bytes(b"not gzip")
        orders = "orders_id,customer,amount,ordered_at\n1,Ann,12.50,2026-01-05T10:00:00Z\n2,Bob,7.25,2026-01-06T11:30:00Z\n"
        (self.folder / "orders.csv.gz").write_bytes(gzip.compress(orders.encode()))
        old = (self.root / "infra/contracts/beer.odcs.yaml").read_text()
        (self.folder / "OLD.odcs.yaml").write_text(old)
        (self.folder / "NEW.odcs.yaml").write_text(old)

    def run(self, command, check=False):
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600)
        if check and done.returncode != 0: raise SystemExit(f"{command}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def start(self, command):
        """Runs `cupel up`, instead of the one before."""
        self.stop()
        self.emulator = subprocess.Popen(["sh", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        printed = ""
        while "Ctrl-C" not in printed and (line := self.emulator.stdout.readline()): printed += line
        exports = [export for line in re.findall("export .*", printed) for export in re.findall(r"(AWS_\w+)=(\S+)", line)]
        self.environment.update(exports)
        return "AWS_ENDPOINT_URL" in dict(exports), printed

    def stop(self):
        if self.emulator is None: return
        self.emulator.send_signal(signal.SIGINT)
        self.emulator.communicate(timeout=120)
        self.environment.pop("AWS_ENDPOINT_URL", None)

    def follow(self, command):
        """A command without an end: it must show something, and end by Ctrl-C."""
        process = subprocess.Popen(["sh", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shown = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        return bool(shown), errors

    def fill(self):
        """Runs what the pages look at: beers in five steps, and a file that fails."""
        for file in self.beers + ["brewery.csv.gz", "profile.csv.gz", "beer.csv.gz"]: self.run(f"cupel run {file}", check=True)
        broken = self.run("cupel run beer-broken.csv.gz")
        if broken.returncode != 1: raise SystemExit(f"the broken file: {broken.returncode}: {broken.stdout}{broken.stderr}")

    def identifier(self, command):
        """The ID of a record, for one that the page made up: of one in error, or with --force of a success."""
        status = "success" if "--force" in command else "error"
        listed = json.loads(self.run(f"cupel status --status {status} --json", check=True).stdout)
        return listed["records"][0]["control_id"]

    def holds(self, command):
        """Whether the command does what the page says, and what it printed."""
        if re.match(r"\S*cupel up( |$)", command):
            is_first = self.emulator is None
            started = self.start(command)
            if started[0] and is_first: self.fill()
            return started
        if command.endswith("--follow"): return self.follow(command)
        made_up = re.search(r"\b[0-9a-f]{12}(?:[0-9a-f]{20})?\b", command)
        if made_up: command = command.replace(made_up[0], self.identifier(command)[:len(made_up[0])])
        done = self.run(command)
        return done.returncode == 0, done.stdout + done.stderr

    def is_understood(self, command):
        """Of a command that runs elsewhere: whether its target or program exists, and an account would be asked."""
        first = command.split()[0]
        if first == "make":
            makefile = (self.root / "Makefile").read_text()
            return re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE) is not None, "the Makefile has no such target"
        if re.match("(infra|Tests)/", first): return os.access(self.root / first, os.X_OK), f"{first} is no program"
        if "--profile prod" not in command: return True, ""
        # The emulator is asked, and has no such stack.
        (self.folder / "home/.aws/config").write_text(
            f"[profile prod]\nregion = us-east-1\nendpoint_url = {self.environment['AWS_ENDPOINT_URL']}\n"
            "aws_access_key_id = emulator\naws_secret_access_key = emulator\n")
        done = self.run(f"env -u AWS_ENDPOINT_URL {command}")
        return done.returncode != 2 and "cupel-prod" in done.stderr, done.stdout + done.stderr


def main(cupel, root):
    failures, count, used = 0, 0, set()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(pathlib.Path(folder), cupel, root)
        for page in pages(root):
            for command in commands((root / page).read_text()):
                pattern = next((pattern for pattern in ELSEWHERE if re.fullmatch(pattern, command, re.DOTALL)), None)
                used.add(pattern)
                holds, why = session.holds(command) if pattern is None else session.is_understood(command)
                failures, count = failures + (not holds), count + 1
                where = "" if pattern is None else f" ({ELSEWHERE[pattern]})"
                print(f"{'ok    ' if holds else 'FAILED'} {page}: {command}{where}{'' if holds else ': ' + why[-1500:]}", flush=True)
        session.stop()
    for pattern in ELSEWHERE.keys() - used:
        failures += 1
        print(f"FAILED no page has a command like {pattern}; remove it here")
    print(f"{count} commands")
    return failures > 0 or count == 0


if __name__ == "__main__":
    if "--list" in sys.argv:
        for page in pages(sys.argv[2]):
            for command in commands((pathlib.Path(sys.argv[2]) / page).read_text()): print(f"{page}: {command}")
    else:
        sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
