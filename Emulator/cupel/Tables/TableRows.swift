internal import Columns
internal import Iceberg
internal import JSON
internal import Lake
internal import ParquetRead

/// Reads the rows of a table's data files: their hashes, to be compared, and some of them whole, to be shown.
struct TableRows {
    private let tables: LakeTables
    /// The columns that are compared, by the later of the two schemas.
    private let fields: [IcebergField]
    private let keyFields: [IcebergField]

    /// The columns of the table's own state, such as the order of the last change, which are compared apart.
    private let stateFields: [IcebergField]

    static let batchRows = 16_384

    init(_ tables: LakeTables, _ schema: IcebergSchema) {
        self.tables = tables
        let isSilver = schema.field(named: StateColumn.order) != nil
        stateFields = isSilver ? schema.fields.filter { StateColumn.all.contains($0.name) } : []
        let states = Set(stateFields.map(\.id))
        fields = schema.fields.filter { !states.contains($0.id) }
        keyFields = schema.identifierIDs.compactMap { schema.field($0) }
    }

    var keyNames: [String] { keyFields.map(\.name) }
    /// Whether rows have no key, so that a row is known by all its values.
    var isKeyless: Bool { keyFields.isEmpty }

    /// Calls `body` with the key's hash and what is compared of each row of a file.
    func forEachRow(of stored: SnapshotFile, _ body: (UInt64, RowTable.Row) -> Void) throws {
        let file = try tables.open(stored.data)
        try tables.reading(stored.data.path) {
            var deleted = stored.deleted[...]
            var start = 0
            let reading = FileColumns(fields + stateFields, in: file)
            for group in file.metadata.rowGroups.indices {
                var rows = try file.rows(ofGroup: group, columns: reading.places)
                while let batch = try rows.next(upTo: Self.batchRows) {
                    let columns = reading.columns(of: batch)
                    let values = hashes(of: fields, columns, batch.rowCount)
                    let keys = isKeyless ? values : hashes(of: keyFields, columns, batch.rowCount)
                    let states = hashes(of: stateFields, columns, batch.rowCount)
                    let deletedAt = stateFields.first { $0.name == StateColumn.deletedAt }.flatMap {
                        columns[$0.id]?.first
                    }
                    for row in 0..<batch.rowCount {
                        if deleted.first == start + row {
                            deleted.removeFirst()
                            continue
                        }
                        body(
                            keys[row],
                            RowTable.Row(
                                data: values[row], state: UInt32(truncatingIfNeeded: states[row]),
                                isLive: !(deletedAt?.rows.isPresent(row) ?? false)))
                    }
                    start += batch.rowCount
                }
            }
        }
    }

    /// The values of the rows with these keys' hashes, by the columns' names.
    func values(of wanted: Set<UInt64>, in files: [SnapshotFile]) throws -> [UInt64: JSONObject] {
        var found: [UInt64: JSONObject] = [:]
        for stored in files where found.count < wanted.count {
            let file = try tables.open(stored.data)
            let deleted = Set(stored.deleted)
            try tables.reading(stored.data.path) {
                var start = 0
                for group in file.metadata.rowGroups.indices {
                    defer { start += file.metadata.rowGroups[group].rowCount }
                    let hits = try places(of: wanted, in: file, group: group).filter {
                        !deleted.contains(start + $0.row)
                    }
                    guard !hits.isEmpty else { continue }
                    let reading = FileColumns(fields + stateFields, in: file)
                    var rows = try file.rows(
                        ofGroup: group, columns: reading.places, rows: hits.map { $0.row..<$0.row + 1 })
                    var next = hits.makeIterator()
                    while let batch = try rows.next(upTo: 1) {
                        guard let hit = next.next() else { break }
                        let columns = reading.columns(of: batch)
                        var object = JSONObject()
                        for field in fields + stateFields { object[field.name] = Self.value(field, columns) }
                        found[hit.key] = object
                    }
                }
            }
        }
        return found
    }

    private func places(
        of wanted: Set<UInt64>, in file: ParquetFile, group: Int
    ) throws -> [(row: Int, key: UInt64)] {
        let compared = isKeyless ? fields : keyFields
        let reading = FileColumns(compared, in: file)
        var hits: [(row: Int, key: UInt64)] = []
        var rows = try file.rows(ofGroup: group, columns: reading.places)
        while let batch = try rows.next(upTo: Self.batchRows) {
            let keys = hashes(of: compared, reading.columns(of: batch), batch.rowCount)
            for (row, key) in keys.enumerated() where wanted.contains(key) {
                hits.append((batch.firstRow + row, key))
            }
        }
        return hits
    }

    private func hashes(
        of fields: [IcebergField], _ columns: [Int32: [FileColumns.Leaf]], _ rowCount: Int
    ) -> [UInt64] {
        var hashes = RowHashes(rowCount: rowCount)
        for field in fields {
            guard let leaves = columns[field.id], !leaves.isEmpty else {
                hashes.addNulls()
                continue
            }
            for leaf in leaves { hashes.add(leaf.rows, as: leaf.type) }
        }
        return hashes.values
    }

    /// The value in the only row of a batch.
    static func value(_ field: IcebergField, _ columns: [Int32: [FileColumns.Leaf]]) -> JSON {
        guard let leaf = columns[field.id]?.first else { return .null }
        guard leaf.rows.array.levels == nil else {
            // The parts of a nested value are not put together again; its hash tells values apart.
            var hashes = RowHashes(rowCount: 1)
            for leaf in columns[field.id] ?? [] { hashes.add(leaf.rows, as: leaf.type) }
            return .string("nested value #\(String(hashes.values[0] >> 40, radix: 16))")
        }
        return leaf.rows.array.values.firstValue(as: field.type)?.json(as: field.type) ?? .null
    }
}

/// Which columns of a file hold some fields of a table.
struct FileColumns {
    /// A column of single values that belongs to a field.
    struct Leaf {
        let rows: ColumnRows
        let type: IcebergType
    }

    /// The places of the columns in the file.
    let places: [Int]
    private let owners: [(field: Int32, type: IcebergType, definition: UInt8)]

    init(_ fields: [IcebergField], in file: ParquetFile) {
        var places: [Int] = []
        var owners: [(field: Int32, type: IcebergType, definition: UInt8)] = []
        for field in fields {
            for (id, type) in Self.leaves(id: field.id, field.type) {
                guard let column = file.metadata.column(fieldID: id) else { continue }
                places.append(column.index)
                owners.append((field.id, type, column.maximumDefinition))
            }
        }
        self.places = places
        self.owners = owners
    }

    /// The columns of a batch by the IDs of their fields.
    func columns(of batch: RowBatch) -> [Int32: [Leaf]] {
        var columns: [Int32: [Leaf]] = [:]
        for (array, owner) in zip(batch.columns, owners) {
            let rows = ColumnRows(array, rowCount: batch.rowCount, maximumDefinition: owner.definition)
            columns[owner.field, default: []].append(Leaf(rows: rows, type: owner.type))
        }
        return columns
    }

    private static func leaves(id: Int32, _ type: IcebergType) -> [(Int32, IcebergType)] {
        switch type {
        case .structure(let fields): fields.flatMap { leaves(id: $0.id, $0.type) }
        case .list(let element, let type, _): leaves(id: element, type)
        case .map(let keyID, let key, let valueID, let value, _): leaves(id: keyID, key) + leaves(id: valueID, value)
        default: [(id, type)]
        }
    }
}

extension ColumnValues {
    /// The first value; nil if there is none, or it is not of the type.
    fileprivate func firstValue(as type: IcebergType) -> IcebergValue? {
        guard count > 0 else { return nil }
        switch self {
        case .boolean(let values): return .boolean(values[0] != 0)
        case .int32(let values):
            if case .decimal = type { return .decimal(Int128(values[0])) }
            return .int(values[0])
        case .int64(let values):
            if case .decimal = type { return .decimal(Int128(values[0])) }
            return .long(values[0])
        case .float(let values): return .float(values[0])
        case .double(let values): return .double(values[0])
        case .byteArray(let texts):
            return IcebergValue(serialized: Array(texts[0]), as: type)
        case .fixedLengthByteArray(let bytes, let length):
            return IcebergValue(serialized: Array(bytes.prefix(length)), as: type)
        }
    }
}
