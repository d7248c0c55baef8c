internal import Columns
internal import ParquetRead

/// How the changes of files that are too large for memory are taken one part after the other. All changes of a key are in one part,
/// so the parts come to the same as batches.
struct KeyParts: Sendable {
    let count: Int
    /// Whole numbers are cut into ranges, because tables are sorted by them: each part then concerns other row groups. The
    /// first key of each part but the first; empty for keys that are cut by their hashes.
    private let bounds: [Int64]

    fileprivate init(count: Int, bounds: [Int64]) {
        self.count = count
        self.bounds = bounds
    }

    /// The part of a row's key; the first for a row without one.
    func part(of row: Int, _ key: KeyColumns) -> Int {
        if !bounds.isEmpty {
            guard let number = key.integer(of: row) else { return 0 }
            return bounds.count { $0 <= number }
        }
        var bytes = KeyBytes()
        guard key.read(row, into: &bytes) else { return 0 }
        return Int(bytes.hash % UInt64(count))
    }
}

/// Some keys of files, by which their changes are cut into parts of about the same size.
struct KeySample {
    private var keys: [Int64] = []
    /// Every so many rows give one.
    private let step: Int

    private static let keyCount = 8192

    /// - Parameter rowCount: of all files together.
    init(rowCount: Int) { step = max(1, rowCount / Self.keyCount) }

    /// - Parameter places: of the key's columns in the file. Keys of several columns, or of others than whole numbers, are not
    ///   sampled.
    mutating func add(_ file: ParquetFile, _ places: [StoredColumn?]) throws {
        guard places.count == 1, let place = places[0] else { return }
        for group in file.metadata.rowGroups.indices {
            let held = try file.holding(group: group, columns: [place.index], upTo: 32 << 20)
            var rows = try held.rows(ofGroup: group, columns: [place.index])
            while let batch = try rows.next(upTo: 64 << 10) {
                let every = stride(from: 0, to: Int32(batch.rowCount), by: step).map { $0 }
                let values = ColumnRows(place.conversion(batch.columns[0]), rowCount: batch.rowCount)
                switch values.gathered(every).values {
                case .int32(let numbers): keys += numbers.map { Int64($0) }
                case .int64(let numbers): keys += numbers
                default: break
                }
            }
        }
    }

    func parts(_ count: Int) -> KeyParts {
        let sorted = keys.sorted()
        return KeyParts(
            count: count, bounds: sorted.isEmpty ? [] : (1..<count).map { sorted[sorted.count * $0 / count] })
    }
}
