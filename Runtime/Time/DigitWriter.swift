/// Writes numbers of a fixed width, and what stands between them.
struct DigitWriter {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(32) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }

    /// - Parameter width: zeros fill it; a longer number is written whole.
    mutating func append(_ number: Int, width: Int) {
        if number < 0 { append("-") }
        append(UInt64(number.magnitude), width: width)
    }

    mutating func append(_ number: UInt64, width: Int) {
        let start = bytes.count
        var rest = number
        while rest > 0 || bytes.count < start + width {
            bytes.append(0x30 + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    /// `2026-03-01`
    mutating func append(_ date: CalendarDate, separator: StaticString?) {
        append(date.year, width: 4)
        if let separator { append(separator) }
        append(date.month, width: 2)
        if let separator { append(separator) }
        append(date.day, width: 2)
    }

    /// `09:30:00`
    mutating func append(_ time: TimeOfDay, separator: StaticString?) {
        append(time.hour, width: 2)
        if let separator { append(separator) }
        append(time.minute, width: 2)
        if let separator { append(separator) }
        append(time.second, width: 2)
    }
}
