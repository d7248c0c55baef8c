internal import AWSClient
internal import Control
internal import LambdaRuntime
internal import Time

/// The settings of the function, from the environment.
struct Settings: Sendable {
    let aws: AWSClient
    let models: ModelCatalog
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
}

extension Settings {
    init(_ environment: Environment) throws {
        let aws = try AWSClient { environment[$0] }
        self.init(
            aws: aws, models: ModelCatalog(folder: environment.path("MODELS_DIR", default: "models")),
            lakeBucket: try environment.require("LAKE_BUCKET"), objects: ObjectStore(aws),
            engine: Engine(
                program: environment.path("DUCKDB", default: "duckdb"),
                memoryInMB: try environment.count("ENGINE_MEMORY_MB", default: 1024)),
            temporaryFolder: environment["TMPDIR"] ?? "/tmp")
        control = environment["CONTROL_TABLE"].map { ControlTable(name: $0, client: aws) }
        pipeline = environment["PIPELINE"]
        lineage = try environment["LINEAGE"].map {
            try LineageLog(
                objects, location: $0, jobs: pipeline ?? "cupel", datasets: try environment.require("DATASET_NAMESPACE")
            )
        }
    }
}
