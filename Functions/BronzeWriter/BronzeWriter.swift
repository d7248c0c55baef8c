internal import AWSClient
internal import AWSModels
internal import Columnar
internal import Contracts
internal import Control
internal import JSON
internal import LambdaRuntime
internal import PublishedContracts
internal import RawFile

/// Takes one record to bronze: claim, read, convert, write to a key derived from the record, finish.
///
/// Repeated work gives the same object, and the record is finished last, so a retry repairs a crash at any point.
struct BronzeWriter: JSONHandler {
    private(set) var settings: Settings
    /// Called between batches; true releases the record and ends the work.
    private(set) var isInterrupted: @Sendable () -> Bool = { false }

    init(settings: Settings, isInterrupted: @escaping @Sendable () -> Bool = { false }) {
        self.settings = settings
        self.isInterrupted = isInterrupted
    }

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let id = event["control_id"]?.string.flatMap(ControlID.init) else {
            throw ConversionError.usage("the event \(event) has no control_id of 32 hexadecimal digits")
        }
        let owner = event["lease_owner"]?.string ?? context.requestID
        return try limited(to: context.deadline)
            .convert(id, owner: owner, requestID: context.requestID, log: context.log)
    }

    /// A copy that stops early enough to release an unfinished record before the process is killed at `deadline`.
    ///
    /// It reserves the last tenth of the time, at most 6 seconds: first conversion ends, then S3 calls (to abort an upload),
    /// then calls of the control table.
    func limited(to deadline: ContinuousClock.Instant) -> BronzeWriter {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        let step = min(left / 10, .seconds(6)) / 3
        var writer = self
        writer.isInterrupted = { [isInterrupted] in isInterrupted() || ContinuousClock.now >= deadline - step * 3 }
        writer.settings.objects = settings.objects.limited(to: deadline - step * 2)
        writer.settings.control = settings.control.limited(to: deadline - step)
        // After the deadline no one works on the record, so the lease need not last longer.
        writer.settings.leaseSeconds = min(settings.leaseSeconds, Int(left.components.seconds) + 2)
        return writer
    }

    /// - Returns: the outcome: `done`, `identical`, `superseded`, `alreadyDone`, `heldByAnother`, `exhausted` or `leaseLost`.
    /// - Throws: why the file did not become bronze. The record has the same error, or is pending again if a retry may succeed.
    func convert(_ id: ControlID, owner: String, requestID: String, log: Log) throws -> JSON {
        let contracts = try settings.contracts.inForce(settings.objects, log)
        var hash: String?
        if contracts.arePublished, let record = try settings.control.record(id), record.contractHash == nil {
            hash = try contracts.hash(forTable: record.table)
        }
        let claim = try settings.control.claim(
            id, owner: owner, leaseSeconds: settings.leaseSeconds, requestID: requestID, contractHash: hash)
        switch claim {
        case .notFound: throw ControlError.notFound(id)
        case .alreadyDone(let record): return outcome("alreadyDone", record)
        case .held(let record, _): return outcome("heldByAnother", record)
        case .exhausted(let record): return outcome("exhausted", record)
        case .claimed(let record):
            do {
                switch try convert(record, contracts) {
                case .converted(let done, let sizeInBytes):
                    let finished = outcome("done", done)
                    log.info("converted", finished.object ?? [:])
                    report(.converted(done, outputSizeInBytes: sizeInBytes), to: log)
                    return finished
                case .identical(let done): return logged(outcome("identical", done), log)
                case .superseded(let done): return logged(outcome("superseded", done), log)
                }
            } catch {
                switch settle(record, error, log) {
                case .settled:
                    report(.failed(record, FailureType(error)), to: log)
                    throw error
                case .superseded(let done):
                    return logged(outcome("superseded", done), log)
                case .lost:
                    log.warning("another worker has taken over the record", ["after": .string("\(error)")])
                    return outcome("leaseLost", record)
                }
            }
        }
    }

    /// How the work on a claimed record ended.
    private enum Ending {
        /// With the size of the output.
        case converted(ControlRecord, Int)
        /// The bronze file has its rows already.
        case identical(ControlRecord)
        case superseded(ControlRecord)
    }

    private static let smallFileInBytes = 64 << 10

    private func convert(_ claimed: ControlRecord, _ contracts: ContractsInForce) throws -> Ending {
        var lease = Lease(claimed, control: settings.control, seconds: settings.leaseSeconds)
        let checkpoint = {
            if isInterrupted() { throw ConversionError.interrupted }
            try lease.renewIfDue()
        }
        guard claimed.schema == .bronze, let file = try? RawKey(claimed.objectKey).file else {
            throw ConversionError.notRaw(place: claimed.place)
        }
        let contract = try contract(for: claimed, contracts)
        let files = BronzeFiles(objects: settings.objects, bucket: settings.lakeBucket, checkpoint: checkpoint)
        // After the claim: an erasure waits for conversions that began before it was noted.
        let (stored, erased) = try settings.control.keyState(andErasedKeysOf: claimed)
        let state = try EarlierFiles(files, settings.control).adopted(stored, for: claimed)
        if let newer = state.newerVersion(than: claimed) {
            return .superseded(try settings.control.supersede(claimed, by: newer))
        }
        if let current = try IdenticalContent(settings, file.compression, checkpoint).current(for: claimed, in: state),
            let done = try settings.control.finishIdentical(lease.record, to: current, in: state)
        {
            return .identical(done)
        }
        let place = OutputPlace(
            files: files, version: claimed.order, state: state,
            mayBeTaken: state.current != nil || claimed.attemptCount > 1)
        var options = settings.options
        options.erased = erased
        // Threads take longer to start than a small file to convert.
        if claimed.fileSizeInBytes <= Self.smallFileInBytes { options.threads = 1 }
        if options.maskingKey == nil, contract.needsMaskingKey(options.personalData) {
            options.maskingKey = try settings.maskingKey.key()
        }
        options.keyValues = [
            ("cupel.control_id", claimed.controlID.text), ("cupel.source", claimed.place),
            ("cupel.source_version", claimed.objectVersion.text), ("cupel.contract", contract.table),
            ("cupel.contract_version", contract.version),
        ]
        if case .eTag = claimed.objectVersion, let sequencer = claimed.sequencer {
            // Bytes that are uploaded again have the same version then, and their files must still differ.
            options.keyValues.append(("cupel.source_sequencer", sequencer))
        }
        let conversion = FileConversion(
            contract: contract, format: file.format, compression: file.compression, options: options,
            checkpoint: checkpoint)
        let result: FileConversion.Result
        do {
            result = try conversion.run(
                from: { try ObjectSource(claimed, in: settings.objects) },
                to: {
                    ObjectSink(
                        settings.objects, place.object, contentType: ObjectSink.parquet, metadata: place.metadata,
                        place: place)
                },
                quarantine: { sink(try QuarantineKey(claimed).text, contentType: "application/x-ndjson") })
        } catch let error as ColumnarError {
            throw ConversionError.unreadable(place: claimed.place, error)
        }
        let quarantineKey = result.quarantinedCount > 0 ? try QuarantineKey(claimed).text : nil
        if quarantineKey == nil, let listed = claimed.quarantineKey {
            // An earlier attempt listed rows that are written now.
            let list = sink(listed, contentType: "application/x-ndjson")
            try QuarantineWriter().finish().withUnsafeBytes { (bytes) throws in try list.write(bytes) }
            _ = try list.finish()
        }
        let version = result.output.version ?? .eTag(result.checksum)
        let ended = try settings.control.finishVersion(
            lease.record,
            FinishedConversion(
                writtenCount: result.writtenCount, quarantinedCount: result.quarantinedCount,
                checksum: result.checksum, outputKey: state.outputKey, contractVersion: contract.version,
                maskedColumns: result.maskedColumns, quality: result.quality.map(MeasuredRule.init),
                personalData: result.personalData, quarantineKey: quarantineKey, rescuedCount: result.rescuedCount,
                unknownFields: result.unknownFields,
                erasedCount: result.erased.written + result.erased.quarantined),
            next: contract.silverObstacle != nil
                ? nil
                : claimed.next(
                    .silver, bucket: settings.lakeBucket, outputKey: state.outputKey, version: version,
                    sizeInBytes: result.output.sizeInBytes, rowCount: result.writtenCount - result.erased.written),
            in: state)
        return ended.supersededBy == nil ? .converted(ended, result.output.sizeInBytes) : .superseded(ended)
    }

    private func sink(_ key: String, contentType: String) -> ObjectSink {
        ObjectSink(settings.objects, S3Object(bucket: settings.lakeBucket, key: key), contentType: contentType)
    }

    private func contract(for record: ControlRecord, _ contracts: ContractsInForce) throws -> Contract {
        do {
            return try contracts.contract(forTable: record.table, pinned: record.contractHash)
        } catch PublishedContractError.aws(let error) {
            throw error
        } catch {
            throw ConversionError.noContract(table: record.table, reason: "\(error)")
        }
    }

    private enum Settlement {
        /// Released if a retry may succeed, in error if not.
        case settled
        case superseded(ControlRecord)
        /// Another worker holds the record.
        case lost
    }

    /// Records how the work failed.
    private func settle(_ record: ControlRecord, _ error: any Error, _ log: Log) -> Settlement {
        let type = FailureType(error)
        do throws(ControlError) {
            if case ControlError.leaseLost = error { return .lost }
            if type.isTemporary {
                try settings.control.release(record)
            } else if let newer = try successor(of: record, after: error) {
                return .superseded(try settings.control.supersede(record, by: newer))
            } else {
                let text = "\(error)"
                let isPlaceNamed = text.utf8.indices.contains { text.utf8[$0...].starts(with: record.place.utf8) }
                let ended = try settings.control.fail(
                    record, errorType: type.name, message: isPlaceNamed ? text : "\(record.place): \(text)",
                    quality: (error as? ConversionError)?.measuredRules ?? [],
                    quarantineKey: (error as? ConversionError)?.listsRows == true
                        ? try? QuarantineKey(record).text : nil,
                    isPermanent: (error as? ConversionError)?.isPermanent ?? false)
                if ended.status == .success { return .superseded(ended) }
            }
        } catch .leaseLost {
            return .lost
        } catch let second {
            // The state machine's catch, or the lease's expiry, does the rest.
            log.error(
                "the record could not be released or failed",
                ["error": .string("\(second)"), "after": .string("\(error)")])
        }
        return .settled
    }

    /// The newer version that takes the place of this one, which failed: it matters no more.
    private func successor(of record: ControlRecord, after error: any Error) throws(ControlError) -> ControlID? {
        if case ConversionError.notRaw = error { return nil }
        if case ConversionError.superseded(let newer) = error { return newer }
        if let newer = try settings.control.keyState(of: record).newerVersion(than: record) { return newer }
        guard case ConversionError.objectGone = error, record.expectedETag != nil else { return nil }
        // Without versioning, an object's older bytes are gone as soon as it is replaced. Its new entity tag names the version.
        guard let eTag = try? settings.objects.head(record.object).eTag, eTag != record.expectedETag else { return nil }
        return ControlID(bucket: record.bucket, key: record.objectKey, version: eTag, schema: .bronze)
    }

    private func logged(_ outcome: JSON, _ log: Log) -> JSON {
        log.info("ended without a conversion", outcome.object ?? [:])
        return outcome
    }

    private func report(_ metrics: ConversionMetrics, to log: Log) {
        if let pipeline = settings.pipeline { log.write(metrics.embedded(in: pipeline)) }
    }

    private func outcome(_ name: String, _ record: ControlRecord) -> JSON {
        [
            "outcome": .string(name), "control_id": .string(record.controlID.text),
            "status": .string(record.status.rawValue), "rows_read": record.recordCount.map(JSON.int) ?? .null,
            "rows_written": record.writtenCount.map(JSON.int) ?? .null,
            "rows_quarantined": record.quarantinedCount.map(JSON.int) ?? .null,
            "output_key": record.outputKey.map(JSON.string) ?? .null,
            "superseded_by": (record.supersededBy?.text).map(JSON.string) ?? .null,
            "identical_to": (record.identicalTo?.text).map(JSON.string) ?? .null,
        ]
    }
}

/// A claim that is renewed during the work.
private struct Lease {
    private(set) var record: ControlRecord
    private let control: ControlTable
    private let seconds: Int
    private var renewAt: ContinuousClock.Instant

    init(_ record: ControlRecord, control: ControlTable, seconds: Int) {
        self.record = record
        self.control = control
        self.seconds = seconds
        renewAt = .now + .seconds(seconds) / 3
    }

    mutating func renewIfDue() throws(ControlError) {
        guard ContinuousClock.now >= renewAt else { return }
        record = try control.renewLease(of: record, leaseSeconds: seconds)
        renewAt = .now + .seconds(seconds) / 3
    }
}
