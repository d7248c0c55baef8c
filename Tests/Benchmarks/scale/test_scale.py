"""The simulation against what queueing theory knows exactly. Deterministic by seed.

    python3 -m unittest discover Tests/Benchmarks/scale
"""

import heapq
import itertools
import math
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from limits import PARTITION_WRITES, Design
from pipeline import Pipeline, poisson
from simulate import BILLION, CHOICES, STEPS, limit
from stations import Functions, Partitions, Pool, Rate, Shard


def mean(values):
    return sum(values) / len(values)


class Queues(unittest.TestCase):
    def waits(self, pool, arrivals, service):
        for now in arrivals:
            start = pool.enter(now)
            pool.leave(start + service())
            yield start - now

    def test_one_server_with_fixed_service_waits_as_pollaczek_and_khinchine_say(self):
        """M/D/1: the mean wait is rho / (2 mu (1 - rho))."""
        for load in (0.3, 0.6, 0.8):
            waits = list(self.waits(Pool(1), poisson(load, 200_000, seed=7), lambda: 1.0))
            self.assertAlmostEqual(mean(waits) / (load / (2 * (1 - load))), 1, delta=0.06)

    def test_a_rate_without_a_burst_is_the_same_queue(self):
        arrivals = poisson(0.6, 50_000, seed=3)
        rate = Rate(1, burst=1)
        waits = [rate.admit(now) - now for now in arrivals]
        pool = list(self.waits(Pool(1), arrivals, lambda: 1.0))
        for one, other in zip(waits, pool):
            self.assertAlmostEqual(one, other, places=6)

    def test_many_servers_wait_as_erlang_says(self):
        """M/M/c: the mean wait is C(c, a) / (c mu - lambda), with Erlang's C."""
        servers, load = 10, 8.0
        chance = random.Random(11)
        waits = list(self.waits(Pool(servers), poisson(load, 60_000, seed=5), lambda: chance.expovariate(1)))
        full = load**servers / math.factorial(servers) * servers / (servers - load)
        delayed = full / (sum(load**k / math.factorial(k) for k in range(servers)) + full)
        self.assertAlmostEqual(mean(waits) / (delayed / (servers - load)), 1, delta=0.08)

    def test_a_bucket_lets_its_burst_through_and_then_its_rate(self):
        bucket = Rate(10, burst=5)
        admitted = [bucket.admit(100.0) for _ in range(25)]
        self.assertEqual(sum(1 for time in admitted if time <= 100.0), 5)
        self.assertAlmostEqual(admitted[-1], 102.0)
        self.assertAlmostEqual(bucket.admit(103.0, cost=3), 103.0)

    def test_a_hot_key_gets_one_partition_whatever_the_others_have(self):
        partitions = Partitions(100, PARTITION_WRITES)
        hot = [partitions.admit(0.0, 7) for _ in range(3 * PARTITION_WRITES)]
        self.assertAlmostEqual(hot[-1], 2.0, delta=0.01)
        self.assertEqual(partitions.admit(0.0, 8), 0.0)


class Stations(unittest.TestCase):
    def test_functions_grow_by_their_rate_up_to_the_accounts_concurrency(self):
        functions = Functions(concurrency=2_000, growth_rate=100, growth_burst=1_000, cold_start=0.0)
        ends = [functions.invoke(0.0, "writer", 1_000.0) for _ in range(2_001)]
        self.assertEqual(sum(1 for end in ends if end == 1_000.0), 1_000)
        self.assertAlmostEqual(ends[1_999], 1_010.0)  # 1,000 more, 100 a second
        self.assertAlmostEqual(ends[2_000], 2_000.0)  # the next waits for a place

    def test_an_environment_that_is_free_starts_at_once_and_another_functions_is_of_no_use(self):
        functions = Functions(concurrency=10, growth_rate=1, growth_burst=2, cold_start=0.5)
        self.assertEqual(functions.invoke(0.0, "writer", 1.0), 1.5)
        self.assertEqual(functions.invoke(2.0, "writer", 1.0), 3.0)
        self.assertEqual(functions.invoke(4.0, "router", 1.0), 5.5)

    def pass_on(self, shard_size, window, parallel, arrivals):
        events, done, order = [], [], itertools.count()

        def schedule(time, action):
            heapq.heappush(events, (time, next(order), action))

        shard = Shard(shard_size, window, parallel, Rate(1e9, 1e9), 1.0, schedule)
        for time in arrivals:
            schedule(time, lambda now: shard.arrive(now, done.append))
        while events:
            now, _, action = heapq.heappop(events)
            action(now)
        return done

    def test_a_shard_sends_one_batch_at_a_time_and_fills_the_next_meanwhile(self):
        self.assertEqual(self.pass_on(10, 0.0, 1, [0.0, 0.1, 0.2, 0.3]), [1.0, 2.0, 2.0, 2.0])
        self.assertEqual(self.pass_on(2, 0.0, 1, [0.0, 0.1, 0.2, 0.3]), [1.0, 2.0, 2.0, 3.0])
        self.assertEqual(self.pass_on(1, 0.0, 2, [0.0, 0.1, 0.2]), [1.0, 1.1, 2.0])

    def test_a_window_waits_for_a_full_batch_and_no_longer_than_it_says(self):
        self.assertEqual(self.pass_on(2, 5.0, 9, [0.0, 1.0, 2.0]), [2.0, 2.0, 8.0])


class Whole(unittest.TestCase):
    def test_files_in_the_pipeline_are_rate_times_time(self):
        """Little's law, L = lambda W, from two counts that have nothing in common."""
        arrivals = poisson(40, 200, seed=2)
        done = Pipeline(Design(), seed=2).run(arrivals)
        latency = mean([end - begin for begin, end in zip(arrivals, done)])
        changes = sorted([(time, 1) for time in arrivals] + [(time, -1) for time in done])
        area, inside, before = 0.0, 0, 0.0
        for time, change in changes:
            area += inside * (time - before)
            inside, before = inside + change, time
        self.assertEqual(inside, 0)
        self.assertAlmostEqual(area / arrivals[-1], len(arrivals) / arrivals[-1] * latency, places=6)

    def test_the_same_seed_gives_the_same_run_and_another_another(self):
        runs = [Pipeline(Design(), seed).run(poisson(30, 20, seed)) for seed in (1, 1, 2)]
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])

    def test_no_design_beats_its_arithmetic(self):
        for design in STEPS[:3] + CHOICES[:2]:
            capacity = limit(design)[1]
            rate = 2 * capacity
            seconds = max(20, 4 * design.start[1] / rate if limit(design)[0] == "StartExecution" else 0)
            result = Pipeline(design, 1).warm(rate).measure(poisson(rate, seconds, 1))
            self.assertLessEqual(result.finished, capacity * 1.05, design.name)
            self.assertGreater(result.finished, capacity * 0.5, design.name)
            self.assertEqual(result.bottleneck, limit(design)[0], design.name)

    def test_below_its_limit_a_design_keeps_up(self):
        for design in STEPS[:3] + CHOICES[:2]:
            rate = 0.8 * limit(design)[1]
            result = Pipeline(design, 1).warm(rate).measure(poisson(rate, 20, 1))
            self.assertGreater(result.finished, 0.95 * result.offered, design.name)

    def test_a_billion_a_day_fits_the_last_design(self):
        self.assertGreater(limit(BILLION)[1], 1e9 / 86_400)


if __name__ == "__main__":
    unittest.main()
