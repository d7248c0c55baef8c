/// Reads numbers of a fixed width, and what stands between them, from the front of a text.
struct DigitReader {
    private let text: [UInt8]
    private var position = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool { position == text.count }

    /// Whether `expected` came next; if so it has been read.
    mutating func skip(_ expected: StaticString) -> Bool {
        let end = position + expected.utf8CodeUnitCount
        guard end <= text.count,
            expected.withUTF8Buffer({ $0.elementsEqual(text[position..<end]) })
        else { return false }
        position = end
        return true
    }

    /// The number in exactly `digits` digits; nil, with nothing read, where there are fewer.
    mutating func number(digits: Int) -> Int? {
        guard position + digits <= text.count else { return nil }
        var value = 0
        for byte in text[position..<position + digits] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        position += digits
        return value
    }

    /// `16:45:09`
    mutating func timeOfDay() -> TimeOfDay? {
        guard let hour = number(digits: 2), skip(":"), let minute = number(digits: 2), skip(":"),
            let second = number(digits: 2)
        else { return nil }
        return TimeOfDay(hour: hour, minute: minute, second: second)
    }
}
