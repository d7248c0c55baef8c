"""Where each design of the control plane saturates, and how long a file takes at a thousand, a million and a billion a day.

    python3 simulate.py                    the tables of README.md, a few minutes
    python3 simulate.py --plots FOLDER     plots too (needs requirements.txt)
"""

import argparse
import sys

from limits import START_EXPRESS, START_STANDARD, TRANSITIONS_STANDARD, Design
from pipeline import Pipeline, poisson

SEED = 20261121
DAY = 86_400

AS_BUILT = Design()
# An earlier design, and the usual one: records by what they are and how they are.
BY_STATUS = AS_BUILT.but("before: with an index by schema_name, status", status_index_keys=1)
WARM = AS_BUILT.but("table warmed to 40,000 writes/s", table_partitions=40)
NO_TABLE_INDEX = WARM.but("no index by schema_name, table_name", table_index_keys=None)
CONCURRENT = NO_TABLE_INDEX.but("Lambda concurrency 10,000", lambda_concurrency=10_000)
SHARDED = CONCURRENT.but("open work over 256 keys", open_work_keys=256)
PREFIXES = SHARDED.but("S3 prefixes split 16 ways", raw_prefixes=16, bronze_prefixes=16)
WARMER = PREFIXES.but("table warmed to 160,000 writes/s", table_partitions=160)
BILLION = WARMER.but("StartExecution 20,000/s, Lambda 30,000", start=(20_000, 20_000), lambda_concurrency=30_000)

STEPS = [BY_STATUS, AS_BUILT, WARM, NO_TABLE_INDEX, CONCURRENT, SHARDED, PREFIXES, WARMER, BILLION]

# One choice at a time, everything else out of the way.
UNHINDERED = BILLION.but(
    "", open_work_keys=None, table_partitions=400, raw_prefixes=64, bronze_prefixes=64, lambda_concurrency=50_000,
    share_by_task=0.0005)
CHOICES = [
    UNHINDERED.but("pipe on 4 shards, 1 batch at a time", table_partitions=4, pipe_parallelization=1),
    UNHINDERED.but("each file a Standard execution", start=START_STANDARD, transitions=TRANSITIONS_STANDARD),
    UNHINDERED.but("each file an Express execution", start=START_EXPRESS),
    UNHINDERED.but("every file a Fargate task", share_by_task=1.0),
    UNHINDERED.but("index by schema_name, status", status_index_keys=1),
    UNHINDERED.but("index by schema_name, table_name; 4 tables", table_index_keys=4),
    UNHINDERED.but("index of open work, 16 keys", open_work_keys=16),
    UNHINDERED.but("index of open work, 256 keys", open_work_keys=256),
    UNHINDERED.but("all raw files under one S3 prefix", raw_prefixes=1),
]


def limit(design):
    """The station with the least capacity by arithmetic, and that capacity."""
    return min(design.capacities().items(), key=lambda item: item[1])


def saturate(design, share):
    """Offers a share of the least capacity for at least half a minute, long enough to empty the bucket of StartExecution."""
    name, capacity = limit(design)
    rate = capacity * share
    burst = 4 * design.start[1] / rate if name == "StartExecution" else 0
    seconds = max(20, burst, min(1_000, 20_000 / rate))
    return Pipeline(design, SEED).warm(rate).measure(poisson(rate, seconds, SEED))


def saturation_table(designs):
    yield "| design | limit | files/s, by arithmetic | files a day | 99 % at 0.9 of it, s | finished of 1.5 of it, files/s |"
    yield "|---|---|---|---|---|---|"
    for design in designs:
        name, capacity = limit(design)
        below, above = saturate(design, 0.9), saturate(design, 1.5)
        yield (
            f"| {design.name} | {name} | {capacity:,.0f} | {amount(capacity * DAY)} | {below.p99:,.1f} | "
            f"{above.finished:,.0f} |")


def amount(number):
    for size, unit in [(1e9, "G"), (1e6, "M"), (1e3, "k")]:
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


# Files a day, in how many seconds they come, and on which designs that is worth a look.
LOADS = [
    ("1 k, spread over the day", 1_000, DAY, [AS_BUILT]),
    ("1 k, all in 10 seconds", 1_000, 10, [AS_BUILT]),
    ("1 M, spread over the day", 1_000_000, DAY, [AS_BUILT]),
    ("1 M, all in one hour", 1_000_000, 3_600, [BY_STATUS, AS_BUILT]),
    ("1 G, spread over the day", 1_000_000_000, DAY, [CONCURRENT, WARMER, BILLION]),
]


def load_table():
    yield "| files a day | design | median, s | 99 %, s | held up most by | keeps up |"
    yield "|---|---|---|---|---|---|"
    for title, files, seconds, designs in LOADS:
        for design in designs:
            rate = files / seconds
            window = min(seconds, 250_000 / rate)
            pipeline = Pipeline(design, SEED)
            if seconds == DAY:
                pipeline.warm(rate)
            result = pipeline.measure(poisson(rate, window, SEED))
            whole = window == seconds
            keeps_up = whole or result.finished > 0.98 * result.offered
            name = result.bottleneck
            wait = f" ({result.waits[name]:,.0f} s)" if name != "none" else ""
            yield (
                f"| {title} | {design.name} | {result.median:,.2f} | {result.p99:,.1f} | {name}{wait} | "
                f"{'yes' if keeps_up else 'no'} |")


def plot(folder):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    import matplotlib.pyplot as plt

    rates = [10, 30, 100, 150, 250, 500, 1_000, 2_000, 3_000, 5_000, 8_000, 12_000]
    figure, axes = plt.subplots(1, 2, figsize=(12, 5))
    for design in [BY_STATUS, AS_BUILT, NO_TABLE_INDEX, CONCURRENT, BILLION]:
        offered, finished, waits = [], [], []
        for rate in rates:
            if rate > 4 * limit(design)[1]:
                break
            result = Pipeline(design, SEED).warm(rate).measure(poisson(rate, min(60, max(8, 30_000 / rate)), SEED))
            offered.append(result.offered)
            finished.append(result.finished)
            waits.append(result.p99)
        axes[0].plot(offered, finished, marker=".", label=design.name)
        axes[1].plot(offered, waits, marker=".", label=design.name)
    axes[0].set(xscale="log", yscale="log", xlabel="files offered a second", ylabel="files finished a second",
                title="What comes out of what goes in")
    axes[1].set(xscale="log", yscale="log", xlabel="files offered a second", ylabel="seconds, 99 %",
                title="How long a file takes, in a minute of that load")
    axes[0].legend(fontsize=8)
    for axis in axes:
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(f"{folder}/saturation.svg")

    figure, axis = plt.subplots(figsize=(7, 5))
    for design in [choice for choice in CHOICES if "index" in choice.name]:
        offered, finished = [], []
        for rate in rates:
            result = Pipeline(design, SEED).warm(rate).measure(poisson(rate, min(60, max(8, 30_000 / rate)), SEED))
            offered.append(result.offered)
            finished.append(result.finished)
        axis.plot(offered, finished, marker=".", label=design.name)
    axis.set(xscale="log", yscale="log", xlabel="files offered a second", ylabel="files finished a second",
             title="One index on an otherwise unhindered pipeline", ylim=(1, None))
    axis.legend(fontsize=8)
    axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(f"{folder}/indexes.svg")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--plots", metavar="FOLDER", help="write saturation.svg and indexes.svg there")
    options = arguments.parse_args()
    for title, lines in [
        ("Steps", saturation_table(STEPS)), ("Choices", saturation_table(CHOICES)), ("Loads", load_table()),
    ]:
        print(f"\n### {title}\n")
        for line in lines:
            print(line)
            sys.stdout.flush()
    if options.plots:
        plot(options.plots)


if __name__ == "__main__":
    main()
