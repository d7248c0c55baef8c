"""The control plane's life of a file, event by event, from its announcement to its success."""

import heapq
import random
from dataclasses import dataclass
from itertools import count

import limits
from stations import Functions, Partitions, Rate, Shard


@dataclass
class Result:
    """What a run came to. Rates are files a second, times are seconds."""

    offered: float
    finished: float
    median: float
    p99: float
    waits: dict

    @property
    def bottleneck(self):
        name, wait = max(self.waits.items(), key=lambda item: item[1])
        return name if wait > 1 else "none"


class Pipeline:
    """All stations of one design, and the events between them."""

    def __init__(self, design, seed=1):
        self.design = design
        self.random = random.Random(seed)
        self.events = []
        self.order = count()

        def partitions(keys):
            return Partitions(keys, limits.PARTITION_WRITES) if keys else None

        self.table = partitions(design.table_partitions)
        self.status_index = partitions(design.status_index_keys)
        self.table_index = partitions(design.table_index_keys)
        self.open_work = partitions(design.open_work_keys)
        self.start = Rate(*design.start)
        self.transitions = Rate(*design.transitions) if design.transitions else None
        self.shards = [
            Shard(
                design.pipe_batch, design.pipe_window, design.pipe_parallelization, self.start, limits.CALL,
                self._schedule)
            for _ in range(design.table_partitions)
        ]
        self.functions = Functions(
            design.lambda_concurrency, limits.LAMBDA_GROWTH_RATE, limits.LAMBDA_GROWTH_BURST, limits.COLD_START)
        self.run_task = Rate(*design.run_task)
        self.raw = Partitions(design.raw_prefixes, limits.PREFIX_READS)
        self.bronze = Partitions(design.bronze_prefixes, limits.PREFIX_WRITES)

    def warm(self, rate):
        """Begins as a steady day has left it: with the environments that `rate` files a second keep busy, and a third more."""
        for function, seconds in limits.SECONDS.items():
            self.functions.warm(function, int(rate * seconds * 4 / 3) + 1)
        return self

    def measure(self, arrivals):
        """Takes files that arrive at these times, in ascending order, to their success."""
        done = self.run(arrivals)
        last = arrivals[-1]
        latencies = sorted(end - begin for begin, end in zip(arrivals, done))
        # What finishes in the second half: full buckets and empty queues flatter the first.
        half = last / 2
        finished = sum(1 for end in done if half < end <= last) / (last - half)
        offered = sum(1 for begin in arrivals if begin > half) / (last - half)
        median, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
        return Result(offered, finished, median, p99, self.waits())

    def run(self, arrivals):
        done = [0.0] * len(arrivals)
        for number, time in enumerate(arrivals):
            self._go_on(self._life(number, done), time)
        while self.events:
            now, _, action = heapq.heappop(self.events)
            action(now)
        return done

    def waits(self):
        """The longest wait at each station."""
        stations = {
            "table": self.table, "status index": self.status_index, "table-name index": self.table_index,
            "open-work index": self.open_work, "StartExecution": self.start, "state transitions": self.transitions,
            "Lambda": self.functions, "RunTask": self.run_task, "S3 reads": self.raw, "S3 writes": self.bronze,
        }
        waits = {name: station.longest_wait for name, station in stations.items() if station}
        # A shard whose batches wait for StartExecution longer than they take is not slow itself.
        cause = "StartExecution" if self.start.longest_wait > limits.CALL else "pipe"
        waits[cause] = waits.get(cause, 0.0) + max(shard.longest_wait for shard in self.shards)
        return waits

    # MARK: A file's life

    def _life(self, number, done):
        """Yields when to go on, or the shard to wait at; gets the time at which it goes on."""
        key, table = self.random.getrandbits(30), self.random.getrandbits(10)
        by_task = self.random.random() < self.design.share_by_task
        now = yield None
        # control-recorder registers it.
        now = yield self.functions.invoke(now, "recorder", limits.SECONDS["recorder"])
        now = yield self._write(now, key, table, base=1, status=1, by_table=1, open_work=1)
        # The stream's record starts an execution.
        now = yield self.shards[key % len(self.shards)]
        if self.transitions:
            now = yield self.transitions.admit(now, limits.TRANSITIONS_A_FILE)
        # compute-router reads samples, and writes where it is to be converted.
        now = yield self.raw.admit(now, table, limits.READS_A_FILE - 1)
        now = yield self.functions.invoke(now, "router", limits.SECONDS["router"])
        now = yield self._write(now, key, table, base=1, status=1, by_table=1, open_work=1)
        if by_task:
            now = yield self.run_task.admit(now)
            now = yield now + limits.TASK_START
        # bronze-writer claims, reads, writes, and finishes in a transaction, which weighs twice for each of two records.
        now = yield self._write(now, key, table, base=1, status=2, by_table=1, open_work=2)
        now = yield self.raw.admit(now, table)
        if by_task:
            now = yield now + limits.TASK
        else:
            now = yield self.functions.invoke(now, "writer", self.random.expovariate(1 / limits.SECONDS["writer"]))
        now = yield self.bronze.admit(now, table)
        done[number] = yield self._write(now, key, table, base=4, status=2, by_table=1, open_work=1)

    def _write(self, now, key, table, base, status, by_table, open_work):
        """A write is done when its table and all indexes have taken it: an index that is behind throttles its table.

        A changed key costs an index two writes, one to delete the entry and one to put it under the new key.
        """
        ends = [self.table.admit(now, key, base)]
        if self.status_index:
            ends.append(self.status_index.admit(now, key >> 8, status))
        if self.table_index:
            ends.append(self.table_index.admit(now, table, by_table))
        if self.open_work:
            ends.append(self.open_work.admit(now, key >> 16, open_work))
        return max(ends) + limits.WRITE

    # MARK: Events

    def _schedule(self, time, action):
        heapq.heappush(self.events, (time, next(self.order), action))

    def _go_on(self, life, first):
        """Runs a life from event to event, beginning at `first`."""

        def step(now):
            try:
                wanted = life.send(now)
            except StopIteration:
                return
            if isinstance(wanted, Shard):
                wanted.arrive(now, step)
            else:
                self._schedule(wanted, step)

        next(life)
        self._schedule(first, step)


def poisson(rate, seconds, seed=1):
    """Arrivals at random times, `rate` a second on average."""
    chance = random.Random(seed)
    times, now = [], chance.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += chance.expovariate(rate)
    return times
