internal import CKernels
internal import Contracts

/// Finds the rows of a CSV text in its window, as many as are complete at once.
struct CSVIndex: ~Copyable {
    /// Rows that one index holds.
    static let rowCapacity = 8 << 10
    private static let separatorCapacity = 128 << 10

    private var index = ck_csv_index()
    /// The separators' memory, with the offset before the first row in front of them.
    private let offsets: UnsafeMutablePointer<UInt32>
    private var nextRow = 0
    let dialect: ck_csv_dialect

    init(_ dialect: CSVDialect) {
        self.dialect = ck_csv_dialect(dialect)
        index.dialect = self.dialect
        offsets = .allocate(capacity: Self.separatorCapacity + 1)
        index.separators = offsets + 1
        index.separator_capacity = Self.separatorCapacity
        index.row_ends = .allocate(capacity: Self.rowCapacity)
        index.row_capacity = Self.rowCapacity
    }

    deinit {
        offsets.deallocate()
        index.row_ends.deallocate()
    }

    var isExhausted: Bool { nextRow == index.row_count }
    /// Whether any row has a quote, and so may span lines.
    var hasQuotes: Bool { index.has_quotes }

    /// The offset of the newline that ends the next row.
    var newline: UInt32 { newline(ofRow: 0) }

    /// The offset of the newline that ends the row after `row` others.
    func newline(ofRow row: Int) -> UInt32 { index.separators[Int(index.row_ends[nextRow + row])] }

    /// The offset before the next row, and behind it those at which fields end.
    var rowOffsets: UnsafePointer<UInt32> { UnsafePointer(offsets) + (fieldEnds.ends - UnsafePointer(offsets + 1)) }

    /// How many of the next `maximum` rows, from the first, have exactly `fields` fields and end in a newline alone.
    func regularRows(_ text: UnsafePointer<UInt8>, fields: Int, maximum: Int) -> Int {
        let end = min(nextRow + maximum, index.row_count)
        return withUnsafePointer(to: index) { ck_csv_regular_rows(text, $0, nextRow, end, fields) } - nextRow
    }

    /// The offsets at which the fields of the next row end, and how many there are.
    var fieldEnds: (ends: UnsafePointer<UInt32>, count: Int) {
        let first = nextRow == 0 ? 0 : Int(index.row_ends[nextRow - 1]) + 1
        return (UnsafePointer(index.separators + first), Int(index.row_ends[nextRow]) + 1 - first)
    }

    mutating func advance(by rows: Int = 1) { nextRow += rows }

    /// Whether all rows indexed in the window are well-formed UTF-8.
    func isValidUTF8(_ window: borrowing TextWindow) -> Bool {
        guard index.row_count > nextRow else { return true }
        let length = Int(index.separators[Int(index.row_ends[index.row_count - 1])]) - window.start
        return ck_utf8_prefix(window.text + window.start, length) == length
    }

    /// Indexes the rows at the front of the window, anew; false if not even one is complete.
    mutating func scan(_ window: borrowing TextWindow) -> Bool {
        index.separator_count = 0
        index.row_count = 0
        index.has_quotes = false
        index.has_returns = false
        offsets[0] = UInt32(window.start - 1)
        nextRow = 0
        ck_csv_index_rows(window.text, window.start, window.end, &index)
        if index.row_count > 0 { return true }
        var fields = 0
        index.separator_count = 0
        return ck_csv_index_row(window.text, window.start, window.end, &index, &fields)
    }
}

extension ck_csv_dialect {
    init(_ dialect: CSVDialect) {
        self.init(delimiter: dialect.delimiter, has_escapes: dialect.escape != nil)
    }
}
