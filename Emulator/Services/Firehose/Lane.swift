internal import EmulatorCore

/// A part of a delivery stream's source whose records keep their order: one shard, or what clients put.
struct Lane: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS firehose_position (
            stream INTEGER NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (stream, lane))
            STRICT, WITHOUT ROWID;
        """

    private static let pageSize = 1000
    /// The key of the lane that has what clients put.
    static let puts = ""

    /// How far a lane has been taken off its source.
    struct Place: Sendable {
        /// Nil for what clients put.
        let shard: StreamShard?
        /// The sequence of the last record whose outcome is in a buffer.
        fileprivate(set) var position: Int64
    }

    private(set) var place: Place
    /// Records that were read after ``position``, in order.
    private(set) var pending: [SourceRecord] = []
    private(set) var pendingBytes = 0
    /// How many records in aggregated ones were dropped since this was last asked for.
    private var dropped = 0

    init(_ shard: StreamShard?, position: Int64) {
        place = Place(shard: shard, position: position)
    }

    var shard: StreamShard? { place.shard }
    var position: Int64 { place.position }

    // MARK: Reading

    /// Reads until `bytes` wait, or nothing is left to read. Separates what it reads.
    mutating func fill(
        upTo bytes: Int, of stream: Int64, from source: Source, by separation: RecordSeparation?, in store: Store
    ) throws {
        while pendingBytes < bytes {
            let page = try source.records(of: self, stream: stream, after: pending.last?.sequence ?? position, store)
            guard !page.isEmpty else { return }
            for record in page {
                let (inner, dropped) = record.disaggregated(shard?.hashKeys)
                let separated = inner.separated(by: separation)
                self.dropped += dropped
                pending.append(separated)
                pendingBytes += separated.size
            }
        }
    }

    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }

    /// Where lanes are read from.
    enum Source: Sendable {
        case puts
        case stream(arn: String, any StreamSource)

        func records(
            of lane: Lane, stream: Int64, after sequence: Int64, _ store: Store
        ) throws -> [SourceRecord] {
            switch (self, lane.shard) {
            case (.stream(let arn, let source), let shard?):
                return try source.records(ofStream: arn, shard: shard, after: sequence, limit: pageSize)
                    .compactMap { record in
                        guard case .data(let data, let key) = record.content else { return nil }
                        return SourceRecord(
                            IncomingRecord(
                                sequence: record.sequence, arrivedAt: record.arrivedAt, data: data,
                                kinesis: .init(
                                    shard: shard.name, partitionKey: key, sequenceNumber: record.sequenceNumber)))
                    }
            default:
                return try store.read { snapshot in
                    try StoredPuts.records(of: stream, after: sequence, limit: pageSize, in: snapshot)
                }
            }
        }
    }

    // MARK: Progress

    static func positions(of stream: Int64, in snapshot: borrowing Snapshot) throws -> [String: Int64] {
        Dictionary(
            uniqueKeysWithValues: try snapshot.all(
                "SELECT lane, sequence FROM firehose_position WHERE stream = ?", .integer(stream)
            ) { ($0.text(0), $0.integer(1)) })
    }

    static func setPosition(
        _ sequence: Int64, ofShard shard: String, stream: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO firehose_position VALUES (?, ?, ?)", .integer(stream), .text(shard), .integer(sequence))
    }

    /// Forgets the first `count` pending records, which were acknowledged.
    mutating func advance(by count: Int) {
        place.position = pending[count - 1].sequence
        pendingBytes -= pending[..<count].reduce(0) { $0 + $1.size }
        pending.removeFirst(count)
    }
}

extension Lane.Place {
    /// Takes `batch`, the next records, off the source: with `transaction`, their outcome is in buffers.
    /// - Throws: ``AWSFault`` if another reader was faster; then nothing may be committed.
    func acknowledge(_ batch: [SourceRecord], of stream: Int64, in transaction: borrowing Transaction) throws {
        guard let last = batch.last else { return }
        let key = shard?.id ?? Lane.puts
        try transaction.execute(
            "INSERT OR IGNORE INTO firehose_position VALUES (?, ?, 0)", .integer(stream), .text(key))
        let changed = try transaction.execute(
            "UPDATE firehose_position SET sequence = ? WHERE stream = ? AND lane = ? AND sequence = ?",
            .integer(last.sequence), .integer(stream), .text(key), .integer(position))
        guard changed == 1 else {
            throw AWSFault("ConflictException", "Records of the delivery stream were read twice.")
        }
        if shard == nil { try StoredPuts.remove(upTo: last.sequence, of: stream, in: transaction) }
    }
}
