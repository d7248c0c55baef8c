"""`cupel up` as a process of its own, for benchmarks that start one."""
import atexit, pathlib, subprocess, time

stage, lake, control = "cupel-dev-stage-000000000000-us-east-1", "cupel-dev-lake-000000000000-us-east-1", "cupel-dev-control"


class Emulator:
    """An emulator on a free port, with the pipeline's functions from `binaries` and its state in `state`."""

    def __init__(self, binaries, state, *arguments, parameters=(), log=None):
        self.binaries = binaries
        log = log or state.parent / "log"
        command = [binaries / "cupel", "up", "--port", "0", "--data", state, "--functions", binaries, *arguments]
        for parameter in parameters: command += ["--parameter", parameter]
        with open(log, "w") as output: self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        atexit.register(self.process.terminate)
        while "http://127.0.0.1:" not in (text := pathlib.Path(log).read_text()):
            if self.process.poll() is not None: raise SystemExit(text or f"cupel up ended with {self.process.returncode}")
            time.sleep(0.01)
        self.endpoint = "http://127.0.0.1:" + text.split("http://127.0.0.1:")[1].split()[0]

    def client(self, service, **config):
        """A client of boto3, which takes its credentials from the environment."""
        import boto3
        from botocore.config import Config
        config = {"read_timeout": 900, **config}
        return boto3.client(service, endpoint_url=self.endpoint, config=Config(s3={"addressing_style": "path"}, **config))

    def catalog(self):
        """The tables of silver and gold, by pyiceberg."""
        from pyiceberg.catalog import load_catalog
        return load_catalog("benchmark", type="rest", uri=f"{self.endpoint}/iceberg", warehouse="", **{
            "s3.endpoint": self.endpoint, "s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"})

    def stop(self):
        self.process.terminate()
        self.process.wait()
