internal import AWSClient
internal import Contracts
internal import Control
internal import LambdaRuntime
internal import Time

/// The control record of a model: what became of its last build. Earlier ones are the snapshots of its table.
///
/// Two builds of a model by the function at once share the record: the table's catalog lets one of them commit. A task or Spark holds
/// it alone.
struct BuildRecord {
    private let control: ControlTable
    private let record: ControlRecord

    /// A task or Spark holds the record.
    struct IsHeld: Error {}

    /// Notes that a build begins.
    init(
        of model: TableName, _ settings: Settings, _ control: ControlTable, by worker: BuildWorker, requestID: String
    ) throws {
        self.control = control
        let id = Self.id(of: model, settings)
        let owner = worker.owner(of: model)
        for _ in 0..<3 {
            let claim = try control.claim(
                id, owner: owner, leaseSeconds: worker.leaseSeconds, requestID: requestID, contractHash: nil)
            switch claim {
            case .claimed(let record):
                self.record = record
                return
            case .notFound:
                _ = try control.register(
                    ControlRecord(
                        controlID: id, schema: .gold, table: model.table, bucket: settings.lakeBucket,
                        objectKey: model.modelPath, objectVersion: .eTag("model"), fileFormat: .parquet,
                        fileSizeInBytes: 0, createdAt: settings.clock.now()))
            case .held(let held, _) where held.status == .running: throw IsHeld()
            case .alreadyDone, .exhausted, .held:
                _ = try control.replay(id, ReplayRules(force: true), expecting: .gold)
            }
        }
        throw ControlError.notFound(id)
    }

    /// The record of a build that another process began and cannot end.
    /// - Returns: nil if that worker does not hold it.
    init?(
        adopting stored: ControlRecord, of model: TableName, by worker: BuildWorker, _ control: ControlTable
    ) {
        guard stored.status == .running, stored.leaseOwner == worker.owner(of: model) else { return nil }
        self.control = control
        record = stored
    }

    private static func id(of model: TableName, _ settings: Settings) -> ControlID {
        ControlID(bucket: settings.lakeBucket, key: model.modelPath, version: "model", schema: .gold)
    }

    /// The record as it is; nil if the model was never built.
    static func stored(
        of model: TableName, _ settings: Settings, _ control: ControlTable
    ) throws(ControlError) -> ControlRecord? {
        try control.record(id(of: model, settings))
    }

    func succeed(_ outcome: ModelBuild.Outcome, of model: Model, _ source: BuildSource) throws(ControlError) {
        try succeed(writtenCount: Int(outcome.writtenCount), of: model, source, quality: outcome.measured)
    }

    /// The table has what the inputs give, by an earlier build whose end was not recorded, or whose failure is no longer one.
    func settle(_ former: ControlRecord, of model: Model, _ source: BuildSource) throws(ControlError) {
        try succeed(writtenCount: former.writtenCount ?? 0, of: model, source, quality: former.quality)
    }

    private func succeed(
        writtenCount: Int, of model: Model, _ source: BuildSource, quality: [MeasuredRule]
    ) throws(ControlError) {
        _ = try control.finish(
            record,
            FinishedConversion(
                writtenCount: writtenCount, quarantinedCount: 0, checksum: source.model,
                outputKey: "\(model.name.layer)/\(model.name.table)", contractVersion: model.contract.version,
                quality: quality))
    }

    /// The build goes on elsewhere, or is not needed.
    func release() throws(ControlError) { try control.release(record) }

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

    /// Another than the function says that the build failed.
    func fail(_ failure: ReportedFailure) throws(ControlError) {
        try control.fail(record, errorType: failure.errorType, message: failure.message)
    }
}
