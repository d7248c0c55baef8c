#!/usr/bin/env python3
"""Makes a table of reviews and sets of changes to it: the same values at every run, by numpy and pyarrow.

    upserts.py OUT [--rows 10000000]

OUT/base/part-N.parquet   rows with review_id from 1 upwards, zstd, row groups of 250,000, some 75 MB a file
OUT/SET.parquet           changes in random order, each of another key and with all columns: operation, sequence, the table's columns
OUT/checks.json           rows and column sums of the base, and of the base after each set

Sets: `million` is a tenth of the table's rows, half updates of random keys, half inserts above the largest; `neighbours` a
thousandth, updates of keys side by side; `hundred` 100,000 changes for a hundred files, each half updates of keys side by side, half inserts.
"""
import argparse, json, os

import numpy as np, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("--rows", type=int, default=10_000_000)
options = parser.parse_args()

SCORES = ["review_overall", "review_aroma", "review_appearance", "review_palate", "review_taste"]
COLUMNS = ["review_id", "brewery_id", "beer_id", "profile_id", *SCORES, "review_time", "reviewed_at", "profile_name"]
TYPES = [pa.int64()] * 4 + [pa.float64()] * 5 + [pa.int64(), pa.timestamp("us", "UTC"), pa.string()]
SCHEMA = pa.schema(list(zip(COLUMNS, TYPES)))
GROUP, FILE = 250_000, 3_500_000
SCORE_SHARES = np.array([7, 10954, 12975, 38225, 58523, 165644, 301817, 582764, 324385, 91320], float).cumsum()
SCORE_VALUES = np.array([0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0])
BEERS, BREWERIES, PROFILES = 77_317, 28_329, 33_387
WORLD = np.random.default_rng(1)
BREWERY_OF = WORLD.integers(1, BREWERIES + 1, BEERS)


def shares(count, exponent):
    """The cumulated shares of things whose popularity falls with their rank."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    return (weights / weights.sum()).cumsum()


BEER_SHARES, PROFILE_SHARES = shares(BEERS, 0.95), shares(PROFILES, 0.8)
BEER_AT, PROFILE_AT = WORLD.permutation(BEERS), WORLD.permutation(PROFILES)


def rows(ids, seed, by_beer):
    """Rows with these keys. `by_beer`: those of one beer are near each other."""
    chance, count = np.random.default_rng(seed), len(ids)
    beer = BEER_AT[np.searchsorted(BEER_SHARES, chance.random(count)).clip(0, BEERS - 1)]
    if by_beer: beer = np.sort(beer)
    profile = PROFILE_AT[np.searchsorted(PROFILE_SHARES, chance.random(count)).clip(0, PROFILES - 1)] + 1
    taste = chance.normal(size=count)
    arrays = [pa.array(ids), pa.array(BREWERY_OF[beer]), pa.array((beer + 1).astype(np.int64)), pa.array(profile.astype(np.int64))]
    for _ in SCORES:
        opinion = 1.0 / (1.0 + np.exp(-1.702 * (0.75 * taste + 0.66 * chance.normal(size=count))))
        place = np.searchsorted(SCORE_SHARES / SCORE_SHARES[-1], opinion, side="right").clip(0, 9)
        arrays.append(pa.array(SCORE_VALUES[place], mask=chance.random(count) < 0.004))
    time = (840672001 + (1326285348 - 840672001) * chance.beta(4.0, 1.35, size=count)).astype(np.int64)
    arrays += [pa.array(time), pa.array(time * 1_000_000 + chance.integers(0, 1_000_000, count)).cast(pa.timestamp("us", "UTC")),
               pa.array(np.char.add("drinker_", profile.astype("U6")))]
    return pa.table(arrays, schema=SCHEMA)


def sums(table):
    result = {"rows": table.num_rows}
    for name in COLUMNS[:10]: result[name] = float(pc.sum(table[name]).as_py())
    fraction = pc.subtract(table["reviewed_at"].cast(pa.int64()), pc.multiply(table["review_time"], 1_000_000))
    return result | {"microseconds": int(pc.sum(fraction).as_py()), "name_bytes": int(pc.sum(pc.binary_length(table["profile_name"])).as_py())}


def added(left, right, sign=1): return {name: left.get(name, 0) + sign * right[name] for name in right}


count = options.rows
small = count // 1000
updates = {
    "million": np.sort(np.random.default_rng(1).choice(count, count // 20, replace=False)) + 1,
    "neighbours": np.arange(count * 2 // 5, count * 2 // 5 + small) + 1,
    "hundred": np.concatenate([np.arange(500) + file * (count // 100) + 1 for file in range(100)]),
}
inserts = {"million": count // 20, "neighbours": 0, "hundred": 50_000}
os.makedirs(f"{options.out}/base", exist_ok=True)
base, replaced = {}, {name: {} for name in updates}
for first in range(0, count, FILE):
    with pq.ParquetWriter(f"{options.out}/base/part-{first // FILE}.parquet", SCHEMA, compression="zstd") as writer:
        for start in range(first, min(first + FILE, count), GROUP):
            end = min(start + GROUP, count, first + FILE)
            table = rows(np.arange(start + 1, end + 1), 10_000_000 + start, True)
            writer.write_table(table, row_group_size=GROUP)
            base = added(base, sums(table))
            for name, keys in updates.items():
                hit = keys[(keys > start) & (keys <= end)] - start - 1
                if len(hit): replaced[name] = added(replaced[name], sums(table.take(pa.array(hit))))
checks = {"base": base}
for seed, (name, keys) in enumerate(updates.items()):
    new = np.arange(count + 1, count + 1 + inserts[name])
    if name == "hundred":
        ids = np.stack([keys.reshape(100, 500), new.reshape(100, 500)], axis=2).reshape(-1)
    else:
        ids = np.random.default_rng(seed).permutation(np.concatenate([keys, new]))
    table = rows(ids, 3000 + seed, False)
    checks[name] = added(added(base, replaced[name], -1), sums(table))
    operations = pa.array(np.where(ids > count, "insert", "update"))
    table = pa.table([operations, pa.array(np.arange(1, len(ids) + 1)), *table.columns], names=["operation", "sequence", *COLUMNS])
    pq.write_table(table, f"{options.out}/{name}.parquet", compression="zstd", row_group_size=GROUP)
with open(f"{options.out}/checks.json", "w") as file: json.dump(checks, file, indent=1)
