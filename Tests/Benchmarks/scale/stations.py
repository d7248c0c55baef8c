"""What a file meets on its way: things that admit so many a second, and things that hold so many at once.

A station is asked at the simulation's time, in its order, so first come is first served, and most answer at once when the
asker's turn will be. For queues that are first in, first out, that is exact, and it takes one event a stop.
"""

import heapq
from collections import deque


class Rate:
    """Admits `rate` a second, and `burst` at once after a rest: a token bucket with a queue before it.

    The virtual scheduling form of the generic cell rate algorithm (ITU-T I.371): `turn` is when the bucket is empty.
    """

    def __init__(self, rate, burst=1):
        self.interval = 1 / rate
        self.depth = (burst - 1) / rate
        self.turn = float("-inf")
        self.longest_wait = 0.0

    def admit(self, now, cost=1):
        """When one that comes `now` and weighs `cost` is let through."""
        earliest = max(self.turn, now - self.depth)
        self.turn = earliest + cost * self.interval
        admitted = max(now, earliest)
        self.longest_wait = max(self.longest_wait, admitted - now)
        return admitted


class Partitions:
    """A Rate for each key: partitions of a table or an index, prefixes of a bucket."""

    def __init__(self, count, rate):
        self.rates = [Rate(rate, burst=rate) for _ in range(count)]

    def admit(self, now, key, cost=1):
        return self.rates[key % len(self.rates)].admit(now, cost)

    @property
    def longest_wait(self):
        return max(rate.longest_wait for rate in self.rates)


class Pool:
    """Holds `limit` at once; the rest wait in line."""

    def __init__(self, limit):
        self.limit = limit
        self.ends = []  # when each that is in will leave
        self.longest_wait = 0.0

    def enter(self, now):
        """When one that comes `now` gets in. `leave` must be called for it before the next enters."""
        while self.ends and self.ends[0] <= now:
            heapq.heappop(self.ends)
        start = now if len(self.ends) < self.limit else heapq.heappop(self.ends)
        self.longest_wait = max(self.longest_wait, start - now)
        return start

    def leave(self, end):
        heapq.heappush(self.ends, end)


class Functions:
    """Lambda: executions of all functions share the account's concurrency, each function makes environments as it grows."""

    def __init__(self, concurrency, growth_rate, growth_burst, cold_start):
        self.account = Pool(concurrency)
        self.cold_start = cold_start
        self.growth = {}
        self.idle = {}
        self.new_rate = lambda: Rate(growth_rate, growth_burst)

    def warm(self, function, number):
        """Begins with environments that are there already, as in the middle of a steady day."""
        self.idle.setdefault(function, []).extend([0.0] * number)

    def invoke(self, now, function, seconds):
        """When an invocation that is asked for `now`, and takes `seconds`, has ended."""
        start = self.account.enter(now)
        idle = self.idle.setdefault(function, [])
        if idle and idle[0] <= start:
            heapq.heappop(idle)
        else:
            growth = self.growth.setdefault(function, self.new_rate())
            start = growth.admit(start) + self.cold_start
        end = start + seconds
        heapq.heappush(idle, end)
        self.account.leave(end)
        return end

    @property
    def longest_wait(self):
        return max([self.account.longest_wait] + [rate.longest_wait for rate in self.growth.values()])


class Shard:
    """A stream's shard behind a pipe: up to `size` records go together, few batches at once, the rest wait in line.

    A batch is sent when it is full or its first record has waited for `window` seconds. It takes one call, and as long as
    `start` keeps it waiting; its place is taken until then.
    """

    def __init__(self, size, window, parallel, start, call, schedule):
        self.size = size
        self.window = window
        self.places = parallel
        self.start = start
        self.call = call
        self.schedule = schedule
        self.records = deque()
        self.longest_wait = 0.0

    def arrive(self, now, resume):
        self.records.append((now, resume))
        if not self._send(now):
            self.schedule(now + self.window, self._send)

    def _send(self, now):
        """Sends what is due; whether it did."""
        is_due = len(self.records) >= self.size or (self.records and self.records[0][0] + self.window <= now)
        if not is_due or not self.places:
            return False
        batch = [self.records.popleft() for _ in range(min(self.size, len(self.records)))]
        self.longest_wait = max(self.longest_wait, now - batch[0][0])
        self.places -= 1
        self.schedule(self.start.admit(now) + self.call, lambda end: self._passed(end, batch))
        return True

    def _passed(self, now, batch):
        for _, resume in batch:
            resume(now)
        self.places += 1
        self._send(now)
