internal import CKernels
public import Contracts

/// Reads CSV as RFC 4180 has it, with a header, in constant memory.
///
/// Columns may stand in any order. Rows end in LF or CRLF, the last also at the end of the text; blank lines are skipped
/// unless the file has a single column. A quote that does not open a field is text.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc4180>
public final class CSVReader: RecordReader {
    /// The names in the header.
    public var header: [String] { parsedHeader.names }

    private let limits: ReaderLimits
    private let parsedHeader: CSVHeader
    private var window: TextWindow
    private var index = CSVIndex()
    private var matrix: FieldMatrix
    private var assembler: BatchAssembler<CSVSpelling>
    private let masker: Masker
    /// The line on which the next row begins.
    private var line: Int
    /// Whether all indexed rows are.
    private var isValidUTF8 = true

    /// Reads the header.
    /// - Parameters:
    ///   - source: decompressed text.
    ///   - maskingKey: the secret for columns that the contract hashes.
    /// - Throws: ``ColumnarError`` if the header does not go with the contract, or whatever the source throws.
    public init(
        _ source: any ByteSource, contract: Contract, limits: ReaderLimits = ReaderLimits(), maskingKey: [UInt8]? = nil
    ) throws {
        let columns = contract.bronzeColumns
        self.limits = limits
        masker = try Masker(contract, key: maskingKey)
        window = TextWindow(source, capacity: limits.windowBytes)
        let names = try Self.readHeader(&window, &index, limit: limits.lineBytes)
        parsedHeader = try CSVHeader(names: names.fields, columns: columns)
        line = names.lines + 1
        matrix = FieldMatrix(stride: names.fields.count, rowCapacity: CSVIndex.rowCapacity, keepsBeginnings: false)
        assembler = BatchAssembler(
            columns: columns, origins: parsedHeader.origins, rowCapacity: CSVIndex.rowCapacity,
            spelling: CSVSpelling(), textKernel: ck_csv_text_column)
        isValidUTF8 = index.isValidUTF8(window)
    }

    public func read(into batch: inout ColumnBatch) throws -> Bool {
        batch.removeAll()
        let end = window.position(of: window.start) + limits.batchBytes
        while batch.rowsRead < limits.batchRows, window.position(of: window.start) < end {
            if index.isExhausted, try !findRows(&batch) { break }
            takeSlice(maximum: limits.batchRows - batch.rowsRead, end: end, &batch)
        }
        batch.sortRejected()
        masker.mask(&batch)
        return batch.rowsRead > 0
    }

    // MARK: Rows

    /// Indexes the next rows of the text, reading on where none is complete; false at the end.
    /// After a row that was too long to be held, there may be none.
    private func findRows(_ batch: inout ColumnBatch) throws -> Bool {
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
    private func takeSlice(maximum: Int, end: Int, _ batch: inout ColumnBatch) {
        let place = SlicePlace(
            text: UnsafePointer(window.text), start: window.start, line: line, origin: window.position(of: 0))
        matrix.removeAll()
        var before = window.start - 1
        var rows = 0
        while rows < maximum, !index.isExhausted, place.origin + before + 1 < end {
            let newline = Int(index.newline)
            takeRow(before: before, newline: newline, at: place, &batch)
            index.advance()
            before = newline
            rows += 1
        }
        assembler.append(&matrix, at: place, to: &batch) {
            [unknown = parsedHeader.unknown] matrix, row, spelling throws(FieldFault) in
            try spelling.rescue(unknown, of: row, in: matrix, place.text)
        }
        let next = before + 1
        line += index.hasQuotes ? ck_count_byte(place.text + place.start, next - place.start, UInt8(ascii: "\n")) : rows
        window.discard(to: next)
    }

    /// Adds a row to the slice, unless it is blank or its shape is wrong.
    private func takeRow(before: Int, newline: Int, at place: SlicePlace, _ batch: inout ColumnBatch) {
        let start = before + 1
        let hasReturn = newline > start && place.text[newline - 1] == UInt8(ascii: "\r")
        let end = hasReturn ? newline - 1 : newline
        func reject(_ reason: RejectedRow.Reason, _ message: String) {
            assembler.reject(reason, message, before: UInt32(before), end: UInt32(end), at: place, in: &batch)
        }
        let (fieldEnds, fields) = index.fieldEnds
        guard end - start <= limits.lineBytes else {
            return reject(.lineTooLong, "the row has \(end - start) bytes; at most \(limits.lineBytes) are read")
        }
        if end == start, matrix.stride > 1 { return }
        guard isValidUTF8 || ck_utf8_prefix(place.text + start, end - start) == end - start else {
            let bad = ck_utf8_prefix(place.text + start, end - start)
            return reject(.invalidUTF8, "the row is not UTF-8: see its byte \(bad)")
        }
        guard fields == matrix.stride else {
            let reason: RejectedRow.Reason = fields < matrix.stride ? .tooFewFields : .tooManyFields
            return reject(reason, "the row has \(fields) fields; the header has \(matrix.stride)")
        }
        matrix.append(before: UInt32(before), end: UInt32(end), fieldEnds: fieldEnds)
    }

    /// Rejects the row at the front of the window, which is too long for it, and reads on behind it.
    private func skipLongRow(_ batch: inout ColumnBatch) throws {
        let place = SlicePlace(
            text: UnsafePointer(window.text), start: window.start, line: line, origin: window.position(of: 0))
        let message = "the row has more than \(limits.lineBytes) bytes; it was skipped"
        assembler.reject(
            .lineTooLong, message, before: UInt32(window.start - 1), end: UInt32(window.end), at: place, in: &batch)
        let start = (line: line, byte: window.position(of: window.start))
        var state: Int32 = 0
        var hasEnded = false
        while !hasEnded {
            if window.isEmpty {
                try window.fill()
                guard !window.isEmpty else { break }
            }
            let next = ck_csv_skip_row(window.text, window.start, window.end, &state, &hasEnded)
            line += ck_count_byte(window.text + window.start, next - window.start, UInt8(ascii: "\n"))
            window.discard(to: next)
        }
        if !hasEnded, state == CK_CSV_IN_QUOTES {
            throw ColumnarError.unterminatedQuote(line: start.line, byte: start.byte)
        }
    }

    // MARK: Header

    private static func readHeader(
        _ window: inout TextWindow, _ index: inout CSVIndex, limit: Int
    ) throws -> (fields: [String], lines: Int) {
        try window.fill()
        window.skipByteOrderMark()
        while !index.scan(window) {
            guard !window.isEmpty else { throw ColumnarError.emptyText }
            guard window.count <= limit + 1 else { throw ColumnarError.headerTooLong(limit: limit) }
            if !window.isAtEnd {
                try window.fill()
            } else if !window.terminate() {
                throw ColumnarError.unterminatedQuote(line: 1, byte: window.position(of: window.start))
            }
        }
        let start = window.start
        let newline = Int(index.newline)
        let text = UnsafePointer(window.text)
        let hasReturn = newline > start && text[newline - 1] == UInt8(ascii: "\r")
        let end = hasReturn ? newline - 1 : newline
        guard end > start else { throw ColumnarError.emptyText }
        guard ck_utf8_prefix(text + start, end - start) == end - start else { throw ColumnarError.headerNotUTF8 }
        let (ends, count) = index.fieldEnds
        var spelling = CSVSpelling()
        var names: [String] = []
        var fieldStart = start
        for field in 0..<count {
            let fieldEnd = field == count - 1 ? end : Int(ends[field])
            let raw = FieldText(start: text + fieldStart, count: fieldEnd - fieldStart)
            names.append(try name(raw, field: field + 1, &spelling))
            fieldStart = fieldEnd + 1
        }
        let lines = ck_count_byte(text + start, newline + 1 - start, UInt8(ascii: "\n"))
        index.advance()
        window.discard(to: newline + 1)
        return (names, lines)
    }

    private static func name(
        _ raw: FieldText, field: Int, _ spelling: inout CSVSpelling
    ) throws(ColumnarError) -> String {
        let text: FieldText?
        do throws(FieldFault) {
            text = try spelling.decode(raw, isCareful: false, isText: true)
        } catch {
            throw .badHeader(reason: "\(raw.shown) \(error.complaint)")
        }
        guard let text, !text.isEmpty else { throw .badHeader(reason: "field \(field) has no name") }
        return String(decoding: text, as: UTF8.self)
    }
}
