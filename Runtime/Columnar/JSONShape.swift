internal import CKernels

/// The shape of the last line that was read with care: its keys, their order and the space between them. The kernel reads
/// the lines that follow by it, as long as they have the same.
struct JSONShape: ~Copyable {
    private var shape = ck_json_shape()
    private var parts: UnsafeMutablePointer<ck_json_part>
    private var absent: UnsafeMutablePointer<UInt32>
    private var bytes: UnsafeMutablePointer<UInt8>
    private let fieldCount: Int

    /// Literal bytes that a shape may have: a line with longer keys is read with care each time.
    private static let capacity = 16 << 10

    init(fieldCount: Int) {
        self.fieldCount = fieldCount
        parts = .allocate(capacity: fieldCount + 1)
        absent = .allocate(capacity: fieldCount)
        bytes = .allocate(capacity: Self.capacity)
    }

    deinit {
        parts.deallocate()
        absent.deallocate()
        bytes.deallocate()
    }

    var isKnown: Bool { shape.part_count > 0 }

    /// Learns from a line: what stood before the value of each field in turn, and behind the last.
    mutating func learn(
        _ text: UnsafePointer<UInt8>, _ separators: [(range: Range<Int>, field: Int)], closing: Range<Int>
    ) {
        shape.part_count = 0
        var used = 0
        var isAbsent = [Bool](repeating: true, count: fieldCount)
        for (index, part) in (separators + [(closing, 0)]).enumerated() {
            let padded = (part.range.count / 8 + 1) * 8
            guard used + padded <= Self.capacity else { return }
            (bytes + used).update(repeating: 0, count: padded)
            (bytes + used).update(from: text + part.range.lowerBound, count: part.range.count)
            parts[index] = ck_json_part(
                bytes: bytes + used, length: UInt32(part.range.count), field: UInt32(part.field))
            used += padded
            if index < separators.count { isAbsent[part.field] = false }
        }
        var absentCount = 0
        for field in 0..<fieldCount where isAbsent[field] {
            absent[absentCount] = UInt32(field)
            absentCount += 1
        }
        shape = ck_json_shape(
            parts: parts, part_count: separators.count + 1, absent: absent, absent_count: absentCount)
    }

    /// Adds lines of this shape to the matrix, from `start` on, as long as they begin before `limit` and there are at most
    /// `maximum`; the offset of the line where it stopped.
    mutating func read(
        _ text: UnsafePointer<UInt8>, from start: Int, limit: Int, maximum: Int, into matrix: inout FieldMatrix
    ) -> Int {
        guard isKnown else { return start }
        return matrix.fill(maximum: maximum) { rows in ck_json_read_rows(text, start, limit, &shape, &rows) }
    }
}
