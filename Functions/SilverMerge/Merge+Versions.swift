internal import Columns
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// Tables that keep every version of a key, with the times from and to which it was valid.
///
/// All stored versions of the batch's keys are read and put in order with the changes. A version that is another then, because a late
/// change came before or after it, leaves its file and is written again with the new ones.
extension Merge {
    mutating func keepVersions(in files: [DataFile], _ bounds: KeyBounds) throws {
        var stored = StoredVersions(table)
        for file in files where visitsAllRows || bounds.mayHold(file) {
            try checkpoint()
            let source = try source(of: file)
            for group in source.file.metadata.rowGroups.indices
            where visitsAllRows || bounds.mayHold(group, of: source.file) {
                let rows = try hits(in: source, group).map(\.row)
                guard !rows.isEmpty else { continue }
                try stored.append(rows, of: source.holding(group).file, group, source.places, at: file.path)
            }
        }
        let versions = try KeyVersions(of: table, changes, stored, truncates, schema)
        counts.add(versions.counts)
        let leaving = versions.leaving
        for file in files {
            guard let groups = leaving[file.path] else { continue }
            try checkpoint()
            let source = try source(of: file)
            writer.startFile(inPlaceOf: file)
            for group in source.file.metadata.rowGroups.indices {
                try write(group, of: source.holding(group), RowPlan(), without: groups[group]?.sorted() ?? [])
            }
            removed.insert(file.path)
            try writer.endFile()
        }
        let partitioner = Partitioner(table, versions.changes)
        let parts: [Partitioner.Partition: [RowState]] = Dictionary(grouping: versions.written) { state in
            partitioner.partition(of: state, from: nil)
        }
        for (partition, states) in parts.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            writer.startFile(in: partition)
            for start in stride(from: 0, to: states.count, by: Self.batchRows) {
                var plan = RowPlan()
                for state in states[start..<min(start + Self.batchRows, states.count)] {
                    plan.append(state, at: plan.count, stored: nil)
                }
                let columns = table.columns.indices.map { column in
                    table.columns[column].leaf == nil
                        ? plan.values(of: column, versions.changes.columns[column])
                        : nested(plan, column, versions.changes.columns[column])
                }
                try writer.append(plan.count, columns + plan.versionValues)
                try checkpoint()
            }
            try writer.endFile()
        }
    }

    /// Rows of a column inside structs and lists.
    private func nested(_ plan: RowPlan, _ column: Int, _ source: ColumnRows) -> ColumnArray {
        var array = table.columns[column].empty
        let changes = Dictionary(plan.changes(of: column).map { ($0.place, $0.change) }) { first, _ in first }
        for row in 0..<plan.count {
            if let change = changes[row] {
                array.append(source, change..<change + 1, after: row)
            } else {
                array.appendNulls(1, after: row)
            }
        }
        return array
    }
}

/// The versions that a table has of some keys.
struct StoredVersions {
    struct Place {
        let file: String
        let group: Int
        let row: Int
    }

    private(set) var places: [Place] = []
    private(set) var rows: [StoredRow] = []
    private(set) var columns: [ColumnArray]
    private let table: SilverTable

    init(_ table: SilverTable) {
        self.table = table
        columns = table.columns.map(\.empty)
    }

    /// - Parameters:
    ///   - wanted: the rows, ascending.
    ///   - stored: the table's columns in the file.
    mutating func append(
        _ wanted: [Int], of file: ParquetFile, _ group: Int, _ stored: [StoredColumn?], at path: String
    ) throws {
        var state = try StoredRows(stored.dropFirst(table.columns.count).prefix(5).map { $0?.index }, of: file, group)
        var next = 0
        while next < wanted.count, try state.turn() {
            while next < wanted.count, wanted[next] < state.rows.upperBound {
                let row = try state.row(wanted[next])
                rows.append(row)
                places.append(Place(file: path, group: group, row: wanted[next]))
                next += 1
            }
        }
        let contract = stored.prefix(columns.count)
        var read = rows.count - wanted.count
        let first = read
        var batches = try file.rows(
            ofGroup: group, columns: contract.compactMap { $0?.index }, rows: wanted.map { $0..<$0 + 1 })
        while let batch = try batches.next(upTo: 16_384) {
            var given = batch.columns.makeIterator()
            for (column, place) in contract.enumerated() {
                if let place, let array = given.next() {
                    let rows = table.columns[column].rows(place.conversion(array), batch.rowCount)
                    columns[column].append(rows, 0..<batch.rowCount, after: read)
                } else {
                    columns[column].appendNulls(batch.rowCount, after: read)
                }
            }
            read += batch.rowCount
        }
        // A file that lacks all of them gives no batch.
        for column in columns.indices where read == first { columns[column].appendNulls(wanted.count, after: first) }
    }
}
