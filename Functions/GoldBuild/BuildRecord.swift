internal import AWSClient
internal import Contracts
internal import Control
internal import LambdaRuntime
internal import Time

/// The control record of a model: what became of its last build. Earlier ones are the snapshots of its table.
///
/// Two builds of a model at once share the record: the table's catalog lets one of them commit.
struct BuildRecord {
    private let control: ControlTable
    private let record: ControlRecord

    private static let leaseSeconds = 900

    /// Notes that a build begins.
    init(_ model: Model, _ settings: Settings, _ control: ControlTable, requestID: String) throws(ControlError) {
        self.control = control
        let id = ControlID(bucket: settings.lakeBucket, key: model.path, version: "model", schema: .gold)
        let owner = "gold-build/\(model.name)"
        for _ in 0..<3 {
            let claim = try control.claim(
                id, owner: owner, leaseSeconds: Self.leaseSeconds, requestID: requestID, contractHash: nil)
            switch claim {
            case .claimed(let record):
                self.record = record
                return
            case .notFound:
                _ = try control.register(
                    ControlRecord(
                        controlID: id, schema: .gold, table: model.name.table, bucket: settings.lakeBucket,
                        objectKey: model.path, objectVersion: .eTag("model"), fileFormat: .parquet, fileSizeInBytes: 0,
                        createdAt: settings.clock.now()))
            case .alreadyDone, .exhausted, .held:
                _ = try control.replay(id, ReplayRules(force: true), expecting: .gold)
            }
        }
        throw .notFound(id)
    }

    func succeed(_ outcome: ModelBuild.Outcome, of model: Model, _ source: BuildSource) throws(ControlError) {
        _ = try control.finish(
            record,
            FinishedConversion(
                writtenCount: Int(outcome.writtenCount), quarantinedCount: 0, checksum: source.model,
                outputKey: "\(model.name.namespace.dropFirst("dm_".count))/\(model.name.table)",
                contractVersion: model.contract.version, quality: outcome.measured))
    }

    /// A failure that a retry may repair leaves the record pending; the next build does it.
    func fail(_ error: any Error) throws(ControlError) {
        let type = FailureType(error)
        guard !type.isTemporary else {
            try control.release(record)
            return
        }
        var measured: [MeasuredRule] = []
        if case GoldError.quality(_, _, let rules) = error { measured = rules }
        try control.fail(record, errorType: type.name, message: "\(error)", quality: measured, isPermanent: true)
    }
}
