internal import CKernels

/// A slice of rows as offsets into the text: the place of each row and each of its fields.
///
/// All rows have `stride` fields. In CSV a field begins where the one before it ended, so a row is the offset before it and
/// the ends of its fields; JSON's values come in any order and have beginnings of their own.
struct FieldMatrix: ~Copyable {
    let stride: Int
    let rowCapacity: Int
    private(set) var rowCount = 0
    /// Of JSON, one offset a field: before its value and after it. Of CSV, `offsets` alone, one more a row than it has fields.
    private let offsets: UnsafeMutablePointer<UInt32>
    private let json: JSONOffsets?
    /// Rows of CSV that lie somewhere else, without gaps: each begins after the newline that ends the one before it.
    private var borrowed: UnsafePointer<UInt32>?

    private struct JSONOffsets {
        let ends: UnsafeMutablePointer<UInt32>
        let rowBefore: UnsafeMutablePointer<UInt32>
        let rowEnd: UnsafeMutablePointer<UInt32>
        /// One bit a field: zero if no row has it.
        let seen: UnsafeMutablePointer<UInt64>
    }

    init(stride: Int, rowCapacity: Int, keepsBeginnings: Bool) {
        self.stride = stride
        self.rowCapacity = rowCapacity
        offsets = .allocate(capacity: rowCapacity * (keepsBeginnings ? stride : stride + 1))
        json =
            keepsBeginnings
            ? JSONOffsets(
                ends: .allocate(capacity: rowCapacity * stride), rowBefore: .allocate(capacity: rowCapacity),
                rowEnd: .allocate(capacity: rowCapacity), seen: .allocate(capacity: stride / 64 + 1)) : nil
        removeAll()
    }

    deinit {
        offsets.deallocate()
        json?.ends.deallocate()
        json?.rowBefore.deallocate()
        json?.rowEnd.deallocate()
        json?.seen.deallocate()
    }

    mutating func removeAll() {
        rowCount = 0
        borrowed = nil
        json?.seen.update(repeating: 0, count: stride / 64 + 1)
    }

    /// The offset before a row's first byte.
    func before(ofRow row: Int) -> UInt32 { json?.rowBefore[row] ?? csv.first[row * csv.step] }

    /// The offset after a row's last byte.
    func end(ofRow row: Int) -> UInt32 { json?.rowEnd[row] ?? csv.first[row * csv.step + stride] }

    /// The offset before the first row of CSV, and how many offsets lie between a row and the next.
    private var csv: (first: UnsafePointer<UInt32>, step: Int) {
        if let borrowed { return (borrowed, stride) }
        return (UnsafePointer(offsets), stride + 1)
    }

    // MARK: CSV

    /// Adds a row whose fields end at `fieldEnds`; the last of them may have moved, before a carriage return.
    mutating func append(before: UInt32, end: UInt32, fieldEnds: UnsafePointer<UInt32>) {
        let row = offsets + rowCount * (stride + 1)
        row[0] = before
        (row + 1).update(from: fieldEnds, count: stride)
        row[stride] = end
        rowCount += 1
    }

    /// Takes the rows of a text that has nothing else between them, where they are indexed; nothing is copied.
    /// - Parameter offsets: that before the first row, then those at which fields end; valid until the matrix is emptied.
    mutating func borrow(_ offsets: UnsafePointer<UInt32>, rows: Int) {
        precondition(rowCount == 0 && json == nil)
        borrowed = offsets
        rowCount = rows
    }

    // MARK: JSON

    /// The offsets that the next row's fields are written to; ``commit(before:end:)`` then adds the row.
    func nextRow() -> (befores: UnsafeMutablePointer<UInt32>, ends: UnsafeMutablePointer<UInt32>) {
        (offsets + rowCount * stride, (json?.ends ?? offsets) + rowCount * stride)
    }

    mutating func commit(before: UInt32, end: UInt32) {
        json?.rowBefore[rowCount] = before
        json?.rowEnd[rowCount] = end
        // Lines that no kernel reads are few, so which fields they have is not worth knowing.
        json?.seen.update(repeating: .max, count: stride / 64 + 1)
        rowCount += 1
    }

    /// Lets a kernel add rows with beginnings of their own, at most `maximum`; what it answers.
    mutating func fill(maximum: Int, _ kernel: (inout ck_json_rows) -> Int) -> Int {
        var rows = ck_json_rows(
            befores: offsets, ends: json?.ends, stride: stride, row_before: json?.rowBefore, row_end: json?.rowEnd,
            row_count: rowCount, row_capacity: rowCount + maximum, seen: json?.seen)
        let answer = kernel(&rows)
        rowCount = rows.row_count
        return answer
    }

    // MARK: Both

    /// One column of the slice, for the kernels.
    func fields(_ index: Int, of text: UnsafePointer<UInt8>) -> ck_fields {
        if let json {
            return ck_fields(
                text: text, before: offsets + index, before_stride: stride, end: json.ends + index, end_stride: stride)
        }
        return ck_fields(
            text: text, before: csv.first + index, before_stride: csv.step, end: csv.first + index + 1,
            end_stride: csv.step)
    }

    /// Whether it is known that no row has the field.
    func isAbsent(_ field: Int) -> Bool { json.map { $0.seen[field >> 6] >> (field & 63) & 1 == 0 } ?? false }

    /// Takes rows out; the others close the gaps. `rows` is sorted.
    mutating func remove(_ rows: [Int]) {
        guard var kept = rows.first else { return }
        if let borrowed {
            // A gap would become part of the row after it, so the rows move to where each has a beginning of its own.
            self.borrowed = nil
            for row in 0..<rowCount {
                (offsets + row * (stride + 1)).update(from: borrowed + row * stride, count: stride + 1)
            }
        }
        let step = json == nil ? stride + 1 : stride
        var next = 0
        for row in kept..<rowCount {
            if next < rows.count, rows[next] == row {
                next += 1
                continue
            }
            (offsets + kept * step).update(from: offsets + row * step, count: step)
            if let json {
                (json.ends + kept * stride).update(from: json.ends + row * stride, count: stride)
                json.rowBefore[kept] = json.rowBefore[row]
                json.rowEnd[kept] = json.rowEnd[row]
            }
            kept += 1
        }
        rowCount = kept
    }
}

extension ck_fields {
    /// The field's bytes as they are in the text.
    func raw(_ row: Int) -> FieldText {
        let start = Int(before[row * before_stride] & ~CK_CAREFUL) + 1
        return FieldText(start: text + start, count: Int(end[row * end_stride]) - start)
    }

    func isCareful(_ row: Int) -> Bool { before[row * before_stride] & CK_CAREFUL != 0 }
}
