internal import EmulatorCore
internal import JSON
internal import Time

/// What each buffer gets of a batch, in the order of the records.
struct Additions {
    private struct Buffer: Hashable {
        let kind: StoredBuffer.Kind
        let prefix: String
    }

    private struct PrefixFailure: Error {
        let code: String
        let message: String
    }

    /// Records for one prefix.
    private struct Joined {
        let kind: StoredBuffer.Kind
        let prefix: String
        var data = PackedBytes.single()
        /// When the oldest record arrived.
        var oldest: Int64
    }

    private let context: DeliveryContext
    private let errors: String
    private let backup: String?
    /// The prefixes whose records wait.
    private var active: Set<String>
    private var all: [Joined] = []
    private var places: [Buffer: Int] = [:]
    private var prefixes: [PartitionKeys: Result<String, PrefixFailure>] = [:]
    /// The places of records with these keys of a function's answer, if no query adds to them.
    private var placesOfKeys: [ObjectIdentifier: Int] = [:]

    private static let errorType = "processing-failed"
    private static let newline = [UInt8(ascii: "\n")][...]

    init(_ context: DeliveryContext) throws {
        self.context = context
        let configuration = context.configuration
        active =
            configuration.isPartitioned
            ? try context.store.read { try StoredBuffer.activePrefixes(of: context.id, in: $0) } : []
        errors = configuration.errorPrefix.resolved(errorType: Self.errorType).stored
        backup = configuration.backup?.prefix.stored
    }

    /// As the store takes them.
    var packed: [StoredBuffer.Addition] {
        all.map { StoredBuffer.Addition($0.kind, $0.prefix, $0.data, oldest: $0.oldest) }
    }

    /// - Parameter attempts: how often the function was asked.
    mutating func add(
        _ record: IncomingRecord, _ outcome: TransformationCall.Outcome, attempts: Int
    ) {
        if let backup { append(record.data, of: record, at: place(.backup, backup, record)) }
        switch outcome {
        case .dropped: return
        case .failed(let code, let message): fail(record, attempts, code, message)
        case .ok(let data, let keys):
            do throws(PrefixFailure) {
                let place = try place(of: record, data, keys)
                append(data, of: record, at: place)
                if context.configuration.processors.appendsNewline { append(Self.newline, of: record, at: place) }
            } catch {
                fail(record, attempts, error.code, error.message)
            }
        }
    }

    private mutating func fail(_ record: IncomingRecord, _ attempts: Int, _ code: String, _ message: String) {
        append(
            document(of: record, attempts, code, message)[...], of: record, at: place(.errors, errors, record))
    }

    private mutating func append(_ data: ArraySlice<UInt8>, of record: IncomingRecord, at place: Int) {
        all[place].data.extend(by: data)
        all[place].oldest = min(all[place].oldest, record.arrivedAt)
    }

    private mutating func place(_ kind: StoredBuffer.Kind, _ prefix: String, _ record: IncomingRecord) -> Int {
        let buffer = Buffer(kind: kind, prefix: prefix)
        if let place = places[buffer] { return place }
        places[buffer] = all.count
        all.append(Joined(kind: kind, prefix: prefix, oldest: record.arrivedAt))
        return all.count - 1
    }

    private mutating func place(
        of record: IncomingRecord, _ data: ArraySlice<UInt8>, _ lambdaKeys: TransformationCall.Keys
    ) throws(PrefixFailure) -> Int {
        let query = context.configuration.processors.query
        if query == nil, let place = placesOfKeys[ObjectIdentifier(lambdaKeys)] { return place }
        var keys = PartitionKeys(lambda: lambdaKeys.values)
        do throws(MetadataQuery.Failure) {
            keys.query = try query?.keys(of: Array(data)) ?? [:]
        } catch {
            throw PrefixFailure(code: "DynamicPartitioning.MetadataExtractionFailed", message: "\(error)")
        }
        let resolved = prefixes[keys] ?? prefix(for: keys, record)
        prefixes[keys] = resolved
        let prefix = try resolved.get()
        let isPartitioned = context.configuration.isPartitioned
        guard !isPartitioned || active.contains(prefix) || active.count < Intake.partitionLimit else {
            throw PrefixFailure(
                code: "DynamicPartitioning.ActivePartitionLimitExceeded",
                message: "\(Intake.partitionLimit) partitions have records that wait; the record would open another.")
        }
        active.insert(prefix)
        let place = place(.data, prefix, record)
        placesOfKeys[ObjectIdentifier(lambdaKeys)] = place
        return place
    }

    /// The stored prefix of records with these partition keys.
    private func prefix(for keys: PartitionKeys, _ record: IncomingRecord) -> Result<String, PrefixFailure> {
        switch context.configuration.destination.prefix.resolved(keys) {
        case .failure(let key):
            return .failure(
                PrefixFailure(
                    code: "DynamicPartitioning.MetadataExtractionFailed",
                    message: "partitionKeys values must not be null or empty: the record has no key \(key.name), which "
                        + "the prefix needs."))
        case .success(let prefix):
            guard !prefix.isTooLong(at: record.arrivedAt) else {
                return .failure(
                    PrefixFailure(
                        code: "DynamicPartitioning.PrefixTooLong",
                        message: "The record's prefix has more than \(KeyPrefix.limit) characters."))
            }
            return .success(prefix.stored)
        }
    }

    /// What is kept of a record that failed.
    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html>
    private func document(of record: IncomingRecord, _ attempts: Int, _ code: String, _ message: String) -> [UInt8] {
        var document: JSONObject = [
            "attemptsMade": .int(attempts), "arrivalTimestamp": .int(record.arrivedAt), "errorCode": .string(code),
            "errorMessage": .string(message), "attemptEndingTimestamp": .int(context.clock.now().milliseconds),
            "rawData": .string(record.data.base64),
        ]
        if let function = context.configuration.transformation?.function { document["lambdaArn"] = .string(function) }
        return JSON.object(document).bytes + [UInt8(ascii: "\n")]
    }
}
