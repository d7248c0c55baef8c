internal import CKernels

/// A slice of rows as offsets into the text: where each row and each of its fields lies.
///
/// All rows have `stride` fields. In CSV a field begins where the one before it ended, so only ends are kept; JSON's values
/// come in any order and have beginnings of their own.
struct FieldMatrix: ~Copyable {
    let stride: Int
    let rowCapacity: Int
    private(set) var rowCount = 0
    /// The offset before a row's first byte, and that after its last.
    let rowBefore: UnsafeMutablePointer<UInt32>
    let rowEnd: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private let befores: UnsafeMutablePointer<UInt32>?

    init(stride: Int, rowCapacity: Int, keepsBeginnings: Bool) {
        self.stride = stride
        self.rowCapacity = rowCapacity
        rowBefore = .allocate(capacity: rowCapacity)
        rowEnd = .allocate(capacity: rowCapacity)
        ends = .allocate(capacity: rowCapacity * stride)
        befores = keepsBeginnings ? .allocate(capacity: rowCapacity * stride) : nil
    }

    deinit {
        rowBefore.deallocate()
        rowEnd.deallocate()
        ends.deallocate()
        befores?.deallocate()
    }

    mutating func removeAll() { rowCount = 0 }

    /// Adds a row whose fields end at `fieldEnds`; the last of them may have moved, before a carriage return.
    mutating func append(before: UInt32, end: UInt32, fieldEnds: UnsafePointer<UInt32>) {
        rowBefore[rowCount] = before
        rowEnd[rowCount] = end
        let row = ends + rowCount * stride
        row.update(from: fieldEnds, count: stride)
        row[stride - 1] = end
        rowCount += 1
    }

    /// The offsets that the next row's fields are written to; ``commit(before:end:)`` then adds the row.
    func nextRow() -> (befores: UnsafeMutablePointer<UInt32>, ends: UnsafeMutablePointer<UInt32>) {
        ((befores ?? ends) + rowCount * stride, ends + rowCount * stride)
    }

    mutating func commit(before: UInt32, end: UInt32) {
        rowBefore[rowCount] = before
        rowEnd[rowCount] = end
        rowCount += 1
    }

    /// Lets a kernel add rows with beginnings of their own, at most `maximum`; what it answers.
    mutating func fill(maximum: Int, _ kernel: (inout ck_json_rows) -> Int) -> Int {
        var rows = ck_json_rows(
            befores: befores, ends: ends, stride: stride, row_before: rowBefore, row_end: rowEnd, row_count: rowCount,
            row_capacity: rowCount + maximum)
        let answer = kernel(&rows)
        rowCount = rows.row_count
        return answer
    }

    /// One column of the slice, for the kernels.
    func fields(_ index: Int, of text: UnsafePointer<UInt8>) -> ck_fields {
        if let befores {
            return ck_fields(
                text: text, before: befores + index, before_stride: stride, end: ends + index, end_stride: stride)
        }
        return index == 0
            ? ck_fields(text: text, before: rowBefore, before_stride: 1, end: ends, end_stride: stride)
            : ck_fields(
                text: text, before: ends + index - 1, before_stride: stride, end: ends + index, end_stride: stride)
    }

    /// Takes rows out; the others close the gaps. `rows` is sorted.
    mutating func remove(_ rows: [Int]) {
        guard var kept = rows.first else { return }
        var next = 0
        for row in kept..<rowCount {
            if next < rows.count, rows[next] == row {
                next += 1
                continue
            }
            rowBefore[kept] = rowBefore[row]
            rowEnd[kept] = rowEnd[row]
            (ends + kept * stride).update(from: ends + row * stride, count: stride)
            if let befores { (befores + kept * stride).update(from: befores + row * stride, count: stride) }
            kept += 1
        }
        rowCount = kept
    }
}

extension ck_fields {
    /// The field's bytes as they stand in the text.
    func raw(_ row: Int) -> FieldText {
        let start = Int(before[row * before_stride] & ~CK_CAREFUL) + 1
        return FieldText(start: text + start, count: Int(end[row * end_stride]) - start)
    }

    func isCareful(_ row: Int) -> Bool { before[row * before_stride] & CK_CAREFUL != 0 }
}
