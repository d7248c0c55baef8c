internal import Columns
internal import Iceberg
internal import Lake
internal import Parquet

/// Values that rows of former keys give to the rows of new ones. They are merged after the batch that they come from, in the same
/// snapshot.
struct DonatedValues {
    private struct Entry {
        let donation: Donation
        /// In ``values`` of its column.
        let place: Int
    }

    private var entries: [Entry] = []
    private var values: [ColumnArray]
    private var counts: [Int]
    private let table: SilverTable

    init(_ table: SilverTable) {
        self.table = table
        values = table.columns.map(\.empty)
        counts = table.columns.map { _ in 0 }
    }

    var isEmpty: Bool { entries.isEmpty }

    mutating func append(_ donation: Donation, _ rows: ColumnRows, _ row: Int) {
        let column = donation.column
        values[column].append(rows, row..<row + 1, after: counts[column])
        entries.append(Entry(donation: donation, place: counts[column]))
        counts[column] += 1
    }

    mutating func append(_ others: DonatedValues) {
        for entry in others.entries {
            let column = entry.donation.column
            append(
                entry.donation, table.columns[column].rows(others.values[column], others.counts[column]), entry.place)
        }
    }

    /// The values as changes of the rows that get them, one each.
    func changes() throws(SilverError) -> Changes {
        var columns = table.columns.map(\.empty)
        var unchanged: [Int32: Set<Int>] = [:]
        var orders: [Int32: [Int: [UInt8]]] = [:]
        for (row, entry) in entries.enumerated() {
            let donation = entry.donation
            var carried: Set<Int> = [donation.column]
            for (place, value) in zip(table.keyPlaces, donation.link.key) {
                guard let array = table.columns[place].array(serialized: value) else {
                    throw .table("\(StateColumn.columnOrders) names a key that is none of the table")
                }
                columns[place].append(table.columns[place].rows(array, 1), 0..<1, after: row)
                carried.insert(place)
            }
            guard carried.isSuperset(of: table.keyPlaces) else {
                throw .table("\(StateColumn.columnOrders) names a key of other columns than the table's")
            }
            let given = table.columns[donation.column].rows(values[donation.column], counts[donation.column])
            columns[donation.column].append(given, entry.place..<entry.place + 1, after: row)
            for column in columns.indices where !carried.contains(column) {
                columns[column].appendNulls(1, after: row)
            }
            unchanged[Int32(row)] = Set(columns.indices).subtracting(carried)
            orders[Int32(row)] = [donation.column: donation.order]
        }
        let count = entries.count
        let rows = zip(table.columns, columns).map { $0.rows($1, count) }
        var none = ColumnArray(.byteArray(ByteArrays()))
        none.appendNulls(count, after: 0)
        var changes = try Changes(
            columns: rows, operations: entries.map { _ in .update }, times: entries.map { _ in 0 },
            orders: ColumnRows(none, rowCount: count), fileOrders: [[]], files: entries.map { _ in 0 },
            unchanged: unchanged, key: table.key(of: rows))
        changes.donatedOrders = orders
        return changes
    }
}

extension SilverColumn {
    /// One value of a key column, from its binary form; nil if it is none of the type.
    fileprivate func array(serialized bytes: [UInt8]) -> ColumnArray? {
        guard let value = IcebergValue(serialized: bytes, as: type) else { return nil }
        switch (value, physicalType) {
        case (.boolean(let value), .boolean): return ColumnArray(.boolean([value ? 1 : 0]))
        case (.int(let value), .int32): return ColumnArray(.int32([value]))
        case (.long(let value), .int64): return ColumnArray(.int64([value]))
        case (.decimal(let value), .int32): return Int32(exactly: value).map { ColumnArray(.int32([$0])) }
        case (.decimal(let value), .int64): return Int64(exactly: value).map { ColumnArray(.int64([$0])) }
        case (.decimal(let value), .fixedLengthByteArray(let length)):
            let bytes = withUnsafeBytes(of: value.bigEndian) { Array($0.suffix(length)) }
            return ColumnArray(.fixedLengthByteArray(bytes, length: length))
        case (.bytes(let value), .fixedLengthByteArray(let length)) where value.count == length:
            return ColumnArray(.fixedLengthByteArray(value, length: length))
        case (.string, .byteArray), (.bytes, .byteArray):
            var texts = ByteArrays()
            texts.append(bytes)
            return ColumnArray(.byteArray(texts))
        default: return nil
        }
    }
}
