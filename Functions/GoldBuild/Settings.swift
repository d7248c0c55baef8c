internal import AWSClient
internal import Control
internal import LambdaRuntime
internal import PublishedModels
internal import Time

/// The settings of the function, from the environment.
struct Settings: Sendable {
    let aws: AWSClient
    let models: ModelsInForce
    let lakeBucket: String
    var objects: ObjectStore
    let engine: Engine
    /// Where local copies of tables are while a model is built.
    let temporaryFolder: String
    var clock = ClockAndChance.system
    /// Has a record of each model; nil if there is none.
    var control: ControlTable?
    /// The pipeline in the metrics; nil writes no metrics.
    var pipeline: String?
    /// Nil writes no events of lineage.
    var lineage: LineageLog?
    /// What the function leaves to others.
    var limits = BuildLimits()
    /// Whether the process was asked to end.
    var isInterrupted: @Sendable () -> Bool = { false }
}

extension Settings {
    init(_ environment: Environment) throws {
        let aws = try AWSClient { environment[$0] }
        let objects = ObjectStore(aws)
        self.init(
            aws: aws,
            models: ModelsInForce(
                folder: environment.path("MODELS_DIR", default: "models"),
                store: environment["MODELS_BUCKET"].map { ModelStore(bucket: $0, objects: objects) }),
            lakeBucket: try environment.require("LAKE_BUCKET"), objects: objects,
            engine: Engine(
                program: environment.path("DUCKDB", default: "duckdb"),
                memoryInMB: try environment.count("ENGINE_MEMORY_MB", default: 1024)),
            temporaryFolder: environment["TMPDIR"] ?? "/tmp")
        control = environment["CONTROL_TABLE"].map { ControlTable(name: $0, client: aws) }
        pipeline = environment["PIPELINE"]
        limits = BuildLimits(
            taskBytes: try environment.countIfSet("TASK_BYTES") ?? 0,
            sparkBytes: try environment.countIfSet("SPARK_BYTES") ?? 0)
        lineage = try environment["LINEAGE"].map {
            try LineageLog(
                objects, location: $0, jobs: pipeline ?? "cupel", datasets: try environment.require("DATASET_NAMESPACE")
            )
        }
    }
}
