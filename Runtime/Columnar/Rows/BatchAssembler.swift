internal import CKernels
internal import Columns
internal import Contracts

/// Where a bronze column's values come from.
enum ColumnOrigin {
    /// The field with this index in the slice.
    case field(Int)
    /// The kind of change: from a field where the text has one, else `insert`.
    case operation(Int?)
    /// What the contract does not know.
    case rescued
    /// Nowhere: all null.
    case absent
}

/// A stretch of text that a slice of rows was cut from.
struct SlicePlace {
    let text: UnsafePointer<UInt8>
    /// The offset and the line at which the stretch begins.
    let start: Int
    let line: Int
    /// The position in the whole text of offset 0.
    let origin: Int
}

/// Turns slices of rows into columns, all columns of a row or none.
struct BatchAssembler<Spelling: FieldSpelling & ~Copyable>: ~Copyable {
    /// The unknown fields of a row of the slice, as a JSON object; nil if it has none.
    typealias Rescue = (borrowing FieldMatrix, Int, inout Spelling) throws(FieldFault) -> [UInt8]?

    private let columns: [BronzeColumn]
    private let origins: [ColumnOrigin]
    private let hidesText: Bool
    /// The field with the rows' operations; nil if all are inserts.
    private let operationField: Int?
    /// What the values of columns must satisfy; empty if nothing is demanded of any.
    private var checks: [ColumnCheck] = []
    private var filler: ColumnFiller<Spelling>
    private var faults: [SliceFault] = []
    /// The last position whose line was counted, and that line.
    private var counted = (position: -1, line: 0)

    init(
        columns: [BronzeColumn], origins: [ColumnOrigin], rowCapacity: Int, spelling: consuming Spelling,
        textKernel: @escaping ColumnFiller<Spelling>.TextKernel
    ) throws(ColumnarError) {
        self.columns = columns
        self.origins = origins
        operationField = origins.lazy.compactMap { if case .operation(let field) = $0 { field } else { nil } }.first
        hidesText = columns.contains(where: \.isHidden)
        for (index, column) in columns.enumerated() {
            guard let constraints = column.constraints, case .field(let field) = origins[index] else { continue }
            checks.append(
                ColumnCheck(
                    index: index, field: field, test: try ValueCheck(constraints, of: column.type, at: column.name)))
        }
        filler = try ColumnFiller(columns, rowCapacity: rowCapacity, spelling: spelling, textKernel: textKernel)
    }

    /// Adds the slice's rows to `batch`; rows with a field that is not a value of its column are rejected.
    ///
    /// - Parameter rescue: the unknown fields of a row of the slice, as a JSON object; nil if it has none.
    mutating func append(
        _ matrix: inout FieldMatrix, at place: SlicePlace, to batch: inout RecordBatch,
        rescue: Rescue?
    ) {
        if matrix.rowCount > 0 {
            let marks = batch.columns.map { $0.mark(rows: batch.rowCount) }
            fill(matrix, at: place, &batch, rescue)
            if !checks.isEmpty { check(matrix, at: place, batch, marks) }
            if !faults.isEmpty {
                for (index, mark) in marks.enumerated() { batch.columns[index].truncate(to: mark) }
                reject(in: &matrix, at: place, &batch)
                // The remaining rows had no fault, so they have none now.
                fill(matrix, at: place, &batch, rescue)
            }
        }
        batch.rowCount += matrix.rowCount
    }

    /// Rejects a row as a whole.
    mutating func reject(
        _ reason: RejectedRow.Reason, _ message: String, before: UInt32, end: UInt32, column: String? = nil,
        at place: SlicePlace, in batch: inout RecordBatch
    ) {
        let start = Int(before) + 1
        let length = Int(end) - start
        let kept = UnsafeBufferPointer(start: place.text + start, count: min(length, RejectedRow.rawTextLimit))
        batch.rejected.append(
            RejectedRow(
                line: line(of: start, at: place), byteOffset: place.origin + start, column: column, reason: reason,
                message: message, rawText: hidesText ? nil : filler.restored(kept), rawLength: length))
    }

    /// Rejects a row for its length.
    mutating func reject(_ row: LongRow, length: Int, in batch: inout RecordBatch) {
        let restored = row.text.withUnsafeBufferPointer { filler.restored($0) }
        batch.rejected.append(row.rejected(restored, length: length, hidesText: hidesText))
    }

    /// The line that `offset` is on. Most come in order, so lines are counted from the last that was asked for.
    mutating func line(of offset: Int, at place: SlicePlace) -> Int {
        let last = counted.position - place.origin
        let (from, line) = (place.start...offset).contains(last) ? (last, counted.line) : (place.start, place.line)
        counted.line = line + ck_count_byte(place.text + from, offset - from, UInt8(ascii: "\n"))
        counted.position = place.origin + offset
        return counted.line
    }

    private mutating func reject(in matrix: inout FieldMatrix, at place: SlicePlace, _ batch: inout RecordBatch) {
        // Of several faults in one row, the first column's is reported.
        var rows: [Int] = []
        for fault in faults.sorted(by: { ($0.row, $0.column) < ($1.row, $1.column) }) where fault.row != rows.last {
            rows.append(fault.row)
            reject(
                fault.reason, fault.message, before: matrix.before(ofRow: fault.row), end: matrix.end(ofRow: fault.row),
                column: fault.place ?? columns[fault.column].name, at: place, in: &batch)
        }
        matrix.remove(rows)
    }

    private mutating func fill(
        _ matrix: borrowing FieldMatrix, at place: SlicePlace, _ batch: inout RecordBatch,
        _ rescue: Rescue?
    ) {
        faults.removeAll(keepingCapacity: true)
        let rows = matrix.rowCount
        guard rows > 0 else { return }
        let before = batch.rowCount
        let operations = operationField.map { matrix.fields($0, of: place.text) }
        filler.beginSlice(byteCount: Int(matrix.end(ofRow: rows - 1)) - Int(matrix.before(ofRow: 0)))
        for (index, origin) in origins.enumerated() {
            switch origin {
            case .field(let field) where matrix.isAbsent(field) && !batch.columns[index].schema.isRequired:
                batch.columns[index].appendNulls(rows, after: before)
            case .field(let field):
                filler.fill(
                    &batch.columns[index], at: index, from: matrix.fields(field, of: place.text), rows: rows,
                    after: before, operations: operations, faults: &faults)
            case .operation(nil):
                batch.columns[index].leaves[0].values.append(repeating: "insert", count: rows)
            case .operation(let field?):
                filler.fillOperations(
                    &batch.columns[index], at: index, from: matrix.fields(field, of: place.text), rows: rows,
                    faults: &faults)
            case .absent:
                batch.columns[index].appendNulls(rows, after: before)
            case .rescued:
                guard rescue != nil || !filler.unknownMembers.isEmpty else {
                    batch.columns[index].appendNulls(rows, after: before)
                    continue
                }
                for row in 0..<rows {
                    rescueFields(of: row, in: matrix, into: &batch.columns[index], at: index, after: before, rescue)
                }
            }
        }
    }

    /// Finds values that are of their columns' types but break the contract's constraints.
    private mutating func check(
        _ matrix: borrowing FieldMatrix, at place: SlicePlace, _ batch: borrowing RecordBatch,
        _ marks: [[ColumnArray.Mark]]
    ) {
        for position in checks.indices {
            let (index, field) = (checks[position].index, checks[position].field)
            let (schema, array) = (columns[index], batch.columns[index].leaves[0])
            let first = marks[index][0].valueCount
            let broken = checks[position].test.violations(in: array.values, from: first)
            guard !broken.isEmpty else { continue }
            let fields = matrix.fields(field, of: place.text)
            let rows = array.rows(ofValues: broken, first: first, after: batch.rowCount)
            for (value, row) in zip(broken, rows) {
                let fault = checks[position].test.fault(at: value, in: array.values)
                let shown = hidesText ? "the value" : filler.shown(fields.raw(row))
                let message = "\(Spelling.place(of: schema)): \(shown) \(fault.complaint)"
                faults.append(SliceFault(row: row, column: index, reason: fault.reason, message: message))
            }
        }
    }

    private mutating func rescueFields(
        of row: Int, in matrix: borrowing FieldMatrix, into column: inout RecordBatch.Column, at index: Int,
        after before: Int, _ rescue: Rescue?
    ) {
        do throws(FieldFault) {
            let json = try filler.rescue(row, in: matrix, rescue)
            if let json { column.leaves[0].values.append(text: json) }
            var bit: UInt64 = json == nil ? 0 : 1
            column.leaves[0].appendPresence(&bit, rows: 1, present: Int(bit), after: before + row)
        } catch {
            let message = "\(columns[index].name): the value \(error.complaint)"
            faults.append(SliceFault(row: row, column: index, reason: error.reason, message: message))
            var none: UInt64 = 0
            column.leaves[0].appendPresence(&none, rows: 1, present: 0, after: before + row)
        }
    }
}

/// A column whose values must satisfy something, and the field that they come from.
private struct ColumnCheck {
    let index: Int
    let field: Int
    var test: ValueCheck
}

extension ColumnArray {
    /// The rows of some values, counted from the row behind `rows`; `first` is that row's first value or the next one's.
    fileprivate func rows(ofValues values: [Int], first: Int, after rows: Int) -> [Int] {
        guard let presence else { return values.map { $0 - first } }
        var found: [Int] = []
        var (row, value) = (rows, first)
        for wanted in values {
            while true {
                let isPresent = presence[row >> 6] >> (row & 63) & 1 == 1
                if isPresent, value == wanted { break }
                value += isPresent ? 1 : 0
                row += 1
            }
            found.append(row - rows)
        }
        return found
    }
}
