internal import AWSClient
internal import Columnar
internal import Contracts
internal import Control
internal import LambdaRuntime

/// What the environment says, for the function and the task alike.
struct Settings: Sendable {
    let contracts: ContractCatalog
    let lakeBucket: String
    var control: ControlTable
    var objects: ObjectStore
    var options = Conversion.Options()
    /// How long a lease lasts without being renewed.
    var leaseSeconds = 120
    /// What the metrics are of; nil writes none.
    var pipeline: String?
}

extension Settings {
    init(_ environment: Environment) throws {
        let aws = try AWSClient { environment[$0] }
        self.init(
            contracts: try ContractCatalog(directory: environment.folder("CONTRACTS_DIR", default: "contracts")),
            lakeBucket: try environment.require("LAKE_BUCKET"),
            control: ControlTable(
                name: try environment.require("CONTROL_TABLE"), client: aws,
                attemptLimit: try environment.count("MAX_ATTEMPTS", default: 3)),
            objects: ObjectStore(aws))
        leaseSeconds = try environment.count("LEASE_SECONDS", default: leaseSeconds)
        pipeline = environment["PIPELINE"]
        options = try Conversion.Options(environment)
    }
}

extension Conversion.Options {
    init(_ environment: Environment) throws(EnvironmentError) {
        inflate.bytes = try environment.count("MAX_DECOMPRESSED_BYTES", default: inflate.bytes)
        reader.lineBytes = try environment.count("MAX_LINE_BYTES", default: reader.lineBytes)
        threads = try environment.count("CONVERSION_THREADS", default: threads)
        maskingKey = environment["MASKING_KEY"].map { Array($0.utf8) }
    }
}
