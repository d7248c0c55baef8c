internal import AWSClient
internal import AWSModels
internal import Columnar
internal import Contracts
internal import Control
internal import JSON
internal import LambdaRuntime

/// Takes one record to bronze: claim, read, convert, write to a key derived from the record, finish.
///
/// Whatever is done twice gives the same object, and the record is finished last, so a crash at any point is repaired by
/// doing it again.
struct BronzeWriter: JSONHandler {
    let settings: Settings
    /// Asked between batches; true gives the record back and ends the work.
    var isInterrupted: @Sendable () -> Bool = { false }

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let id = event["control_id"]?.string.flatMap(ControlID.init) else {
            throw ConversionError.usage("the event \(event) names no control_id of 32 hexadecimal digits")
        }
        let owner = event["lease_owner"]?.string ?? context.requestID
        return try convert(id, owner: owner, requestID: context.requestID, log: context.log)
    }

    /// - Returns: the outcome: `done`, `alreadyDone`, `heldByAnother` or `exhausted`.
    func convert(_ id: ControlID, owner: String, requestID: String, log: Log) throws -> JSON {
        let claim = try settings.control.claim(
            id, owner: owner, leaseSeconds: settings.leaseSeconds, requestID: requestID)
        switch claim {
        case .notFound: throw ControlError.notFound(id)
        case .alreadyDone(let record): return outcome("alreadyDone", record)
        case .held(let record, _): return outcome("heldByAnother", record)
        case .exhausted(let record): return outcome("exhausted", record)
        case .claimed(let record):
            do {
                let finished = try convert(record)
                log.info("converted", outcome("done", finished).object ?? [:])
                return outcome("done", finished)
            } catch {
                throw settle(record, error, log)
            }
        }
    }

    private func convert(_ claimed: ControlRecord) throws -> ControlRecord {
        var lease = Lease(claimed, control: settings.control, seconds: settings.leaseSeconds)
        let place = "s3://\(claimed.bucket)/\(claimed.objectKey)"
        guard claimed.schema == .bronze, let format = RawFormat(claimed.fileFormat) else {
            throw ConversionError.notRaw(place: place)
        }
        let contract = try contract(for: claimed.table)
        let outputKey = try BronzeKey(claimed).text
        var options = settings.options
        options.keyValues = [
            ("cupel.control_id", claimed.controlID.text), ("cupel.source", place),
            ("cupel.source_version", claimed.objectVersion.text), ("cupel.contract", contract.table),
            ("cupel.contract_version", contract.version),
        ]
        let conversion = Conversion(
            contract: contract, format: format, options: options,
            checkpoint: {
                if isInterrupted() { throw ConversionError.interrupted }
                try lease.renewIfDue()
            })
        let result: Conversion.Result
        do {
            result = try conversion.run(
                from: try source(of: claimed, place),
                to: sink(outputKey, contentType: "application/vnd.apache.parquet"),
                quarantine: { sink(try QuarantineKey(claimed).text, contentType: "application/x-ndjson") })
        } catch let error as ColumnarError {
            throw ConversionError.unreadable(place: place, error)
        } catch let error as AWSError where error.isPreconditionFailed {
            throw ConversionError.objectGone(place: place, version: claimed.objectVersion.text)
        }
        return try settings.control.finish(
            lease.record,
            Control.Conversion(
                writtenCount: result.writtenCount, quarantinedCount: result.quarantinedCount,
                checksum: result.checksum, outputKey: outputKey, contractVersion: contract.version,
                maskedColumns: contract.maskedColumns),
            next: claimed.next(
                .silver, bucket: settings.lakeBucket, outputKey: outputKey, version: result.output.version ?? .eTag(result.checksum),
                sizeInBytes: result.output.sizeInBytes, rowCount: result.writtenCount))
    }

    private func source(of record: ControlRecord, _ place: String) throws -> ObjectSource {
        do throws(AWSError) {
            return ObjectSource(try settings.objects.stream(record.object, ifMatch: record.expectedETag))
        } catch {
            guard error.isNotFound || error.isPreconditionFailed, error.code != "NoSuchBucket" else { throw error }
            throw ConversionError.objectGone(place: place, version: record.objectVersion.text)
        }
    }

    private func sink(_ key: String, contentType: String) -> ObjectSink {
        ObjectSink(settings.objects, S3Object(bucket: settings.lakeBucket, key: key), contentType: contentType)
    }

    private func contract(for table: String) throws(ConversionError) -> Contract {
        do { return try settings.contracts.contract(forTable: table) } catch {
            throw .noContract(table: table, reason: "\(error)")
        }
    }

    /// Says in the record how the work failed: given back if it may succeed as it is, in error if not.
    /// - Returns: what the invocation answers.
    private func settle(_ record: ControlRecord, _ error: any Error, _ log: Log) -> any Error {
        let type = (error as? any LambdaFailure)?.errorType ?? "\(Swift.type(of: error))"
        let isTemporary = ["Throttled", "Interrupted"].contains(type)
        do {
            if isTemporary {
                try settings.control.release(record)
            } else {
                var message = "\(error)"
                let place = "s3://\(record.bucket)/\(record.objectKey)"
                if !message.contains(place) { message = "\(place): \(message)" }
                try settings.control.fail(record, errorType: type, message: message)
            }
        } catch let second {
            // The state machine's catch, or the lease's end, does what could not be done here.
            log.error("the record could not be settled", ["error": .string("\(second)"), "after": .string("\(error)")])
        }
        return error
    }

    private func outcome(_ name: String, _ record: ControlRecord) -> JSON {
        [
            "outcome": .string(name), "control_id": .string(record.controlID.text),
            "status": .string(record.status.rawValue), "rows_read": record.recordCount.map(JSON.int) ?? .null,
            "rows_written": record.writtenCount.map(JSON.int) ?? .null,
            "rows_quarantined": record.quarantinedCount.map(JSON.int) ?? .null,
            "output_key": record.outputKey.map(JSON.string) ?? .null,
        ]
    }
}

/// A claim that is renewed while the work goes on.
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

extension RawFormat {
    fileprivate init?(_ format: ControlRecord.FileFormat) {
        switch format {
        case .csv: self = .csv
        case .json: self = .json
        case .parquet: return nil
        }
    }
}
