internal import CKernels
internal import Columns
internal import Contracts

/// A field that is not a value of its column.
struct SliceFault {
    let row: Int
    let column: Int
    /// Where in a nested value the fault is; nil for a column of single values.
    var place: String?
    let reason: RejectedRow.Reason
    let message: String
}

/// Converts a slice's fields, one column at a time: the kernels take runs of plainly written fields, the careful
/// parsers what lies between them.
///
/// The buffers are as large as a slice and used for every column, so they stay in the processor's cache.
struct ColumnFiller<Spelling: FieldSpelling & ~Copyable>: ~Copyable {
    var spelling: Spelling
    private var json = JSONMinifier()
    private let values: UnsafeMutableRawPointer
    private let presence: UnsafeMutablePointer<UInt64>
    private let presenceWords: Int
    private let offsets: UnsafeMutablePointer<UInt32>
    private var bytes: UnsafeMutablePointer<UInt8>
    private var bytesCapacity: Int
    private let textKernel: TextKernel
    /// Whether messages must not show values, since any of them may be one that the contract hides.
    let hidesText: Bool
    /// By the places of the nested columns.
    private let shredders: [Int: NestedShredder]
    /// The unknown members of nested values in rows of this slice, as members of a JSON object.
    private(set) var unknownMembers: [Int: [UInt8]] = [:]

    typealias TextKernel = (
        UnsafePointer<ck_fields>, Int, Int, UnsafeMutablePointer<ck_text_column>
    ) -> Int
    private typealias ValueKernel = (
        UnsafePointer<ck_fields>, Int, Int, UnsafeMutablePointer<ck_column>
    ) -> Int

    /// - Throws: ``ColumnarError/badConstraint(column:reason:)``.
    init(
        _ columns: [BronzeColumn], rowCapacity: Int, spelling: consuming Spelling, textKernel: @escaping TextKernel
    ) throws(ColumnarError) {
        hidesText = columns.contains(where: \.isHidden)
        var shredders: [Int: NestedShredder] = [:]
        for (index, column) in columns.enumerated() where column.type.isNested {
            shredders[index] = try NestedShredder(column, hidesText: hidesText)
        }
        self.shredders = shredders
        self.spelling = spelling
        self.textKernel = textKernel
        values = .allocate(byteCount: rowCapacity * 16, alignment: 64)
        presenceWords = (rowCapacity + 63) / 64
        presence = .allocate(capacity: presenceWords)
        offsets = .allocate(capacity: rowCapacity + 1)
        bytesCapacity = 64 << 10
        bytes = .allocate(capacity: bytesCapacity)
    }

    deinit {
        values.deallocate()
        presence.deallocate()
        offsets.deallocate()
        bytes.deallocate()
    }

    /// The bytes as they are in the file.
    func restored(_ text: FieldText) -> [UInt8] { spelling.restored(text) }

    func shown(_ raw: FieldText) -> String { spelling.shown(raw) }

    /// Makes room for all text of a slice of `count` bytes: decoded text is never longer than what it is decoded from.
    mutating func beginSlice(byteCount count: Int) {
        unknownMembers.removeAll(keepingCapacity: true)
        // The kernels copy in fixed sizes and so write beyond a text's end.
        let needed = count + Int(CK_PADDING)
        guard needed > bytesCapacity else { return }
        bytes.deallocate()
        bytesCapacity = needed
        bytes = .allocate(capacity: bytesCapacity)
    }

    /// Adds the fields of column `index` to `column`, which has `before` rows so far.
    /// - Parameter operations: the fields with the rows' operations; nil if all rows are inserts.
    mutating func fill(
        _ column: inout RecordBatch.Column, at index: Int, from fields: ck_fields, rows: Int, after before: Int,
        operations: ck_fields?, faults: inout [SliceFault]
    ) {
        presence.update(repeating: 0, count: presenceWords)
        let type = column.schema.type
        var fields = fields
        var run = Run(column: index, schema: column.schema, faults: faults.count, hidesText: hidesText)
        var present = 0
        // Most of the columns that bronze adds are empty in most files.
        let isEmpty = !type.isNested && ck_empty_fields(&fields, 0, rows) == rows
        switch type {
        case _ where isEmpty: break
        case .int64:
            present = fillValues(&fields, rows, &run, &faults, Self.integers(.min ... .max)) {
                text throws(FieldFault) in
                try text.parseInteger(in: .min ... .max)
            }
            column.leaves[0].values.append(int64: values, count: present)
        case .int8, .int16, .int32, .uint8, .uint16, .uint32:
            let range = type.integerRange
            present = fillValues(&fields, rows, &run, &faults, Self.integers(range)) { text throws(FieldFault) in
                try text.parseInteger(in: range)
            }
            column.leaves[0].values.append(narrowing: values, count: present)
        case .uint64:
            present = fillValues(&fields, rows, &run, &faults, Self.integers(0 ... .max)) { text throws(FieldFault) in
                try text.parseUInt64()
            }
            column.leaves[0].values.append(int64: values, count: present)
        case .double:
            present = fillValues(&fields, rows, &run, &faults, ck_double_column) { text throws(FieldFault) in
                try text.parseDouble()
            }
            column.leaves[0].values.append(double: values, count: present)
        case .float:
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in try text.parseFloat() }
            column.leaves[0].values.append(float: values, count: present)
        case .boolean:
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in
                try text.parseBoolean() ? UInt8(1) : 0
            }
            column.leaves[0].values.append(boolean: values, count: present)
        case .date:
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in
                Int64(try text.parseDate())
            }
            column.leaves[0].values.append(narrowing: values, count: present)
        case .time(let unit, let isUTC):
            let truncates = column.schema.truncatesFraction
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in
                try text.parseTime(unit, isAdjustedToUTC: isUTC, truncates: truncates)
            }
            if unit == .milliseconds {
                column.leaves[0].values.append(narrowing: values, count: present)
            } else {
                column.leaves[0].values.append(int64: values, count: present)
            }
        case .timestamp(let unit, let isUTC):
            let truncates = column.schema.truncatesFraction
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in
                try text.parseTimestamp(unit, isAdjustedToUTC: isUTC, truncates: truncates)
            }
            column.leaves[0].values.append(int64: values, count: present)
        case .decimal(let precision, let scale) where type.fixedLength != nil:
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in
                UInt128(bitPattern: try text.parseDecimal(precision: precision, scale: scale, as: Int128.self))
            }
            column.leaves[0].values.append(fixed: values, count: present)
        case .decimal(let precision, let scale):
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in
                try text.parseDecimal(precision: precision, scale: scale, as: Int64.self)
            }
            if precision <= 9 {
                column.leaves[0].values.append(narrowing: values, count: present)
            } else {
                column.leaves[0].values.append(int64: values, count: present)
            }
        case .uuid:
            present = fillValues(&fields, rows, &run, &faults) { text throws(FieldFault) in try text.parseUUID() }
            column.leaves[0].values.append(fixed: values, count: present)
        case .string:
            present = fillText(&fields, rows, &run, &faults)
            column.leaves[0].values.append(text: bytes, offsets: offsets, count: present)
        case .json(let root):
            present = fillJSON(&fields, rows, &run, &faults, root)
            column.leaves[0].values.append(text: bytes, offsets: offsets, count: present)
        case .structure, .list:
            present = fillNested(&column.leaves, fields, rows, run, &faults)
        }
        if column.schema.isRequired, present + faults.count - run.firstFault < rows {
            reportMissing(rows, run, operations, &faults)
        }
        if !type.isNested {
            column.leaves[0].appendPresence(presence, rows: rows, present: present, after: before)
        }
    }

    private static func integers(_ range: ClosedRange<Int64>) -> ValueKernel {
        { ck_int64_column($0, $1, $2, range.lowerBound, range.upperBound, $3) }
    }

    private mutating func reportMissing(
        _ rows: Int, _ run: Run, _ operations: ck_fields?, _ faults: inout [SliceFault]
    ) {
        let known = Set(faults[run.firstFault...].map(\.row))
        for row in 0..<rows where presence[row >> 6] >> (row & 63) & 1 == 0 && !known.contains(row) {
            if let operations, mayLack(run.schema, row, operations) { continue }
            let message = "\(Spelling.place(of: run.schema)): a value is required and missing"
            faults.append(SliceFault(row: row, column: run.column, reason: .missingValue, message: message))
        }
    }
}

extension ColumnFiller where Spelling: ~Copyable {
    /// Whether a row's operation carries no value of a column that the contract requires: a delete has its key, an update
    /// its key and what has changed, a truncate nothing.
    private mutating func mayLack(_ column: BronzeColumn, _ row: Int, _ operations: ck_fields) -> Bool {
        let raw = operations.raw(row)
        let decoded = try? spelling.decode(raw, isCareful: operations.isCareful(row), isText: false)
        guard let text = decoded, let operation = RowOperation(text) else { return false }
        return operation == .truncate || !column.isKey && (operation == .delete || operation == .update)
    }

    /// The column of one call of ``fill(_:at:from:rows:after:faults:)``.
    private struct Run {
        let column: Int
        let schema: BronzeColumn
        let firstFault: Int
        private let hidesText: Bool

        init(column: Int, schema: BronzeColumn, faults: Int, hidesText: Bool) {
            self.column = column
            self.schema = schema
            firstFault = faults
            self.hidesText = hidesText
        }

        func fault(_ fault: FieldFault, row: Int, shown: String) -> SliceFault {
            let value = hidesText ? "the value" : shown
            return SliceFault(
                row: row, column: column, reason: fault.reason,
                message: "\(Spelling.place(of: schema)): \(value) \(fault.complaint)")
        }
    }

    private mutating func fillValues<Value>(
        _ fields: inout ck_fields, _ rows: Int, _ run: inout Run, _ faults: inout [SliceFault],
        _ kernel: ValueKernel? = nil, parse: (FieldText) throws(FieldFault) -> Value
    ) -> Int {
        var output = ck_column(values: values, count: 0, presence: presence)
        let dense = values.assumingMemoryBound(to: Value.self)
        let format = run.schema.format
        // The kernels know the usual spelling alone.
        let kernel = format == nil ? kernel : nil
        var row = 0
        var end = 0
        while row < rows {
            if let kernel {
                if row >= end { end = nextNull(fields, row, rows) }
                row = kernel(&fields, row, end, &output)
                guard row < rows else { break }
            }
            let raw = fields.raw(row)
            do throws(FieldFault) {
                if let text = try spelling.decode(raw, isCareful: fields.isCareful(row), isText: false) {
                    if let format {
                        dense[output.count] = try format.withPlain(text, run.schema.type, parse)
                    } else {
                        dense[output.count] = try parse(text)
                    }
                    output.count += 1
                    presence[row >> 6] |= 1 << (row & 63)
                }
            } catch {
                faults.append(run.fault(error, row: row, shown: spelling.shown(raw)))
            }
            row += 1
        }
        return output.count
    }

    /// The first of the rows [row, rows) whose field may be a null marker, which the kernels would take for a value.
    private func nextNull(_ fields: ck_fields, _ row: Int, _ rows: Int) -> Int {
        guard spelling.hasNullMarkers else { return rows }
        var row = row
        while row < rows, !spelling.mayBeNull(fields.raw(row)) { row += 1 }
        return row
    }

    private mutating func fillText(
        _ fields: inout ck_fields, _ rows: Int, _ run: inout Run, _ faults: inout [SliceFault]
    ) -> Int {
        offsets[0] = 0
        var output = ck_text_column(bytes: bytes, offsets: offsets, count: 0, presence: presence)
        var row = 0
        var end = 0
        while row < rows {
            if row >= end { end = nextNull(fields, row, rows) }
            row = textKernel(&fields, row, end, &output)
            guard row < rows else { break }
            let raw = fields.raw(row)
            do throws(FieldFault) {
                if let text = try spelling.decode(raw, isCareful: fields.isCareful(row), isText: true) {
                    let at = Int(offsets[output.count])
                    if let start = text.baseAddress { (bytes + at).update(from: start, count: text.count) }
                    output.count += 1
                    offsets[output.count] = UInt32(at + text.count)
                    presence[row >> 6] |= 1 << (row & 63)
                }
            } catch {
                faults.append(run.fault(error, row: row, shown: spelling.shown(raw)))
            }
            row += 1
        }
        return output.count
    }
}

extension ColumnFiller where Spelling: ~Copyable {
    /// JSON is checked and written anew without white space, which makes it no longer than it was.
    private mutating func fillJSON(
        _ fields: inout ck_fields, _ rows: Int, _ run: inout Run, _ faults: inout [SliceFault],
        _ root: ColumnType.JSONRoot
    ) -> Int {
        offsets[0] = 0
        var count = 0
        for row in 0..<rows {
            let raw = fields.raw(row)
            do throws(FieldFault) {
                let isChecked = Spelling.valuesAreJSON && raw.isNestedJSON
                let text: FieldText?
                if isChecked {
                    text = try json.minified(checked: raw, root)
                } else {
                    let written = try spelling.decodeJSON(raw, isCareful: fields.isCareful(row))
                    text = try written.flatMap { (written) throws(FieldFault) in try json.minified(written, root) }
                }
                guard let text else { continue }
                let at = Int(offsets[count])
                if let start = text.baseAddress { (bytes + at).update(from: start, count: text.count) }
                count += 1
                offsets[count] = UInt32(at + text.count)
                presence[row >> 6] |= 1 << (row & 63)
            } catch {
                faults.append(run.fault(error, row: row, shown: spelling.shown(raw)))
            }
        }
        return count
    }
}

extension ColumnFiller where Spelling: ~Copyable {
    /// Takes structs or lists apart; the number of rows that have one.
    private mutating func fillNested(
        _ leaves: inout [ColumnArray], _ fields: ck_fields, _ rows: Int, _ run: Run, _ faults: inout [SliceFault]
    ) -> Int {
        guard let shredder = shredders[run.column] else { return 0 }
        let root: ColumnType.JSONRoot = if case .list = run.schema.type { .array } else { .object }
        var present = 0
        for row in 0..<rows {
            let raw = fields.raw(row)
            do throws(FieldFault) {
                let text = try checkedJSON(raw, isCareful: fields.isCareful(row), root)
                do throws(NestedFault) {
                    try shredder.append(text, to: &leaves)
                } catch {
                    faults.append(
                        SliceFault(
                            row: row, column: run.column, place: error.place, reason: error.reason,
                            message: error.message))
                    // No value is missing where a faulty one is.
                    continue
                }
                guard text != nil else { continue }
                present += 1
                presence[row >> 6] |= 1 << (row & 63)
                if !shredder.unknown.isEmpty {
                    let others = unknownMembers[row].map { $0 + [UInt8(ascii: ",")] } ?? []
                    unknownMembers[row] = others + shredder.unknown
                }
            } catch {
                faults.append(run.fault(error, row: row, shown: spelling.shown(raw)))
            }
        }
        return present
    }

    /// A field's JSON, checked; nil for a null. A nested value in a JSON line has been checked with its line.
    private mutating func checkedJSON(
        _ raw: FieldText, isCareful: Bool, _ root: ColumnType.JSONRoot
    ) throws(FieldFault) -> FieldText? {
        if Spelling.valuesAreJSON, raw.isNestedJSON {
            try root.check(raw)
            return raw
        }
        guard let written = try spelling.decodeJSON(raw, isCareful: isCareful) else { return nil }
        return try json.minified(written, root)
    }
}

extension ColumnFiller where Spelling: ~Copyable {
    /// The unknown fields of a row and the unknown members of its nested values, as a JSON object; nil if it has none.
    mutating func rescue(
        _ row: Int, in matrix: borrowing FieldMatrix, _ rescue: BatchAssembler<Spelling>.Rescue?
    ) throws(FieldFault) -> [UInt8]? {
        let fields = try rescue?(matrix, row, &spelling)
        guard let members = unknownMembers[row] else { return fields }
        let others = fields.map { $0.dropLast() + [UInt8(ascii: ",")] } ?? [UInt8(ascii: "{")]
        return others + members + [UInt8(ascii: "}")]
    }
}
