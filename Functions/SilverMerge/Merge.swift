internal import AWSClient
internal import Columns
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// Takes the changes of a batch into the files of a table: rewrites those that hold a changed key, and adds one for new keys.
struct Merge: ~Copyable {
    private let table: SilverTable
    private let schema: IcebergSchema
    private let changes: Changes
    private let storage: LakeStorage
    private let resolver: RowResolver
    /// The last truncate of the table, the batch's included.
    let truncate: Changes.Truncate?
    /// Whether the batch truncates the table, which concerns rows that it does not name.
    private let visitsAllRows: Bool
    private var writer: DataFileWriter
    private var isFound: [Bool]
    private(set) var removed: Set<String> = []
    private(set) var counts = Counts()
    private let checkpoint: () throws -> Void

    struct Counts: Sendable, Hashable {
        var inserted = 0
        var updated = 0
        var deleted = 0
    }

    private static let batchRows = 16_384

    init(
        _ table: SilverTable, _ schema: IcebergSchema, _ changes: Changes, truncated: Changes.Truncate?,
        _ storage: LakeStorage,
        _ writer: consuming DataFileWriter, checkpoint: @escaping () throws -> Void
    ) {
        self.table = table
        self.schema = schema
        self.changes = changes
        self.storage = storage
        self.writer = writer
        self.checkpoint = checkpoint
        isFound = [Bool](repeating: false, count: changes.keys.count)
        truncate = Changes.Truncate.later(truncated, changes.truncate)
        visitsAllRows = truncate != truncated
        resolver = RowResolver(
            columnNames: table.columns.map { "\(schema.field(named: $0.name)?.id ?? 0)" },
            isKey: table.columns.map(\.isKey), truncate: truncate)
    }

    /// - Returns: the files that are new.
    mutating func run(over files: [DataFile]) throws -> [DataFile] {
        let first = table.columns[table.keyPlaces[0]]
        let bounds = KeyBounds(changes.keys, fieldID: schema.field(named: first.name)?.id ?? 0, first.type)
        for file in files where visitsAllRows || bounds.mayHold(file) {
            try checkpoint()
            try rewrite(file, bounds)
        }
        try checkpoint()
        try insertNewKeys()
        try writer.endFile()
        return writer.written
    }

    /// Writes the file again if it holds a key of the batch: row groups that hold none are copied as they are.
    private mutating func rewrite(_ file: DataFile, _ bounds: KeyBounds) throws {
        guard let object = LakeStorage.object(at: file.path) else {
            throw SilverError.table("the data file \(file.path) is not in S3")
        }
        let parquet = try ParquetFile(
            reading: ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes)))
        let places = try table.allColumns.map { column in try place(of: column, in: parquet, file.path) }
        var next = 0
        for group in parquet.metadata.rowGroups.indices where visitsAllRows || bounds.mayHold(group, of: parquet) {
            let hits = try hits(in: parquet, group)
            guard !hits.isEmpty else { continue }
            if removed.insert(file.path).inserted { writer.startFile(inPlaceOf: file) }
            for group in next..<group { try copy(group, of: parquet, places) }
            try rewrite(group, of: parquet, places, hits)
            next = group + 1
        }
        guard removed.contains(file.path) else { return }
        for group in next..<parquet.metadata.rowGroups.count { try copy(group, of: parquet, places) }
        // The file's rows stay together, so that the next batch finds them by their bounds.
        try writer.endFile()
    }

    private mutating func copy(_ group: Int, of parquet: ParquetFile, _ places: [StoredColumn?]) throws {
        if try !writer.append(rowGroup: group, of: parquet) { try rewrite(group, of: parquet, places, []) }
        try checkpoint()
    }

    private mutating func rewrite(_ group: Int, of parquet: ParquetFile, _ places: [StoredColumn?], _ hits: [Hit])
        throws
    {
        var (next, start) = (0, 0)
        var rows = try parquet.rows(ofGroup: group, columns: places.compactMap { $0?.index })
        while let batch = try rows.next(upTo: Self.batchRows) {
            let end = start + batch.rowCount
            let first = next
            while next < hits.count, hits[next].row < end { next += 1 }
            let columns = all(batch, places)
            if first == next {
                try writer.append(batch.rowCount, columns)
            } else {
                let plan = try plan(hits[first..<next], from: start, columns, batch.rowCount)
                try writer.append(batch.rowCount, composed(plan, columns, batch.rowCount))
            }
            start = end
        }
        try checkpoint()
    }

    /// A row of a row group that may change.
    private struct Hit {
        let row: Int
        /// Its number in the batch; nil if the batch has none of its changes.
        let key: Int?
    }

    private mutating func hits(in file: ParquetFile, _ group: Int) throws -> [Hit] {
        let places = try table.keyPlaces.map { place in
            guard let index = try self.place(of: table.columns[place], in: file, "a data file") else {
                throw SilverError.table(
                    "a data file has no column \(table.columns[place].name), which is part of the key")
            }
            return index
        }
        var hits: [Hit] = []
        var start = 0
        var key = KeyBytes()
        var rows = try file.rows(ofGroup: group, columns: places.map(\.index))
        while let batch = try rows.next(upTo: 64 << 10) {
            let columns = KeyColumns(
                zip(zip(table.keyPlaces, places), batch.columns).map { key, array in
                    (ColumnRows(key.1.conversion(array), rowCount: batch.rowCount), table.columns[key.0].isDecimal)
                })
            for row in 0..<batch.rowCount where columns.read(row, into: &key) {
                let number = changes.keys.find(key)
                if let number { isFound[number] = true }
                if number != nil || visitsAllRows { hits.append(Hit(row: start + row, key: number)) }
            }
            start += batch.rowCount
        }
        return hits
    }

    private func place(
        of column: SilverColumn, in file: ParquetFile, _ path: String
    ) throws(SilverError) -> StoredColumn? {
        guard let id = schema.field(named: column.name)?.id, let stored = file.metadata.column(fieldID: id) else {
            return nil
        }
        guard let place = StoredColumn(stored, to: column.type) else {
            throw .table("\(path): its column \(stored.name) is \(stored.typeName), which is no \(column.type)")
        }
        return place
    }

    /// The columns of a batch in the table's order, with nulls for those that the file lacks.
    private func all(_ batch: RowBatch, _ places: [StoredColumn?]) -> [ColumnArray] {
        var given = batch.columns.makeIterator()
        return zip(table.allColumns, places).map { column, place in
            if let place, let array = given.next() { return place.conversion(array) }
            var array = ColumnArray(column.empty)
            array.appendNulls(batch.rowCount, after: 0)
            return array
        }
    }

    // MARK: Rows

    /// What becomes of some rows of a batch.
    private struct Planned {
        let row: Int
        let state: RowState
    }

    private mutating func plan(
        _ hits: ArraySlice<Hit>, from start: Int, _ columns: [ColumnArray], _ rowCount: Int
    ) throws -> [Planned] {
        let system = columns.suffix(SilverColumn.system.count).map { ColumnRows($0, rowCount: rowCount) }
        var planned: [Planned] = []
        for hit in hits {
            let row = hit.row - start
            let stored = StoredRow(
                createdAt: system[0].long(of: row) ?? 0, updatedAt: system[1].long(of: row) ?? 0,
                deletedAt: system[2].long(of: row), order: system[3].text(of: row) ?? [],
                columnOrders: try StoredRow.columnOrders(system[4].text(of: row)))
            guard let state = resolver.resolve(hit.key, changes, stored: stored) else { continue }
            if state.deletedAt != nil, stored.deletedAt == nil { counts.deleted += 1 } else { counts.updated += 1 }
            planned.append(Planned(row: row, state: state))
        }
        return planned
    }

    /// The rows of a batch with those that are planned in the place of theirs.
    private func composed(_ plan: [Planned], _ columns: [ColumnArray], _ rowCount: Int) -> [ColumnArray] {
        var result: [ColumnArray] = []
        for (index, column) in table.columns.enumerated() {
            let stored = ColumnRows(columns[index], rowCount: rowCount)
            var array = ColumnArray(column.empty)
            var done = 0
            for planned in plan {
                if planned.row > done { array.append(stored, done..<planned.row, after: done) }
                append(planned.state.source(of: index), of: index, stored, planned.row, to: &array, after: planned.row)
                done = planned.row + 1
            }
            if done < rowCount { array.append(stored, done..<rowCount, after: done) }
            result.append(array)
        }
        let states = plan.map(\.state)
        for (index, made) in Self.system(states).enumerated() {
            let stored = ColumnRows(columns[table.columns.count + index], rowCount: rowCount)
            let rows = ColumnRows(made, rowCount: states.count)
            var array = ColumnArray(SilverColumn.system[index].empty)
            var done = 0
            for (number, planned) in plan.enumerated() {
                if planned.row > done { array.append(stored, done..<planned.row, after: done) }
                array.append(rows, number..<number + 1, after: planned.row)
                done = planned.row + 1
            }
            if done < rowCount { array.append(stored, done..<rowCount, after: done) }
            result.append(array)
        }
        return result
    }

    private func append(
        _ source: RowState.Source, of column: Int, _ stored: ColumnRows?, _ row: Int, to array: inout ColumnArray,
        after before: Int
    ) {
        switch source {
        case .change(let change): array.append(changes.columns[column], change..<change + 1, after: before)
        case .stored:
            if let stored {
                array.append(stored, row..<row + 1, after: before)
            } else {
                array.appendNulls(1, after: before)
            }
        case .none: array.appendNulls(1, after: before)
        }
    }

    /// The columns that silver adds, for some rows.
    private static func system(_ states: [RowState]) -> [ColumnArray] {
        var deleted = ColumnArray(.int64([]))
        var order = ByteArrays()
        var columnOrders = ColumnArray(.byteArray(ByteArrays()))
        for (row, state) in states.enumerated() {
            let time = ColumnRows(ColumnArray(.int64([state.deletedAt ?? 0])), rowCount: 1)
            if state.deletedAt == nil {
                deleted.appendNulls(1, after: row)
            } else {
                deleted.append(time, 0..<1, after: row)
            }
            order.append(state.order)
            if let text = state.columnOrders {
                var texts = ByteArrays()
                texts.append(text)
                columnOrders.append(ColumnRows(ColumnArray(.byteArray(texts)), rowCount: 1), 0..<1, after: row)
            } else {
                columnOrders.appendNulls(1, after: row)
            }
        }
        return [
            ColumnArray(.int64(states.map(\.createdAt))), ColumnArray(.int64(states.map(\.updatedAt))), deleted,
            ColumnArray(.byteArray(order)), columnOrders,
        ]
    }

    /// Writes the rows of the keys that no file has, in the order of the keys.
    private mutating func insertNewKeys() throws {
        let new = changes.keys.sorted((0..<Int32(changes.keys.count)).filter { !isFound[Int($0)] })
        for start in stride(from: 0, to: new.count, by: Self.batchRows) {
            var states: [RowState] = []
            for key in new[start..<min(start + Self.batchRows, new.count)] {
                guard let state = resolver.resolve(Int(key), changes, stored: nil) else { continue }
                if state.deletedAt == nil { counts.inserted += 1 } else { counts.deleted += 1 }
                states.append(state)
            }
            var columns: [ColumnArray] = []
            for (index, column) in table.columns.enumerated() {
                var array = ColumnArray(column.empty)
                for (row, state) in states.enumerated() {
                    append(state.source(of: index), of: index, nil, row, to: &array, after: row)
                }
                columns.append(array)
            }
            try writer.append(states.count, columns + Self.system(states))
            try checkpoint()
        }
    }
}
