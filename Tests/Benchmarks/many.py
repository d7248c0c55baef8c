#!/usr/bin/env python3
"""Thousands of small files through `cupel run`: files a second, and what a file costs.

    many.py BINARIES [COUNT...] [--rows 20] [--until bronze] [--records]

Each count is one run of so many files in a new folder, with the emulator's start and stop. CPU is that of all processes:
cupel, the emulator and the functions, as the kernel counts them for children that have ended. CPU says more than the clock
while the machine does other work.
"""

import argparse
import gzip
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def make(folder: Path, count: int, rows: int) -> int:
    """Files of two tables, each with keys of its own. Returns their rows."""
    for number in range(count):
        table = ("beer", "brewery")[number % 2]
        first = number * rows
        if table == "beer":
            lines = ["beer_id,brewery_id,beer_name,beer_style,beer_abv"]
            lines += [f"{first + row},{row},Beer {first + row},Pilsner,4.{row % 10}" for row in range(rows)]
        else:
            lines = ["brewery_id,brewery_name"]
            lines += [f"{first + row},Brewery {first + row}" for row in range(rows)]
        path = folder / f"{table}-{number:06}.csv.gz"
        path.write_bytes(gzip.compress("\n".join(lines + [""]).encode(), 6))
    return count * rows


def peak_memory(root: int, peaks: dict[str, int]) -> None:
    """The most resident kB of the emulator so far, from the processes below `root`."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            if b"up" not in command[:2]:
                continue
            status = (entry / "status").read_text()
            if f"PPid:\t{root}\n" not in status:
                continue
            for line in status.splitlines():
                if line.startswith("VmHWM"):
                    peaks["emulator"] = int(line.split()[1])
        except OSError:
            continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", type=Path)
    parser.add_argument("counts", type=int, nargs="*", default=[600, 2000, 10000])
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--until", default="bronze")
    parser.add_argument("--wrap", default="", help="a command before cupel, such as 'perf record -g'")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for count in options.counts:
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "in"
            files.mkdir()
            make(files, count, options.rows)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.monotonic()
            peaks: dict[str, int] = {}
            command = options.wrap.split() + [
                str(options.binaries.resolve() / "cupel"), "run", "in", "--until", options.until, "--data", "data"]
            with open(Path(folder) / "output", "w+") as output:
                process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
                while process.poll() is None:
                    time.sleep(0.1)
                    peak_memory(process.pid, peaks)
                seconds = time.monotonic() - start
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                if process.returncode != 0:
                    output.seek(0)
                    sys.exit(output.read()[-4000:])
            user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
            print(
                f"{count:6} files: {seconds:6.1f} s, {count / seconds:5.0f} files/s, "
                f"{(user + system) / count * 1000:5.2f} CPU ms a file ({user / count * 1000:.2f} user), "
                f"emulator at most {peaks.get('emulator', 0) // 1024} MiB", flush=True)


if __name__ == "__main__":
    main()
