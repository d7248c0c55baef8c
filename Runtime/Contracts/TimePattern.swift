/// How dates and times are written where not as in ISO 8601, in the letters of Java's `DateTimeFormatter`, which the standard uses, or
/// in the percent signs of `strftime`.
///
/// - SeeAlso: <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html>
public struct TimePattern: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        /// Four digits.
        case year
        /// Two digits, from 2000 to 2099.
        case shortYear
        /// So many digits at least; two at most.
        case month(digits: Int)
        /// The name in English, whole or its first three letters, in any case.
        case monthName
        case day(digits: Int)
        /// 0 to 23.
        case hour(digits: Int)
        /// 1 to 12, with ``halfDay``.
        case halfDayHour(digits: Int)
        case minute, second
        /// One to nine digits.
        case fraction
        /// AM or PM, in any case.
        case halfDay
        /// `Z`, `UTC`, `GMT`, `+01`, `+0100` or `+01:00`.
        case zone
        /// Letters that say nothing new.
        case weekday
        case text([UInt8])
    }

    public let parts: [Part]
    public let text: String

    public var hasDate: Bool { parts.contains(.year) || parts.contains(.shortYear) }
    public var hasTime: Bool { parts.contains { if case .minute = $0 { true } else { $0.isHour } } }

    static let expectation =
        "use yyyy or yy, MM, M or MMM, dd or d, HH or H, hh with a, mm, ss, S, X for a zone, E for a weekday, with marks between them "
        + "and letters in single quotes, such as dd/MM/yyyy HH:mm:ss"

    /// Nil for a pattern with other letters, without all parts of a date or an hour, with one twice, or with parts that could not be
    /// told apart.
    public init?(_ pattern: String) {
        guard let parts = pattern.contains("%") ? Self.percents(pattern) : Self.letters(pattern) else { return nil }
        func count(_ isWanted: (Part) -> Bool) -> Int { parts.count(where: isWanted) }
        let years = count({ $0 == .year || $0 == .shortYear })
        let months = count(\.isMonth)
        let days = count({ if case .day = $0 { true } else { false } })
        let hours = count(\.isHour)
        let (minutes, seconds) = (count({ $0 == .minute }), count({ $0 == .second }))
        guard years == months, months == days, years + hours > 0, years <= 1, hours <= 1, minutes <= hours,
            seconds <= minutes, count({ $0 == .fraction }) <= seconds, count({ $0 == .zone }) <= 1,
            count({ $0 == .halfDay }) == count(\.isHalfDayHour)
        else { return nil }
        // Digits of an open number must end at something else.
        for (part, next) in zip(parts, parts.dropFirst()) where part.isOpen && next.isDigits { return nil }
        self.parts = parts
        text = pattern
    }

    private static func letters(_ pattern: String) -> [Part]? {
        var parts: [Part] = []
        var rest = Substring(pattern)
        while let first = rest.first {
            if first == "'" {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: "'") else { return nil }
                add(rest[..<end].isEmpty ? "'" : rest[..<end], to: &parts)
                rest = rest[end...].dropFirst()
                continue
            }
            let run = rest.prefix { $0 == first }
            rest = rest.dropFirst(run.count)
            switch (first, run.count) {
            case ("y", 4), ("u", 4): parts.append(.year)
            case ("y", 2), ("u", 2): parts.append(.shortYear)
            case ("M", 1...2), ("L", 1...2): parts.append(.month(digits: run.count))
            case ("M", 3...4), ("L", 3...4): parts.append(.monthName)
            case ("d", 1...2): parts.append(.day(digits: run.count))
            case ("H", 1...2): parts.append(.hour(digits: run.count))
            case ("h", 1...2): parts.append(.halfDayHour(digits: run.count))
            case ("m", 2): parts.append(.minute)
            case ("s", 2): parts.append(.second)
            case ("S", 1...9), ("n", 1...9): parts.append(.fraction)
            case ("a", 1): parts.append(.halfDay)
            case ("X", 1...5), ("x", 1...5), ("Z", 1...5), ("z", 1...4), ("V", 2), ("O", 1): parts.append(.zone)
            case ("E", 1...4): parts.append(.weekday)
            // The standard's examples leave the quotes around it out.
            case ("T", 1): add("T", to: &parts)
            case _ where first.isASCII && first.isLetter || "[]{}#".contains(first): return nil
            default: add(run, to: &parts)
            }
        }
        return parts
    }

    private static func percents(_ pattern: String) -> [Part]? {
        var parts: [Part] = []
        var rest = Substring(pattern)
        while let first = rest.popFirst() {
            guard first == "%" else {
                add(String(first), to: &parts)
                continue
            }
            switch rest.popFirst() {
            case "Y": parts.append(.year)
            case "y": parts.append(.shortYear)
            case "m": parts.append(.month(digits: 2))
            case "b", "B", "h": parts.append(.monthName)
            case "d": parts.append(.day(digits: 2))
            case "e": parts.append(.day(digits: 1))
            case "H": parts.append(.hour(digits: 2))
            case "I": parts.append(.halfDayHour(digits: 2))
            case "M": parts.append(.minute)
            case "S": parts.append(.second)
            case "f": parts.append(.fraction)
            case "p": parts.append(.halfDay)
            case "z", "Z": parts.append(.zone)
            case "a", "A": parts.append(.weekday)
            case "F": parts += [.year, .text([0x2D]), .month(digits: 2), .text([0x2D]), .day(digits: 2)]
            case "T": parts += [.hour(digits: 2), .text([0x3A]), .minute, .text([0x3A]), .second]
            case "%": add("%", to: &parts)
            default: return nil
            }
        }
        return parts
    }

    private static func add(_ text: some StringProtocol, to parts: inout [Part]) {
        if case .text(let before) = parts.last {
            parts[parts.count - 1] = .text(before + text.utf8)
        } else {
            parts.append(.text(Array(text.utf8)))
        }
    }
}

extension TimePattern.Part {
    fileprivate var isMonth: Bool {
        switch self {
        case .month, .monthName: true
        default: false
        }
    }

    fileprivate var isHour: Bool {
        if case .hour = self { true } else { isHalfDayHour }
    }

    fileprivate var isHalfDayHour: Bool {
        if case .halfDayHour = self { true } else { false }
    }

    /// Whether it is a number of one digit or more.
    fileprivate var isOpen: Bool {
        switch self {
        case .month(1), .day(1), .hour(1), .halfDayHour(1), .fraction: true
        default: false
        }
    }

    fileprivate var isDigits: Bool {
        switch self {
        case .monthName, .halfDay, .zone, .weekday: false
        case .text(let text): text.first.map { (0x30...0x39).contains($0) } ?? false
        default: true
        }
    }
}
