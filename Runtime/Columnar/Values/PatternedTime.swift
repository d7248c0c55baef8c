internal import Contracts
internal import Time

// Dates and times in a pattern of the contract, written anew in ISO 8601.

extension TimePattern {
    /// The text in ISO 8601; nil if it is not in the pattern. Whether such a day and time exist is not checked.
    /// - Parameter withTime: whether a date gets a time of day, midnight where the pattern has none.
    func plain(_ text: FieldText, withTime: Bool) -> [UInt8]? {
        var reader = PatternReader(rest: text[...])
        for part in parts where !reader.take(part) { return nil }
        guard reader.rest.isEmpty else { return nil }
        return reader.text(hasDate: hasDate, withTime: withTime)
    }
}

private struct PatternReader {
    var rest: FieldText.SubSequence
    private var year: [UInt8] = []
    private var (month, day) = (0, 0)
    private var (hour, minute, second) = (0, 0, 0)
    private var fraction: [UInt8] = []
    /// Whether it is after noon; nil where the hours are those of a day.
    private var isAfternoon: Bool?
    private var zone: [UInt8] = []

    init(rest: FieldText.SubSequence) { self.rest = rest }

    mutating func take(_ part: TimePattern.Part) -> Bool {
        switch part {
        case .year:
            guard let digits = takeDigits(4...4) else { return false }
            year = digits
        case .shortYear:
            guard let digits = takeDigits(2...2) else { return false }
            year = Array("20".utf8) + digits
        case .month(let count): return takeNumber(count...2, into: \.month)
        case .day(let count): return takeNumber(count...2, into: \.day)
        case .hour(let count): return takeNumber(count...2, into: \.hour)
        case .halfDayHour(let count):
            guard takeNumber(count...2, into: \.hour), (1...12).contains(hour) else { return false }
            hour %= 12
        case .minute: return takeNumber(2...2, into: \.minute)
        case .second: return takeNumber(2...2, into: \.second)
        case .fraction:
            guard let digits = takeDigits(1...9) else { return false }
            fraction = digits
        case .monthName: return takeMonth()
        case .weekday:
            let letters = rest.prefix { (0x61...0x7A).contains($0 | 0x20) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 2
        case .halfDay: return takeHalfDay()
        case .zone: return takeZone()
        case .text(let text):
            guard rest.starts(with: text) else { return false }
            rest = rest.dropFirst(text.count)
        }
        return true
    }

    private mutating func takeDigits(_ counts: ClosedRange<Int>) -> [UInt8]? {
        let digits = rest.prefix(counts.upperBound).prefix(while: \.isDigit)
        guard digits.count >= counts.lowerBound else { return nil }
        rest = rest.dropFirst(digits.count)
        return Array(digits)
    }

    private mutating func takeNumber(_ counts: ClosedRange<Int>, into place: WritableKeyPath<PatternReader, Int>)
        -> Bool
    {
        guard let digits = takeDigits(counts) else { return false }
        self[keyPath: place] = digits.reduce(0) { $0 * 10 + $1.digit }
        return true
    }

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]

    /// A whole name, or its first three letters with a point behind them or not. September has four, too.
    private mutating func takeMonth() -> Bool {
        let letters = rest.prefix { (0x61...0x7A).contains($0 | 0x20) }
        let name = String(decoding: letters, as: UTF8.self).lowercased()
        guard
            let index = Self.months.firstIndex(where: {
                $0 == name || $0.prefix(3) == name || name == "sept" && $0.hasPrefix(name)
            })
        else { return false }
        month = index + 1
        rest = rest.dropFirst(letters.count)
        if letters.count < 5, rest.first == UInt8(ascii: ".") { rest.removeFirst() }
        return true
    }

    /// `AM`, `PM`, `a.m.` or `p.m.`
    private mutating func takeHalfDay() -> Bool {
        let letters = rest.prefix { (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: ".") }
        switch String(decoding: letters, as: UTF8.self).lowercased().filter({ $0 != "." }) {
        case "am": isAfternoon = false
        case "pm": isAfternoon = true
        default: return false
        }
        rest = rest.dropFirst(letters.count)
        return true
    }

    /// What the parsers know, and `GMT`.
    private mutating func takeZone() -> Bool {
        for name in ["Z", "UTC", "GMT"] where rest.starts(with: name.utf8) {
            zone = [UInt8(ascii: "Z")]
            rest = rest.dropFirst(name.utf8.count)
            return true
        }
        guard let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return false }
        let offset = rest.dropFirst().prefix { $0.isDigit || $0 == UInt8(ascii: ":") }
        guard [2, 4, 5].contains(offset.count) else { return false }
        zone = [sign] + offset
        rest = rest.dropFirst(1 + offset.count)
        return true
    }

    func text(hasDate: Bool, withTime: Bool) -> [UInt8] {
        func two(_ number: Int) -> [UInt8] { [UInt8(0x30 + number / 10 % 10), UInt8(0x30 + number % 10)] }
        var text: [UInt8] = []
        if hasDate {
            text += year + [UInt8(ascii: "-")] + two(month) + [UInt8(ascii: "-")] + two(day)
            guard withTime else { return text }
            text.append(UInt8(ascii: "T"))
        }
        let hours = isAfternoon == true ? hour + 12 : hour
        text += two(hours) + [UInt8(ascii: ":")] + two(minute) + [UInt8(ascii: ":")] + two(second)
        if !fraction.isEmpty { text += [UInt8(ascii: ".")] + fraction }
        return text + zone
    }
}

extension ValueFormat.EpochUnit {
    /// The moment in ISO 8601, without a zone; nil if this is no number, or outside the years 1 to 9999.
    func plain(_ text: FieldText) -> [UInt8]? {
        var rest = text[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let whole = Array(rest.prefix(while: \.isDigit))
        rest = rest.dropFirst(whole.count)
        var finer: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            finer = Array(rest.prefix(while: \.isDigit))
            rest = rest.dropFirst(finer.count)
            // Programs write 1700000000.0 for a whole number.
            while finer.last == UInt8(ascii: "0") { finer.removeLast() }
        }
        guard rest.isEmpty, !whole.isEmpty, whole.count <= fractionDigits + 15 else { return nil }
        let padded = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, fractionDigits + 1 - whole.count)) + whole
        var seconds = 0
        for digit in padded.dropLast(fractionDigits) { seconds = seconds * 10 + digit.digit }
        var fraction = Array(padded.suffix(fractionDigits)) + finer
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        guard fraction.count <= 9 else { return nil }
        if isNegative {
            // Back from the next whole second: -1.25 is 0.75 after -2.
            seconds = -seconds
            if !fraction.isEmpty {
                seconds -= 1
                fraction = Self.complement(fraction)
            }
        }
        let days = seconds >= 0 ? seconds / 86400 : -((86399 - seconds) / 86400)
        guard (-719_162...2_932_896).contains(days) else { return nil }
        let (date, secondOfDay) = (CalendarDate(daysSinceEpoch: days), seconds - days * 86400)
        func written(_ number: Int, _ count: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        let moment =
            "\(written(date.year, 4))-\(written(date.month, 2))-\(written(date.day, 2))T\(written(secondOfDay / 3600, 2)):"
            + "\(written(secondOfDay / 60 % 60, 2)):\(written(secondOfDay % 60, 2))"
        return Array(moment.utf8) + (fraction.isEmpty ? [] : [UInt8(ascii: ".")] + fraction)
    }

    /// The digits of one minus a fraction that is not zero.
    private static func complement(_ fraction: [UInt8]) -> [UInt8] {
        var digits = fraction.map { UInt8(0x30 + 9 - $0.digit) }
        var index = digits.count - 1
        while index >= 0 {
            if digits[index] < 0x39 {
                digits[index] += 1
                break
            }
            digits[index] = 0x30
            index -= 1
        }
        return digits
    }
}
