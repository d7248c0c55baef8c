internal import Columns
internal import ParquetRead

/// How the changes of files that are too large for memory are taken one part after the other. All changes of a key are in one part,
/// so the parts come to the same as batches.
struct KeyParts: Sendable {
    let count: Int
    /// Whole numbers are cut into ranges, because tables are sorted by them: each part then concerns other row groups. The
    /// first key of each part but the first; empty for keys that are cut by their hashes.
    private let bounds: [Int64]

    private static let sampleCount = 8192

    /// - Parameter files: each with the places of the key's columns.
    init(count: Int, sampling files: [(file: ParquetFile, places: [StoredColumn?])]) throws {
        var sample: [Int64] = []
        let rowCount = files.reduce(0) { $0 + $1.file.metadata.rowCount }
        let step = max(1, rowCount / Self.sampleCount)
        for (file, places) in files where places.count == 1 {
            guard let place = places[0] else { continue }
            for group in file.metadata.rowGroups.indices {
                let held = try file.holding(group: group, columns: [place.index], upTo: 32 << 20)
                var rows = try held.rows(ofGroup: group, columns: [place.index])
                while let batch = try rows.next(upTo: 64 << 10) {
                    let every = stride(from: 0, to: Int32(batch.rowCount), by: step).map { $0 }
                    let values = ColumnRows(place.conversion(batch.columns[0]), rowCount: batch.rowCount)
                    switch values.gathered(every).values {
                    case .int32(let numbers): sample += numbers.map { Int64($0) }
                    case .int64(let numbers): sample += numbers
                    default: break
                    }
                }
            }
        }
        sample.sort()
        self.count = count
        bounds = sample.isEmpty ? [] : (1..<count).map { sample[sample.count * $0 / count] }
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
