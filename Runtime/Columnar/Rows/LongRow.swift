/// The beginning of a row that exceeds the limit. Only this and the row's length are reported, so the result does not depend
/// on how much of the row was in memory.
struct LongRow {
    let line: Int
    let byteOffset: Int
    let text: [UInt8]
    let limit: Int

    /// - Parameters:
    ///   - start: the offset of the row's first byte; at least `limit` bytes of the row follow it in memory.
    ///   - line: the line that `start` is on.
    init(from start: Int, line: Int, at place: SlicePlace, limit: Int) {
        self.line = line
        byteOffset = place.origin + start
        text = Array(
            UnsafeBufferPointer(start: place.text + start, count: min(limit, RejectedRow.rawTextLimit)))
        self.limit = limit
    }

    /// - Parameter text: as it is in the file.
    func rejected(_ text: [UInt8], length: Int, hidesText: Bool) -> RejectedRow {
        RejectedRow(
            line: line, byteOffset: byteOffset, column: nil, reason: .lineTooLong,
            message: "the row has \(length) bytes; at most \(limit) are read", rawText: hidesText ? nil : text,
            rawLength: length)
    }
}
