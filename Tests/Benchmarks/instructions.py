#!/usr/bin/env python3
"""Instructions that `bronze-writer convert` takes for a row, counted by valgrind, so that the load of the machine is no matter.

    instructions.py BRONZE_WRITER            prints them; fails if one is more than 15 % above its budget
    instructions.py BRONZE_WRITER --record   makes what is counted now the budget, in instructions.json

Besides, another delimiter or quote may cost 5 % more than the usual ones, and twice the columns twice as much.

The input is made here, the same every time; what a file of one row takes is subtracted. One thread. SHA-256 is left out: it
would be half, since valgrind knows none of the instructions that processors have for it. Counts depend on the versions of
ISA-L and Snappy (Debian 12's).
"""
import gzip, json, os, re, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
contract = os.path.join(here, "..", "..", "infra", "contracts", "review.odcs.yaml")
budget_file = os.path.join(here, "instructions.json")
rows, headroom = 40_000, 1.15
names = ["review_id", "brewery_id", "beer_id", "profile_id", "review_overall", "review_aroma", "review_appearance",
         "review_palate", "review_taste", "review_time"]


def reviews(count):
    state = 20240607
    for review in range(1, count + 1):
        fields = [str(review)]
        for bound in (28_329, 77_317, 33_387):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            fields.append(str((state >> 33) % bound + 1))
        for shift in range(5):
            score = (state >> (20 + 4 * shift)) % 10
            fields.append("" if score == 9 and shift < 2 else f"{1 + score % 9 / 2:.1f}")
        yield fields + [str(840_672_001 + (state >> 30) % 485_000_000)]


def text(kind, count):
    if kind == "csv":
        return "\n".join([",".join(names)] + [",".join(fields) for fields in reviews(count)]) + "\n"
    return "".join(
        json.dumps({n: json.loads(f or "null") for n, f in zip(names, fields)} | {"operation": "insert"}) + "\n"
        for fields in reviews(count))


def instructions(binary, folder, kind, count):
    source = os.path.join(folder, f"review.{kind}.gz")
    with open(source, "wb") as file:
        file.write(gzip.compress(text(kind, count).encode(), 6, mtime=0))
    return counted_instructions(binary, folder, contract, source, count)


def counted_instructions(binary, folder, contract, source, count):
    profile = os.path.join(folder, "profile")
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", binary, "convert", "--threads", "1",
               "--contract", contract, source, os.path.join(folder, "out.parquet")]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)} failed ({run.returncode}): {run.stderr[-2000:]}")
    if json.loads(run.stdout)["rows_written"] != count:
        sys.exit(f"{source}: {run.stdout}")
    functions = subprocess.run(["callgrind_annotate", "--threshold=100", profile], capture_output=True, text=True, check=True)
    lines = re.findall(r"^ *([0-9,]+) \(.*\[(.*)\]$", functions.stdout, re.MULTILINE)
    return sum(int(number.replace(",", "")) for number, object in lines if "libcrypto" not in object)


def own_contract(folder, columns, **properties):
    """A contract with these columns, as YAML's flow style, which is JSON."""
    path = os.path.join(folder, "own.odcs.yaml")
    with open(path, "w") as file:
        json.dump({"apiVersion": "v3.1.0", "kind": "DataContract", "id": "own", "version": "1.0.0", "status": "active",
                   "customProperties": [{"property": name, "value": value} for name, value in properties.items()],
                   "schema": [{"name": "own", "properties": columns}]}, file)
    return path


def dialect(binary, folder, delimiter, quote, **properties):
    """Instructions a row of a table with texts in quotes, in a dialect."""
    columns = [{"name": "id", "logicalType": "integer"}, {"name": "price", "logicalType": "number"}]
    columns += [{"name": f"text{n}", "logicalType": "string"} for n in range(3)]
    path = own_contract(folder, columns, **properties)

    def cost(count):
        source = os.path.join(folder, "own.csv.gz")
        lines = [delimiter.join(column["name"] for column in columns)]
        for row in range(count):
            texts = [f"a text of row {row * n}" for n in range(3)]
            lines.append(delimiter.join([str(row), f"{row / 4}", texts[0], f"{quote}{texts[1]}{delimiter}{quote}", f"{quote}{texts[2]}{quote}"]))
        with open(source, "wb") as file: file.write(gzip.compress(("\n".join(lines) + "\n").encode(), 6, mtime=0))
        return counted_instructions(binary, folder, path, source, count)

    return (cost(rows) - cost(1)) / (rows - 1)


def wide(binary, folder, count):
    """Instructions for a few rows of a table with so many columns."""
    columns = [{"name": f"c{n}", "logicalType": "integer" if n % 2 else "string"} for n in range(count)]
    path = own_contract(folder, columns)
    source = os.path.join(folder, "own.csv.gz")
    lines = [",".join(column["name"] for column in columns)]
    lines += [",".join(f"{'' if n % 2 else 'v'}{row * n}" for n in range(count)) for row in range(20)]
    with open(source, "wb") as file: file.write(gzip.compress(("\n".join(lines) + "\n").encode(), 6, mtime=0))
    return counted_instructions(binary, folder, path, source, 20)


def check(name, factor, limit):
    print(f"{name}: {factor:.3f} times as many, limit {limit}{': TOO MANY' if factor > limit else ''}")
    return factor > limit


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    failed, counted = False, {}
    budget = json.load(open(budget_file)) if os.path.exists(budget_file) else {}
    with tempfile.TemporaryDirectory() as folder:
        # Debian 12's valgrind gives up on the debugging information that Swift writes.
        binary = os.path.join(folder, "bronze-writer")
        subprocess.run(["strip", "--strip-debug", "-o", binary, sys.argv[1]], check=True)
        for kind in ("csv", "json"):
            # One row, since NDJSON without any is a file of no bytes.
            base = instructions(binary, folder, kind, 1)
            counted[kind] = round((instructions(binary, folder, kind, rows) - base) / (rows - 1))
            limit = round(budget.get(kind, counted[kind]) * headroom)
            is_over = counted[kind] > limit
            failed |= is_over
            print(f"{kind}: {counted[kind]} instructions a row, limit {limit}{': TOO MANY' if is_over else ''}")
        usual = dialect(binary, folder, ",", '"')
        for name, cost in [("another delimiter", dialect(binary, folder, "|", '"', csvDelimiter="bar")),
                           ("another quote", dialect(binary, folder, ",", "'", csvQuote="single"))]:
            failed |= check(f"csv with {name}", cost / usual, 1.05)
        # Twice the columns are twice the work, whatever a process takes at its start.
        (one, two, four) = (wide(binary, folder, count) for count in (500, 1000, 2000))
        failed |= check("twice the columns", (four - two) / (two - one), 2.2)
    if "--record" in sys.argv:
        with open(budget_file, "w") as file:
            file.write(json.dumps(counted, indent=2) + "\n")
    elif failed:
        sys.exit("find what grew (valgrind --tool=callgrind, callgrind_annotate), or record a new budget and say why")


if __name__ == "__main__":
    main()
