#!/usr/bin/env python3
"""The whole table of bronze conversion, in one run: our writer and its peers in turn, each number against what is wanted.

    conversion.py .build/package/bronze-writer/bootstrap .build/release/cupel data
    conversion.py .build/release/bronze-writer .build/release/cupel data --rounds 3 --only reviews-csv reading

The first is the writer as it ships, the second makes in the folder what samples are missing (1 GB). Prints Markdown.

On a machine that does nothing else. Needs what Tests/requirements.txt names. Times are those of whole processes; see
compare.py. Fails if something that is wanted was missed.
"""
import argparse, json, os, statistics, subprocess, sys
from compare import Job, interleave, peer, table

here = os.path.dirname(os.path.abspath(__file__))
contracts = os.path.join(here, "..", "..", "infra", "contracts")
usual = 1_586_614
measured = []


def wanted(what, value, limit, at_least):
    measured.append((what, value, limit, at_least))


def sample(name, rows, kind):
    folder = os.path.join(asked.data, str(rows))
    path = os.path.join(folder, f"{name}.{kind}.gz")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        subprocess.run([asked.cupel, "generate", "--table", name, "--rows", str(rows), "--format", kind, "-o", folder],
                       check=True, stdout=subprocess.DEVNULL)
    return path


def ours(source, name="bronze-writer"):
    target = os.path.join(asked.data, f"{name}.parquet")
    contract = os.path.join(contracts, os.path.basename(source).split(".")[0] + ".odcs.yaml")
    return Job(name, [asked.writer, "convert", "--contract", contract, source, target], target)


def against_peers(title, source, peers):
    jobs = [ours(source)] + [peer(name, source, asked.data) for name in peers]
    interleave(jobs, asked.rounds)
    print(f"\n{title}, {os.path.getsize(source) / 1e6:.1f} MB:\n\n{table(jobs)}", flush=True)
    return {job.name: job for job in jobs}


def reviews_csv():
    jobs = against_peers("1,586,614 reviews, csv.gz", sample("review", usual, "csv"), ["polars-sink", "duckdb", "pyarrow-table"])
    first = jobs["bronze-writer"]
    wanted("reviews, csv.gz: Polars' CPU to ours", jobs["polars-sink"].ratio(0, first), 3.0, True)
    wanted("reviews, csv.gz: DuckDB's CPU to ours", jobs["duckdb"].ratio(0, first), 4.5, True)
    wanted("reviews, csv.gz: peak MiB", first.median(2), 64, False)
    wanted("reviews, csv.gz: wall to CPU", statistics.median(run[1] / run[0] for run in first.runs), 0.65, False)
    wanted("reviews, csv.gz: MB written", first.median(3), 25, False)


def reviews_json():
    jobs = against_peers("1,586,614 reviews, json.gz", sample("review", usual, "json"), ["polars-sink", "duckdb", "pyarrow-table"])
    first = jobs["bronze-writer"]
    wanted("reviews, json.gz: DuckDB's CPU to ours", jobs["duckdb"].ratio(0, first), 2.5, True)
    wanted("reviews, json.gz: peak MiB", first.median(2), 64, False)


def few_reviews():
    jobs = against_peers("100,000 reviews, csv.gz", sample("review", 100_000, "csv"), ["polars-sink", "duckdb", "pyarrow-table"])
    wanted("100,000 reviews: DuckDB's CPU to ours", jobs["duckdb"].ratio(0, jobs["bronze-writer"]), 8.0, True)


def text(name):
    jobs = against_peers(f"5,000,000 {name}s, csv.gz", sample(name, 5_000_000, "csv"), ["polars-sink", "duckdb"])
    wanted(f"{name}s: Polars' CPU to ours", jobs["polars-sink"].ratio(0, jobs["bronze-writer"]), 2.0, True)


def ten_times():
    jobs = [ours(sample("review", usual, "csv"), "1,586,614 rows"), ours(sample("review", 10 * usual, "csv"), "15,866,140 rows")]
    interleave(jobs, asked.rounds)
    print(f"\nReviews, csv.gz, once and ten times:\n\n{table(jobs)}", flush=True)
    wanted("ten times the reviews: CPU to ten times the CPU", jobs[1].ratio(0, jobs[0]) / 10, 1.15, False)
    wanted("ten times the reviews: peak to peak", jobs[1].ratio(2, jobs[0]), 1.10, False)


def reading():
    """DuckDB reads every value of our file and of its own. In one process each, after a first reading that does not count."""
    source = sample("review", usual, "csv")
    files = [ours(source), peer("duckdb", source, asked.data)]
    for job in files: job.run()
    script = """if True:
        import duckdb, json, sys, time
        connection = duckdb.connect()
        connection.execute("SET threads=2")
        names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM '{sys.argv[2]}'").fetchall()]
        sums = ", ".join(f"sum({name})" if name != "operation" else f"min({name})" for name in names)
        taken = [[] for _ in sys.argv[1:]]
        for round_ in range(8):
            for times, path in zip(taken, sys.argv[1:]):
                start = time.process_time()
                connection.execute(f"SELECT count(*), {sums} FROM '{path}'").fetchall()
                if round_: times.append(time.process_time() - start)
        print(json.dumps(taken))"""
    mine, its = json.loads(subprocess.run([sys.executable, "-c", script] + [job.target for job in files], check=True,
                                          capture_output=True, text=True).stdout)
    print(f"\nDuckDB reads all columns of the reviews: CPU s {statistics.median(mine):.3f} from our file, "
          f"{statistics.median(its):.3f} from its own.", flush=True)
    wanted("reading: CPU for our file to that for DuckDB's own", statistics.median(m / i for m, i in zip(mine, its)), 1.0, False)


parts = {"reviews-csv": reviews_csv, "reviews-json": reviews_json, "few-reviews": few_reviews, "beers": lambda: text("beer"),
         "profiles": lambda: text("profile"), "ten-times": ten_times, "reading": reading}
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("writer")
parser.add_argument("cupel")
parser.add_argument("data")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--only", nargs="+", choices=parts, default=parts)
asked = parser.parse_args()
for part in asked.only: parts[part]()
print("\n| | wanted | measured |\n|---|---|---|")
missed = 0
for what, value, limit, at_least in measured:
    is_reached = value >= limit if at_least else value <= limit
    missed += not is_reached
    print(f"| {what} | {'at least' if at_least else 'at most'} {limit:g} | {value:.2f}: {'reached' if is_reached else '**missed**'} |")
sys.exit(1 if missed else 0)
