internal import CKernels
internal import Contracts

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The rows of a CSV text from the header on, and how far they have been read.
struct CSVRows: ~Copyable {
    let header: CSVHeader

    private let limits: ReaderLimits
    private let hidesValues: Bool
    /// Whether a byte order mark at the beginning of a row is none of its first field: where the text begins with one, and the field
    /// holds no text.
    private let leavesOutMarks: Bool
    private var window: TextWindow
    private var index: CSVIndex
    /// What sets the number of fields, for messages.
    private var model: String
    private var matrix: FieldMatrix
    private var assembler: BatchAssembler<CSVSpelling>
    /// The line on which the next row begins.
    private var line: Int
    /// Whether all indexed rows are.
    private var isValidUTF8: Bool

    init(
        _ source: any ByteSource, columns: [BronzeColumn], dialect: CSVDialect, limits: ReaderLimits,
        acceptsForeignHeader: Bool
    ) throws {
        self.limits = limits
        hidesValues = columns.contains(where: \.isHidden)
        var window = TextWindow(
            TextFormSource(source, .csv(dialect)), capacity: limits.windowBytes)
        index = CSVIndex(dialect)
        model = dialect.header == .present ? "the header has" : "the contract has"
        var (names, lines) =
            switch dialect.header {
            case .present:
                try CSVHeader.read(&window, &index, dialect, limit: limits.lineBytes, hidesText: hidesValues)
            case .absent:
                (try CSVHeader.implied(by: columns, &window, &index, dialect, limit: limits.lineBytes), 0)
            case .positional:
                try CSVHeader.replaced(
                    by: columns, &window, &index, dialect, limit: limits.lineBytes, hidesText: hidesValues)
            }
        let lacksLastField = try CSVHeader.lacksLastField(of: names, &window, &index, limit: limits.lineBytes)
        if lacksLastField {
            names.append("")
            model = "the first row has"
        }
        let header = try CSVHeader(
            names: names, columns: columns, dialect: dialect, mayBeForeign: acceptsForeignHeader)
        assembler = try BatchAssembler(
            columns: columns, origins: header.origins, rowCapacity: CSVIndex.rowCapacity,
            spelling: CSVSpelling(dialect), textKernel: Self.textKernel(dialect))
        self.header = header
        let first = zip(columns, header.origins).first { if case .field(0) = $1 { true } else { false } }?.0
        leavesOutMarks = window.hadByteOrderMark && first.map { !$0.type.isText } ?? false
        line = lines + 1
        matrix = FieldMatrix(stride: names.count, rowCapacity: CSVIndex.rowCapacity, keepsBeginnings: false)
        isValidUTF8 = index.isValidUTF8(window)
        self.window = window
    }

    private static func textKernel(_ dialect: CSVDialect) -> ColumnFiller<CSVSpelling>.TextKernel {
        // The kernel knows no escapes, so it takes no row.
        if dialect.escape != nil { return { _, row, _, _ in row } }
        guard let exchange = MarkExchange(dialect) else { return ck_csv_text_column }
        return { fields, row, rows, column in
            let start = Int(column.pointee.offsets[column.pointee.count])
            let next = ck_csv_text_column(fields, row, rows, column)
            let end = Int(column.pointee.offsets[column.pointee.count])
            exchange.apply(UnsafeMutableBufferPointer(start: column.pointee.bytes + start, count: end - start))
            return next
        }
    }

    /// Adds rows to the batch until it is full or the text ends. It stays empty at the end alone: a stretch of blank
    /// lines, however long, is passed over.
    mutating func read(into batch: inout RecordBatch) throws {
        repeat {
            let end = window.position(of: window.start) + limits.batchBytes
            while batch.rowsRead < limits.batchRows, window.position(of: window.start) < end {
                if index.isExhausted, try !findRows(&batch) { return }
                takeSlice(maximum: limits.batchRows - batch.rowsRead, end: end, &batch)
            }
        } while batch.rowsRead == 0
    }

    /// Indexes the next rows of the text, reading on where none is complete; false at the end.
    /// After a row that was too long to be held, there may be none.
    private mutating func findRows(_ batch: inout RecordBatch) throws -> Bool {
        while true {
            if index.scan(window) {
                isValidUTF8 = index.isValidUTF8(window)
                return true
            }
            if window.count > limits.lineBytes + 1 {
                try skipLongRow(&batch)
                return true
            }
            if window.isAtEnd {
                guard !window.isEmpty else { return false }
                guard window.terminate() else {
                    throw ColumnarError.unterminatedQuote(line: line, byte: window.position(of: window.start))
                }
            } else {
                try window.fill()
            }
        }
    }

    /// Adds indexed rows to the batch: at most `maximum`, and none that begins at the position `end` or after it.
    private mutating func takeSlice(maximum: Int, end: Int, _ batch: inout RecordBatch) {
        let place = SlicePlace(
            text: UnsafePointer(window.text), start: window.start, line: line, origin: window.position(of: 0))
        matrix.removeAll()
        var before = window.start - 1
        var rows = regularRows(maximum: maximum, end: end, at: place)
        if rows > 0 {
            before = Int(index.newline(ofRow: rows - 1))
            matrix.borrow(index.rowOffsets, rows: rows)
            index.advance(by: rows)
        } else {
            while rows < min(maximum, Self.carefulRows), !index.isExhausted, place.origin + before + 1 < end {
                let newline = Int(index.newline)
                takeRow(before: before, newline: newline, at: place, &batch)
                index.advance()
                before = newline
                rows += 1
            }
        }
        assembler.append(&matrix, at: place, to: &batch) {
            [unknown = header.unknown, hidesValues] matrix, row, spelling throws(FieldFault) in
            try spelling.rescue(unknown, of: row, in: matrix, place.text, hidesValues: hidesValues)
        }
        let next = before + 1
        line += index.hasQuotes ? ck_count_byte(place.text + place.start, next - place.start, UInt8(ascii: "\n")) : rows
        window.discard(to: next)
    }

    /// Rows that are looked at one by one before those behind them may be taken at once again.
    private static let carefulRows = 1024

    /// How many of the next rows can be taken as they are indexed: those that nothing could be wrong with but their values.
    private func regularRows(maximum: Int, end: Int, at place: SlicePlace) -> Int {
        guard isValidUTF8, window.count <= limits.lineBytes else { return 0 }
        var rows = index.regularRows(place.text, fields: matrix.stride, maximum: maximum)
        while rows > 1, place.origin + Int(index.newline(ofRow: rows - 2)) + 1 >= end { rows -= 1 }
        return rows > 0 && leavesOutMarks ? rowsBeforeMark(rows, at: place) : rows
    }

    /// How many of the next `rows` rows come before one that begins with a byte order mark, which is not part of its first field.
    private func rowsBeforeMark(_ rows: Int, at place: SlicePlace) -> Int {
        let length = Int(index.newline(ofRow: rows - 1)) - place.start
        guard memchr(place.text + place.start, Int32(Self.mark[0]), length) != nil else { return rows }
        return (0..<rows).first { row in
            hasMark(place.text, at: row == 0 ? place.start : Int(index.newline(ofRow: row - 1)) + 1)
        } ?? rows
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Files that were put together of several that begin with marks have them at the beginning of rows, too.
    private func hasMark(_ text: UnsafePointer<UInt8>, at start: Int) -> Bool {
        leavesOutMarks && text[start] == Self.mark[0] && text[start + 1] == Self.mark[1]
            && text[start + 2] == Self.mark[2]
    }

    /// Adds a row to the slice, unless it is blank or its shape is wrong.
    private mutating func takeRow(before: Int, newline: Int, at place: SlicePlace, _ batch: inout RecordBatch) {
        let start = before + 1
        let hasReturn = newline > start && place.text[newline - 1] == UInt8(ascii: "\r")
        let end = hasReturn ? newline - 1 : newline
        func reject(_ reason: RejectedRow.Reason, _ message: String) {
            assembler.reject(reason, message, before: UInt32(before), end: UInt32(end), at: place, in: &batch)
        }
        let (fieldEnds, fields) = index.fieldEnds
        guard end - start <= limits.lineBytes else {
            let line = assembler.line(of: start, at: place)
            let row = LongRow(from: start, line: line, at: place, limit: limits.lineBytes)
            return assembler.reject(row, length: end - start, in: &batch)
        }
        let isBlank = end == start || end - start == Self.mark.count && hasMark(place.text, at: start)
        if isBlank, matrix.stride > 1 { return }
        guard isValidUTF8 || ck_utf8_prefix(place.text + start, end - start) == end - start else {
            let bad = ck_utf8_prefix(place.text + start, end - start)
            return reject(
                .invalidUTF8,
                "the row is not UTF-8: see its byte \(bad); if the file is not, let the contract say how it is written with the custom "
                    + "property 'csvEncoding'")
        }
        guard fields == matrix.stride else {
            let reason: RejectedRow.Reason = fields < matrix.stride ? .tooFewFields : .tooManyFields
            let row = FieldText(start: place.text + start, count: end - start)
            let advice =
                row.contains(UInt8(ascii: "\r"))
                ? "; a carriage return is in it: end each line with LF or CRLF"
                : !index.dialect.has_escapes && row.hasEscapedQuote ? CSVSpelling.escapeHint : ""
            return reject(reason, "the row has \(fields) fields; \(model) \(matrix.stride)\(advice)")
        }
        if let field = fieldWithReturn(from: start, to: end, fieldEnds, at: place) {
            return reject(
                .misplacedReturn,
                "field \(field) has a carriage return outside quotes; end each line with LF or CRLF, or put the field in quotes"
            )
        }
        let markLength = end - start >= Self.mark.count && hasMark(place.text, at: start) ? Self.mark.count : 0
        matrix.append(before: UInt32(before + markLength), end: UInt32(end), fieldEnds: fieldEnds)
    }

    /// The number of the first field with a carriage return outside quotes, which other readers take for the end of a row.
    private func fieldWithReturn(
        from start: Int, to end: Int, _ fieldEnds: UnsafePointer<UInt32>, at place: SlicePlace
    ) -> Int? {
        guard ck_count_byte(place.text + start, end - start, UInt8(ascii: "\r")) > 0 else { return nil }
        var fieldStart = start
        for field in 0..<matrix.stride {
            let fieldEnd = field == matrix.stride - 1 ? end : Int(fieldEnds[field])
            let text = FieldText(start: place.text + fieldStart, count: fieldEnd - fieldStart)
            let isFault =
                text.first != UInt8(ascii: "\"")
                && text.indices.contains { at in
                    text[at] == UInt8(ascii: "\r")
                        && !(at > 0 && index.dialect.has_escapes && text[at - 1] == UInt8(ascii: "\\"))
                }
            if isFault { return field + 1 }
            fieldStart = fieldEnd + 1
        }
        return nil
    }

    /// Rejects the row at the front of the window, which is too long for it, and reads on behind it.
    private mutating func skipLongRow(_ batch: inout RecordBatch) throws {
        let place = SlicePlace(
            text: UnsafePointer(window.text), start: window.start, line: line, origin: window.position(of: 0))
        let row = LongRow(from: window.start, line: line, at: place, limit: limits.lineBytes)
        var state: Int32 = 0
        var hasEnded = false
        var end = row.byteOffset
        /// The last byte that was read, and the one before it: a row ends before its newline and return.
        var last: (UInt8, UInt8) = (0, 0)
        while !hasEnded {
            if window.isEmpty {
                try window.fill()
                guard !window.isEmpty else { break }
            }
            let next = ck_csv_skip_row(window.text, window.start, window.end, index.dialect, &state, &hasEnded)
            line += ck_count_byte(window.text + window.start, next - window.start, UInt8(ascii: "\n"))
            end = window.position(of: next)
            last = (next - window.start > 1 ? window.text[next - 2] : last.1, window.text[next - 1])
            window.discard(to: next)
        }
        if !hasEnded, state == CK_CSV_IN_QUOTES {
            throw ColumnarError.unterminatedQuote(line: row.line, byte: row.byteOffset)
        }
        if hasEnded { end -= 1 }
        // A text may also end between a return and its newline.
        if (hasEnded ? last.0 : last.1) == UInt8(ascii: "\r") { end -= 1 }
        assembler.reject(row, length: end - row.byteOffset, in: &batch)
    }
}

extension FieldText {
    /// Whether a backslash stands before a quote.
    fileprivate var hasEscapedQuote: Bool {
        indices.dropLast().contains { self[$0] == UInt8(ascii: "\\") && self[$0 + 1] == UInt8(ascii: "\"") }
    }
}
