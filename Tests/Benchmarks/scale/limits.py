"""Quotas of one AWS account in us-east-1, as AWS's documentation had them on 2026-11-21, and what is assumed beside them.

Everything that is a quota has a link; everything else says that it is an assumption. `Design` turns them into one way of
building the pipeline.
"""

from dataclasses import dataclass, replace

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LAMBDA_CONCURRENCY = 1_000
# https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html: 1,000 environments every 10 seconds, a function,
# refilled continuously
LAMBDA_GROWTH_RATE = 100
LAMBDA_GROWTH_BURST = 1_000

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: bucket size and refill rate
START_STANDARD = (300, 1_300)
START_EXPRESS = (6_000, 6_000)
TRANSITIONS_STANDARD = (1_500, 5_000)

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
PARTITION_WRITES = 1_000
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html: a new table takes 4,000
# writes a second, so it has at least 4 partitions, and its stream as many shards
NEW_TABLE_PARTITIONS = 4
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
TABLE_WRITES = 40_000

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html: batches of one shard go one
# after the other, or up to 10 at once by ParallelizationFactor
PIPE_PARALLELIZATION_LIMIT = 10

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
RUN_TASK = (20, 20)

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html, for each prefix that S3 has split
PREFIX_READS = 5_500
PREFIX_WRITES = 3_500

# Assumptions: seconds that calls and functions take. The functions' come from Tests/Benchmarks/README.md (0.31 CPU s for
# 29.6 MB of CSV, 6 ms from exec to the first event) and 10 to 20 ms for each of their calls to S3 and DynamoDB.
CALL = 0.040
WRITE = 0.010
SECONDS = {"recorder": 0.030, "router": 0.080, "writer": 0.300}
TASK_START = 30.0
TASK = 60.0
COLD_START = 0.150




@dataclass(frozen=True)
class Design:
    """One way to build the pipeline. The defaults are infra/pipeline.yaml in an account that has asked for nothing."""

    name: str = "as built, quotas of a new account"
    # Partitions of the table, and shards of its stream.
    table_partitions: int = NEW_TABLE_PARTITIONS
    pipe_batch: int = 1
    pipe_window: float = 0.0
    pipe_parallelization: int = PIPE_PARALLELIZATION_LIMIT
    # Keys that an index's writes fall on, None without the index: by status there was one; as many as tables; 16 shards.
    status_index_keys: int | None = None
    table_index_keys: int | None = 4
    open_work_keys: int | None = 16
    lambda_concurrency: int = LAMBDA_CONCURRENCY
    start: tuple = START_EXPRESS
    transitions: tuple | None = None
    run_task: tuple = RUN_TASK
    raw_prefixes: int = 4
    bronze_prefixes: int = 4
    share_by_task: float = 0.001

    def but(self, name, **changes):
        return replace(self, name=name, **changes)

    def capacities(self):
        """Files a second that each station can take, by arithmetic: what the simulation is held against."""
        busy = SECONDS["recorder"] + SECONDS["router"] + SECONDS["writer"] * (1 - self.share_by_task)
        capacities = {
            "pipe": self.table_partitions * self.pipe_parallelization * self.pipe_batch / CALL,
            "StartExecution": self.start[0] * self.pipe_batch,
            "table": self.table_partitions * PARTITION_WRITES / TABLE_WRITES_A_FILE,
            "Lambda": self.lambda_concurrency / busy,
            "RunTask": self.run_task[0] / self.share_by_task,
            "S3 reads": self.raw_prefixes * PREFIX_READS / READS_A_FILE,
            "S3 writes": self.bronze_prefixes * PREFIX_WRITES,
        }
        if self.transitions:
            capacities["state transitions"] = self.transitions[0] / TRANSITIONS_A_FILE
        if self.status_index_keys:
            capacities["status index"] = self.status_index_keys * PARTITION_WRITES / STATUS_INDEX_WRITES_A_FILE
        if self.table_index_keys:
            capacities["table-name index"] = self.table_index_keys * PARTITION_WRITES / TABLE_INDEX_WRITES_A_FILE
        if self.open_work_keys:
            capacities["open-work index"] = self.open_work_keys * PARTITION_WRITES / OPEN_WORK_WRITES_A_FILE
        return capacities


# States that an execution enters, the start among them: TakeRecord, Route, ChooseTarget, one that converts.
TRANSITIONS_A_FILE = 5
# Requests of one file to S3: three ranged reads of the router, one of the writer, which goes on in the same stream.
READS_A_FILE = 4
# Write units: register, route and claim weigh 1, finish is a transaction of two items at 2 each.
TABLE_WRITES_A_FILE = 7
# An index takes one write for each, two where its key changes, and no more for a transaction.
STATUS_INDEX_WRITES_A_FILE = 6
TABLE_INDEX_WRITES_A_FILE = 4
OPEN_WORK_WRITES_A_FILE = 5
