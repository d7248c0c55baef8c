internal import CKernels
public import Contracts

/// Reads newline-delimited JSON, one object a line, straight into columns: no tree of values in between.
///
/// What a line may be says `JSONPolicy`. Of a key that repeats, the last value counts; earlier ones and unknown fields go to
/// `_rescued_data` as they are written. Blank lines are skipped. `operation` and the `_cdc_` fields come from the line where
/// it has them.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc8259>
public final class NDJSONReader: RecordReader {
    private let limits: ReaderLimits
    private let keys: LineKeys
    private var window: TextWindow
    /// The offset after the last complete line in the window.
    private var linesEnd: Int
    private var isValidUTF8 = true
    private var matrix: FieldMatrix
    private var shape: JSONShape
    private var assembler: BatchAssembler<JSONSpelling>
    private let hidesText: Bool
    /// The line that is next.
    private var line = 1
    /// The unknown fields of rows in the matrix, by the offset before the row.
    private var rescued: [UInt32: [UInt8]] = [:]
    private var hasStarted = false
    /// The parts of the line that was last read with care.
    private var parts = JSONShape.Line()
    /// The objects that were read with care, and for each field the last of them that had it.
    private var objects = 0
    private let acceptsForeignKeys: Bool
    /// How many of the keys are the contract's; bronze's own follow.
    private let ownKeyCount: Int
    /// Whether any object that was read with care has a key of the contract.
    private var hasKnownKey = false
    /// The first keys that are none.
    private var foreignKeys: [String] = []
    private var lastObject: [Int]

    /// - Parameters:
    ///   - source: decompressed text.
    ///   - acceptsForeignKeys: whether no key of any object may be a column of the contract.
    /// - Throws: ``ColumnarError/badConstraint(column:reason:)``.
    public init(
        _ source: any ByteSource, contract: Contract, limits: ReaderLimits = ReaderLimits(),
        acceptsForeignKeys: Bool = false
    ) throws(ColumnarError) {
        self.acceptsForeignKeys = acceptsForeignKeys
        let columns = contract.bronzeColumns
        self.limits = limits
        // The rescued fields are the last column; all others are fields of the line.
        let keys = LineKeys(columns.dropLast())
        ownKeyCount =
            keys.names.firstIndex { BronzeColumn.systemNames.contains(String(decoding: $0, as: UTF8.self)) }
            ?? keys.names.count
        self.keys = keys
        let names = columns.dropLast().map { $0.path.count == 1 ? Array($0.name.utf8) : LineKeys.unmatched }
        let origins = columns.enumerated().map { index, column -> ColumnOrigin in
            switch column.name {
            case BronzeColumn.operation: .operation(index)
            case BronzeColumn.rescuedData: .rescued
            default: .field(index)
            }
        }
        hidesText = columns.contains(where: \.isHidden)
        window = TextWindow(TextFormSource(source, .json), capacity: limits.windowBytes)
        linesEnd = window.start
        matrix = FieldMatrix(stride: names.count, rowCapacity: Self.rowCapacity, keepsBeginnings: true)
        lastObject = [Int](repeating: 0, count: names.count)
        shape = JSONShape(names: names)
        assembler = try BatchAssembler(
            columns: columns, origins: origins, rowCapacity: Self.rowCapacity, spelling: JSONSpelling(),
            textKernel: ck_json_text_column)
    }

    private static let rowCapacity = 8 << 10

    public func read(into batch: inout RecordBatch) throws -> Bool {
        batch.removeAll()
        if !hasStarted { try start() }
        try readRows(into: &batch)
        batch.sortRejected()
        if batch.rowsRead == 0 { try checkKeys() }
        return batch.rowsRead > 0
    }

    /// At the end: that not all columns are null because every key is another than the contract's.
    private func checkKeys() throws(ColumnarError) {
        guard !acceptsForeignKeys, !hasKnownKey, !foreignKeys.isEmpty else { return }
        let shown = hidesText ? "" : " (\(foreignKeys.joined(separator: ", ")))"
        throw .noKnownKey(
            reason:
                "no key of any object is a column of the contract\(shown); rename the keys, or describe them in the contract"
        )
    }

    /// Leaves the batch empty at the end of the text alone: a stretch of blank lines, however long, is passed over.
    private func readRows(into batch: inout RecordBatch) throws {
        repeat {
            let end = window.position(of: window.start) + limits.batchBytes
            while batch.rowsRead < limits.batchRows, window.position(of: window.start) < end {
                if window.start >= linesEnd, try !findLines(&batch) { return }
                takeSlice(end: end, &batch)
            }
        } while batch.rowsRead == 0
    }

    private func start() throws {
        hasStarted = true
        try window.fill()
        guard !window.isEmpty else { throw ColumnarError.emptyText }
        window.skipByteOrderMark()
        linesEnd = window.start
    }

    /// Reads on until the window has a complete line; false at the end of the text.
    /// After a line that was too long to be held, there may be none.
    private func findLines(_ batch: inout RecordBatch) throws -> Bool {
        while true {
            if let end = window.endOfLastLine {
                linesEnd = end
                let length = end - window.start
                isValidUTF8 = ck_utf8_prefix(window.text + window.start, length) == length
                return true
            }
            if window.count > limits.lineBytes + 1 {
                try skipLongLine(&batch)
                return true
            }
            if !window.isAtEnd {
                try window.fill()
                // The text has moved.
                linesEnd = window.start
            } else if !window.terminate() {
                return false
            }
        }
    }

    /// Adds complete lines to the batch, none that begins at the position `end` or after it.
    private func takeSlice(end: Int, _ batch: inout RecordBatch) {
        let place = SlicePlace(
            text: UnsafePointer(window.text), start: window.start, line: line, origin: window.position(of: 0))
        let limit = min(linesEnd, end - place.origin)
        matrix.removeAll()
        rescued.removeAll(keepingCapacity: true)
        var at = place.start
        while at < limit, matrix.rowCount < matrix.rowCapacity {
            let room = min(limits.batchRows - batch.rowsRead - matrix.rowCount, matrix.rowCapacity - matrix.rowCount)
            guard room > 0 else { break }
            if isValidUTF8, limits.lineBytes >= window.count {
                let before = matrix.rowCount
                at = shape.read(place.text, from: at, limit: limit, maximum: room, into: &matrix)
                line += matrix.rowCount - before
                if at >= limit || matrix.rowCount == matrix.rowCapacity { continue }
                if limits.batchRows - batch.rowsRead == matrix.rowCount { break }
            }
            at = takeLine(from: at, at: place, &batch)
            line += 1
        }
        window.discard(to: at)
        guard rescued.isEmpty else {
            assembler.append(&matrix, at: place, to: &batch) { [rescued] matrix, row, _ in
                rescued[matrix.before(ofRow: row)]
            }
            return
        }
        assembler.append(&matrix, at: place, to: &batch, rescue: nil)
    }

    /// Adds the line at `start` to the slice, unless it is blank or no JSON object; the offset of the next line.
    private func takeLine(from start: Int, at place: SlicePlace, _ batch: inout RecordBatch) -> Int {
        let next = window.endOfLine(from: start)
        // As on the way that is fast, a line ends before its return.
        let hasReturn = next - 1 > start && place.text[next - 2] == UInt8(ascii: "\r")
        let length = next - 1 - start - (hasReturn ? 1 : 0)
        func reject(_ reason: RejectedRow.Reason, _ message: String, column: String? = nil) {
            assembler.reject(
                reason, message, before: UInt32(start - 1), end: UInt32(start + length), column: column, at: place,
                in: &batch)
        }
        if length > limits.lineBytes {
            let row = LongRow(from: start, line: line, at: place, limit: limits.lineBytes)
            assembler.reject(row, length: length, in: &batch)
        } else if !isValidUTF8, ck_utf8_prefix(place.text + start, length) < length {
            reject(.invalidUTF8, "the line is not UTF-8: see its byte \(ck_utf8_prefix(place.text + start, length))")
        } else if !isBlank(place.text + start, length) {
            do throws(JSONLineFault) {
                try takeObject(place.text, from: start, lineEnd: start + length)
            } catch {
                let line = FieldText(start: place.text + start, count: length)
                let advice = error.reason == .notJSON ? Self.advice(line) : ""
                reject(error.reason, error.message + advice, column: error.place)
            }
        }
        return next
    }

    /// Advice for a line that is not JSON and seems to be part of a longer value.
    private static func advice(_ line: FieldText) -> String {
        let last = line.last { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        guard let last, "{[,".utf8.contains(last) else {
            let isLikeCSV =
                line.first.map { !"{[".utf8.contains($0) } ?? false && line.contains { ",;\t|".utf8.contains($0) }
            return isLikeCSV ? "; if the file is CSV, give it a name that ends in .csv" : ""
        }
        if last == UInt8(ascii: ","), line.first == UInt8(ascii: "{"), line.dropLast().contains(UInt8(ascii: "}")) {
            return "; a comma follows the object: write objects on lines of their own, with nothing between them"
        }
        return "; it seems to be one of several lines of an object: write each object on one line"
    }

    private func isBlank(_ text: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        FieldText(start: text, count: length).allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }

    /// Reads an object of any shape into the matrix, and learns how it is written if others may be written so too.
    private func takeObject(_ text: UnsafePointer<UInt8>, from start: Int, lineEnd: Int) throws(JSONLineFault) {
        let (befores, ends) = matrix.nextRow()
        let row = RowFields(befores: befores, ends: ends, before: UInt32(start - 1))
        for field in 0..<matrix.stride { row.setNull(field) }
        var isRegular = true
        var isNested = false
        var unknown = UnknownMembers(hidesValues: hidesText)
        var valueEnd = start
        var expected = 0
        parts.removeAll()
        objects += 1
        var line = JSONLine(text, from: start)
        let end = try line.readObject { key, value, separatorStart throws(JSONLineFault) in
            valueEnd = value.end
            parts.separators.append(separatorStart..<key.start)
            parts.colons.append(key.end..<value.start)
            let written = FieldText(start: text + value.start, count: value.end - value.start)
            let exact = try self.index(of: key, text, expected: expected)
            guard let index = exact ?? foldedIndex(of: key, text) else {
                isRegular = false
                if !hasKnownKey, foreignKeys.count < 5 {
                    let name = FieldText(start: text + key.start, count: key.end - key.start)
                    foreignKeys.append(String(decoding: name, as: UTF8.self))
                }
                return try rescue(key, value, text, to: &unknown)
            }
            hasKnownKey = hasKnownKey || index < ownKeyCount
            // The kernel knows the contract's spelling alone.
            isRegular = isRegular && exact != nil
            expected = index + 1
            switch keys.targets[index] {
            case .field(let field):
                isNested = isNested || written.isNestedJSON
                if lastObject[field] == objects {
                    isRegular = false
                    if let replaced = row.value(of: field) { try rescue(key, replaced, text, to: &unknown) }
                } else {
                    lastObject[field] = objects
                    parts.fields.append(field)
                }
                row.set(field, to: value, isNull: written.isJSONNull)
            case .object(let object, let fields):
                isRegular = false
                try row.setMembers(of: value, text, object, fields: fields, unknown: &unknown)
            }
        }
        matrix.commit(before: UInt32(start - 1), end: UInt32(lineEnd))
        if let object = unknown.object { rescued[UInt32(start - 1)] = object }
        // No line that holds an object or array is read by a shape, so there is nothing to learn from it.
        if !isNested, isRegular || !shape.isKnown {
            parts.closing = valueEnd..<end
            shape.learn(text, parts)
        }
    }

    /// Adds a member that no column takes to the rescued ones. The line is JSON only if its value is too.
    private func rescue(
        _ key: JSONLine.Value, _ value: JSONLine.Value, _ text: UnsafePointer<UInt8>, to rescued: inout UnknownMembers
    ) throws(JSONLineFault) {
        try JSONLine(text, from: value.start).checkEscapes(value)
        rescued.append(
            key: FieldText(start: text + key.start, count: key.end - key.start),
            value: FieldText(start: text + value.start, count: value.end - value.start))
    }

    /// Which of the known keys this is, looked for from `expected` on: keys often come in the contract's order.
    private func index(
        of key: JSONLine.Value, _ text: UnsafePointer<UInt8>, expected: Int
    ) throws(JSONLineFault) -> Int? {
        let inside = FieldText(start: text + key.start + 1, count: key.end - key.start - 2)
        guard key.hasEscapes else { return keys.index(of: inside, expected: expected) }
        var spelling = JSONSpelling()
        do throws(FieldFault) {
            return keys.index(of: try spelling.unescape(inside), expected: expected)
        } catch {
            throw JSONLineFault(reason: error.reason, message: "a key \(error.complaint)")
        }
    }

    /// Which of the known keys this one differs from in case or spaces only, if its column has no value in this object yet.
    private func foldedIndex(of key: JSONLine.Value, _ text: UnsafePointer<UInt8>) -> Int? {
        guard !key.hasEscapes else { return nil }
        let inside = FieldText(start: text + key.start + 1, count: key.end - key.start - 2)
        guard let index = keys.foldedIndex(of: inside), case .field(let field) = keys.targets[index],
            lastObject[field] != objects
        else { return nil }
        return index
    }

    /// Rejects the line at the front of the window, which is too long for it, and reads on behind it.
    private func skipLongLine(_ batch: inout RecordBatch) throws {
        let place = SlicePlace(
            text: UnsafePointer(window.text), start: window.start, line: line, origin: window.position(of: 0))
        let row = LongRow(from: window.start, line: line, at: place, limit: limits.lineBytes)
        var end = row.byteOffset
        var endsInReturn = false
        while true {
            let next = window.endOfLine(from: window.start)
            let hasEnded = window.text[next - 1] == UInt8(ascii: "\n")
            let lineEnd = hasEnded ? next - 1 : next
            if lineEnd > window.start { endsInReturn = window.text[lineEnd - 1] == UInt8(ascii: "\r") }
            end = window.position(of: lineEnd)
            window.discard(to: next)
            if hasEnded { break }
            try window.fill()
            if window.isEmpty { break }
        }
        assembler.reject(row, length: end - (endsInReturn ? 1 : 0) - row.byteOffset, in: &batch)
        line += 1
        linesEnd = window.start
    }
}
