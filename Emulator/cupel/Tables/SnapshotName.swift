internal import ArgumentParser
internal import Iceberg
internal import Time

/// How a user names a snapshot: by its number, its ID or a time.
struct SnapshotName: ExpressibleByArgument, Hashable {
    private enum Form: Hashable {
        /// The sequence number, which counts the table's snapshots; 0 is the table before the first.
        case number(Int64)
        case id(Int64)
        case time(Timestamp)
    }

    private let form: Form
    private let text: String

    /// No table has so many snapshots, and IDs are random numbers of up to 19 digits.
    private static let firstID: Int64 = 1_000_000_000

    init?(argument: String) { self.init(argument, now: .now()) }

    init?(_ text: String, now: Timestamp) {
        if let number = Int64(text), number >= 0 {
            form = number < Self.firstID ? .number(number) : .id(number)
        } else if let since = Since(text, now: now) {
            form = .time(since.timestamp)
        } else {
            return nil
        }
        self.text = text
    }

    /// - Returns: nil for the table before its first snapshot.
    func snapshot(in metadata: TableMetadata) throws(CommandFailure) -> Snapshot? {
        switch form {
        case .number(0): return nil
        case .number(let number):
            if let snapshot = metadata.snapshots.first(where: { $0.sequenceNumber == number }) { return snapshot }
        case .id(let id):
            if let snapshot = metadata.snapshots.first(where: { $0.id == id }) { return snapshot }
        case .time(let time):
            let lineage = metadata.lineage
            if let snapshot = lineage.first(where: { $0.timestamp <= time.milliseconds }) { return snapshot }
            if lineage.last?.parentID == nil { return nil }
        }
        throw .notFound("the table has no snapshot \(text)\(Self.known(metadata))")
    }

    private static func known(_ metadata: TableMetadata) -> String {
        let numbers = metadata.snapshots.map(\.sequenceNumber).sorted()
        guard let first = numbers.first, let last = numbers.last else { return ": it has none yet" }
        let range = first == last ? "\(first) alone" : "\(first) to \(last)"
        return ", or it has expired; those that are kept are \(range)"
    }
}

extension TableMetadata {
    /// The current snapshot, its parent, and so on, as far as they are kept.
    var lineage: [Snapshot] {
        let snapshots = Dictionary(snapshots.map { ($0.id, $0) }) { first, _ in first }
        var lineage: [Snapshot] = []
        var next = currentSnapshot
        while let snapshot = next, lineage.count < snapshots.count {
            lineage.append(snapshot)
            next = snapshot.parentID.flatMap { snapshots[$0] }
        }
        return lineage
    }

    /// The schema with which a snapshot was written.
    func schema(of snapshot: Snapshot?) -> IcebergSchema {
        schemas.first { $0.id == snapshot?.schemaID } ?? currentSchema
    }
}

extension Snapshot {
    /// When it was committed, to the second: `2026-03-01T09:30:00Z`.
    var time: String { "\(Timestamp(milliseconds: timestamp).rfc3339.prefix(19))Z" }

    /// A count of the summary.
    func count(_ name: String) -> Int? { summary[name].flatMap { Int($0) } }
}
