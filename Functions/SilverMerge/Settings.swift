internal import AWSClient
internal import Control
internal import LambdaRuntime
internal import PublishedContracts
internal import Time

/// The settings of the function and of the task, from the environment.
struct Settings: Sendable {
    let aws: AWSClient
    var contracts: ContractSource
    let lakeBucket: String
    var control: ControlTable
    var objects: ObjectStore
    var clock = ClockAndChance.system
    /// How long a lease lasts without being renewed.
    var leaseSeconds = 120
    /// A batch ends at this many files, or bytes of them.
    var batchFiles = 1000
    var batchBytes = 64 << 20
    /// Bytes that the changes of a batch take in memory; the whole process takes some 100 MiB more.
    var batchMemory = 96 << 20
    var merging = MergeOptions()
    /// The pipeline in the metrics; nil writes no metrics.
    var pipeline: String?
    /// A table of which so many bytes wait is merged by a task; 0 is for none.
    var taskBytes = 0
    /// One of which so many bytes wait is merged on Spark; 0 is for none.
    var sparkBytes = 0
}

extension Settings {
    init(_ environment: Environment) throws {
        let aws = try AWSClient { environment[$0] }
        self.init(
            aws: aws, contracts: try ContractSource(environment), lakeBucket: try environment.require("LAKE_BUCKET"),
            control: ControlTable(
                name: try environment.require("CONTROL_TABLE"), client: aws,
                attemptLimit: try environment.count("MAX_ATTEMPTS", default: 3),
                retentionInDays: try environment.countIfSet("RECORD_RETENTION_DAYS")),
            objects: ObjectStore(aws))
        pipeline = environment["PIPELINE"]
        sparkBytes = try environment.countIfSet("SPARK_BYTES") ?? 0
        taskBytes = try environment.countIfSet("TASK_BYTES") ?? 0
        leaseSeconds = try environment.count("LEASE_SECONDS", default: leaseSeconds)
        batchFiles = try environment.count("BATCH_FILES", default: batchFiles)
        batchBytes = try environment.count("BATCH_BYTES", default: batchBytes)
        batchMemory = try environment.count("BATCH_MEMORY", default: batchMemory)
    }
}
