internal import Columns
internal import Lake
internal import ParquetRead

/// What silver has added to the rows of a row group, some rows at a time.
struct StoredRows: ~Copyable {
    private let places: [Int?]
    private var reader: RowGroupReader
    /// The orders by their places in the dictionary, of which a row group has few as long as its rows came together.
    private var coded: DictionaryReader?
    private var columns: [ColumnRows?] = []
    private var codes: ColumnRows?
    private var keys = ByteArrays()
    /// Those at hand.
    private(set) var rows = 0..<0

    private static let orderPlace = 3
    private static let batchRows = 16_384

    /// - Parameter places: of the columns that silver adds, in the file.
    init(_ places: some Collection<Int?>, of file: ParquetFile, _ group: Int) throws {
        var places = Array(places)
        let coded = try places[Self.orderPlace].flatMap { try file.places(ofColumn: $0, inGroup: group) }
        if coded != nil { places[Self.orderPlace] = nil }
        let reader = try file.rows(ofGroup: group, columns: places.compactMap(\.self))
        self.places = places
        self.coded = coded
        self.reader = reader
    }

    /// Goes on to the next rows.
    /// - Returns: false behind the last one.
    mutating func turn() throws -> Bool {
        guard let batch = try reader.next(upTo: Self.batchRows) else { return false }
        rows = rows.upperBound..<rows.upperBound + batch.rowCount
        var given = batch.columns.makeIterator()
        columns = places.map { place in
            place == nil ? nil : given.next().map { ColumnRows($0, rowCount: batch.rowCount) }
        }
        if coded != nil {
            guard let (places, count) = try coded?.next(upTo: batch.rowCount), count == batch.rowCount else {
                throw SilverError.table(
                    "a data file has values of _cdc_order outside the dictionary that its footer tells of")
            }
            if keys.count == 0, case .byteArray(let texts) = coded?.keys { keys = texts }
            codes = ColumnRows(places, rowCount: count)
        }
        return true
    }

    /// - Parameter row: one of ``rows``.
    func row(_ row: Int) throws(SilverError) -> StoredRow {
        let row = row - rows.lowerBound
        let notes = try StoredRow.notes(columns[4]?.text(of: row))
        return StoredRow(
            createdAt: columns[0]?.long(of: row) ?? 0, updatedAt: columns[1]?.long(of: row),
            deletedAt: columns[2]?.long(of: row), order: order(of: row),
            columnOrders: notes.orders, links: notes.links)
    }

    private func order(of row: Int) -> ArraySlice<UInt8> {
        guard let codes else { return columns[Self.orderPlace]?.text(of: row) ?? [] }
        let range = codes.values(of: row..<row + 1)
        guard !range.isEmpty, case .int32(let numbers) = codes.array.values else { return [] }
        return keys[Int(numbers[range.lowerBound])]
    }
}
