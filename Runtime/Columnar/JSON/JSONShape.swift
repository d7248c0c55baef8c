internal import CKernels

/// How the lines of a file are written, learned from one that was read with care. The kernel reads the lines that follow
/// by it, as long as they are written the same way.
struct JSONShape: ~Copyable {
    private var shape = ck_json_shape()
    private let keys: UnsafeMutablePointer<ck_json_literal>
    private let members: UnsafeMutablePointer<ck_json_literal>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var used = 0
    private let names: [[UInt8]]

    /// More space between two keys than this is not learned.
    private static let spaceLimit = 64

    /// - Parameter names: the fields' names, in the order of the matrix.
    init(names: [[UInt8]]) {
        self.names = names
        keys = .allocate(capacity: names.count)
        members = .allocate(capacity: names.count)
        // An escaped name is up to six times as long, and stands there twice: as a key, and with what is before it.
        capacity = names.reduce(4 * Self.spaceLimit) { $0 + 2 * (6 * $1.count + 2 * Self.spaceLimit + 16) }
        bytes = .allocate(capacity: capacity + Int(CK_PADDING))
    }

    deinit {
        keys.deallocate()
        members.deallocate()
        bytes.deallocate()
    }

    var isKnown: Bool { shape.key_count > 0 }

    /// A line's parts, as ranges of the text: what stands before each key, between it and its value, and behind the last.
    struct Line {
        var separators: [Range<Int>] = []
        var colons: [Range<Int>] = []
        var closing = 0..<0
        /// The known fields in the line's order.
        var fields: [Int] = []

        mutating func removeAll() {
            separators.removeAll(keepingCapacity: true)
            colons.removeAll(keepingCapacity: true)
            fields.removeAll(keepingCapacity: true)
        }
    }

    /// Learns from a line whose members are all written in the same way; others teach nothing.
    mutating func learn(_ text: UnsafePointer<UInt8>, _ line: Line) {
        shape.key_count = 0
        guard line.separators.count > 1, names.count <= CK_JSON_FIELDS else { return }
        func bytes(_ range: Range<Int>) -> [UInt8] {
            Array(FieldText(start: text + range.lowerBound, count: range.count))
        }
        let (opening, separator, colon) = (bytes(line.separators[0]), bytes(line.separators[1]), bytes(line.colons[0]))
        let closing = bytes(line.closing)
        guard line.separators.dropFirst().allSatisfy({ bytes($0) == separator }),
            line.colons.allSatisfy({ bytes($0) == colon }),
            [opening, separator, colon, closing].allSatisfy({ $0.count <= Self.spaceLimit })
        else { return }
        used = 0
        shape.opening = literal(opening)
        shape.separator = literal(separator)
        shape.closing = literal(closing)
        let others = names.indices.filter { !line.fields.contains($0) }
        for (place, field) in (line.fields + others).enumerated() {
            var key: [UInt8] = []
            key.appendJSON(names[field])
            keys[place] = literal(key + colon, field: field)
            if place < line.fields.count {
                members[place] = literal((place == 0 ? opening : separator) + key + colon, field: field)
            }
        }
        shape.keys = UnsafePointer(keys)
        shape.key_count = names.count
        shape.members = UnsafePointer(members)
        let areShort = (0..<line.fields.count).allSatisfy { members[$0].length <= CK_JSON_MEMBER }
        shape.member_count = areShort ? line.fields.count : 0
    }

    private mutating func literal(_ text: [UInt8], field: Int = 0) -> ck_json_literal {
        let start = bytes + used
        let padded = (text.count / 8 + 1) * 8
        start.update(repeating: 0, count: padded)
        start.update(from: text, count: text.count)
        used += padded
        return ck_json_literal(bytes: start, length: UInt32(text.count), field: UInt32(field))
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
