internal import Columns
internal import Iceberg
internal import ParquetRead

/// Rows that leave their files for another partition, as they were stored, with what becomes of them.
struct MovedRows {
    struct Row {
        let state: RowState
        let partition: Partitioner.Partition
    }

    private(set) var rows: [Row] = []
    /// Of the contract's columns.
    private var columns: [ColumnArray]
    private let described: [SilverColumn]

    init(_ columns: [SilverColumn]) {
        described = columns
        self.columns = columns.map(\.empty)
    }

    /// Reads rows from a row group.
    /// - Parameters:
    ///   - leaving: ascending by their places.
    ///   - places: of the table's columns in the file.
    mutating func append(
        _ leaving: [(place: Int, row: Row)], of file: ParquetFile, _ group: Int, _ places: [StoredColumn?]
    ) throws {
        let places = places.prefix(columns.count)
        let wanted = leaving.map { $0.place..<$0.place + 1 }
        var batches = try file.rows(ofGroup: group, columns: places.compactMap { $0?.index }, rows: wanted)
        var read = rows.count
        while let batch = try batches.next(upTo: 16_384) {
            var given = batch.columns.makeIterator()
            for (column, place) in places.enumerated() {
                if let place, let array = given.next() {
                    columns[column].append(
                        described[column].rows(place.conversion(array), batch.rowCount), 0..<batch.rowCount, after: read
                    )
                } else {
                    columns[column].appendNulls(batch.rowCount, after: read)
                }
            }
            read += batch.rowCount
        }
        // A file that lacks all of them gives no batch.
        for column in columns.indices where read == rows.count {
            columns[column].appendNulls(leaving.count, after: read)
        }
        rows += leaving.map(\.row)
    }

    /// The rows' numbers by the partitions that they move to.
    var byPartition: [Partitioner.Partition: [Int]] {
        Dictionary(grouping: rows.indices) { rows[$0].partition }
    }

    /// The contract's columns of some rows, as they are now.
    func columns(of numbers: ArraySlice<Int>, _ changes: Changes) -> [ColumnArray] {
        columns.indices.map { column in
            let stored = described[column].rows(columns[column], rows.count)
            var array = described[column].empty
            for (done, number) in numbers.enumerated() {
                switch rows[number].state.source(of: column) {
                case .change(let row): array.append(changes.columns[column], row..<row + 1, after: done)
                case .stored: array.append(stored, number..<number + 1, after: done)
                case .none: array.appendNulls(1, after: done)
                }
            }
            return array
        }
    }
}
