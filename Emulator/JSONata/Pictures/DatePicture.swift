internal import Time

/// How a date and time are written: `[Y0001]-[M01]-[D01]`.
///
/// - SeeAlso: <https://docs.jsonata.org/date-time#datetime-picture-strings>,
///   <https://www.w3.org/TR/xpath-functions-31/#date-picture-string>
struct DatePicture {
    struct Marker {
        let component: Character
        var names: IntegerPicture.Case?
        var integer: IntegerPicture?
        /// `[Z01:01t]` writes Z for UTC.
        var writesZ = false
        var maxWidth: Int?
        /// To how many digits a year is cut; nil for none.
        var yearDigits: Int?
    }

    enum Part {
        case literal(String)
        case marker(Marker)
    }

    private(set) var parts: [Part] = []

    static func iso8601() throws(JSONataFault) -> DatePicture {
        try DatePicture("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]")
    }

    private static let defaults: [Character: String] = [
        "Y": "1", "M": "1", "D": "1", "d": "1", "F": "n", "W": "1", "w": "1", "X": "1", "x": "1", "H": "1", "h": "1",
        "P": "n", "m": "01", "s": "01", "f": "1", "Z": "01:01", "z": "01:01", "C": "n", "E": "n",
    ]

    init(_ picture: String) throws(JSONataFault) {
        var rest = Array(picture)[...]
        var literal = ""
        func close(_ parts: inout [Part]) {
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
        }
        while let character = rest.popFirst() {
            if character == "[", rest.first == "[" {
                rest.removeFirst()
                literal.append("[")
            } else if character == "]", rest.first == "]" {
                rest.removeFirst()
                literal.append("]")
            } else if character == "[" {
                close(&parts)
                guard let end = rest.firstIndex(of: "]") else {
                    throw JSONataFault("D3135", "No matching closing bracket \"]\" in date/time picture string")
                }
                let marker = try Self.marker(rest[..<end].filter { !$0.isWhitespace })
                if marker.integer != nil, case .marker(var before)? = parts.last, let integer = before.integer {
                    before.integer?.parseWidth = integer.mandatoryDigits
                    parts[parts.count - 1] = .marker(before)
                }
                parts.append(.marker(marker))
                rest = rest[(end + 1)...]
            } else {
                literal.append(character)
            }
        }
        close(&parts)
    }

    private static func marker(_ text: [Character]) throws(JSONataFault) -> Marker {
        guard let component = text.first, let standard = defaults[component] else {
            throw JSONataFault(
                "D3132",
                "Unknown component specifier \"\(text.first.map(String.init) ?? "")\" in date/time picture string")
        }
        var marker = Marker(component: component)
        var presentation = String(text.dropFirst())
        var minWidth: Int?
        if let comma = text.lastIndex(of: ",") {
            let widths = String(text[(comma + 1)...]).split(separator: "-", omittingEmptySubsequences: false)
            minWidth = widths.first.flatMap { Int($0) }
            marker.maxWidth = widths.count > 1 ? Int(widths[1]) : nil
            presentation = String(text[1..<comma])
        }
        var second: Character?
        if presentation.count > 1, let last = presentation.last, "atco".contains(last) {
            second = last
            presentation.removeLast()
        }
        if presentation.isEmpty { presentation = standard }
        marker.writesZ = second == "t"
        switch presentation.first {
        case "n": marker.names = .lower
        case "N": marker.names = presentation.dropFirst().first == "n" ? .title : .upper
        case _ where "YMDdFWwXxHhmsfZz".contains(component):
            var integer = try IntegerPicture(presentation)
            integer.isOrdinal = second == "o"
            if let minWidth, integer.mandatoryDigits < minWidth { integer.mandatoryDigits = minWidth }
            if component == "Y" {
                if let width = marker.maxWidth {
                    integer.mandatoryDigits = width
                    marker.yearDigits = width
                } else {
                    let digits = integer.mandatoryDigits + integer.optionalDigits
                    if digits >= 2 { marker.yearDigits = digits }
                }
            }
            marker.integer = integer
        default: break
        }
        return marker
    }

    // MARK: Writing

    /// - Parameter zone: hours and minutes east of UTC as one number, `-0500`.
    func format(milliseconds: Int64, zone: String?) throws(JSONataFault) -> String {
        let offset = zone.flatMap { Int($0.hasPrefix("+") ? String($0.dropFirst()) : $0) } ?? 0
        let (hours, minutes) = (Int((Double(offset) / 100).rounded(.down)), offset % 100)
        let local = DateComponents(milliseconds: milliseconds + Int64(60 * hours + minutes) * 60_000)
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .marker(let marker):
                text += try Self.format(local, marker, offset: (hours, minutes))
            }
        }
        return text
    }

    private static func format(
        _ date: DateComponents, _ marker: Marker, offset: (hours: Int, minutes: Int)
    ) throws(JSONataFault) -> String {
        switch marker.component {
        case "Z", "z": return try formatZone(marker, offset)
        case "P":
            let text = date.value(of: "H") >= 12 ? "pm" : "am"
            return marker.names == .upper ? text.uppercased() : text
        case "C", "E": return "ISO"
        default: break
        }
        var value = date.value(of: marker.component)
        if let digits = marker.yearDigits { value %= (0..<min(digits, 18)).reduce(1) { power, _ in power * 10 } }
        guard let names = marker.names else { return try marker.integer?.format(Double(value)) ?? "" }
        var name: String
        switch marker.component {
        case "M", "x": name = DateComponents.months[value - 1]
        case "F": name = DateComponents.days[value - 1]
        default:
            throw JSONataFault(
                "D3133",
                "The \"name\" modifier can only be applied to months and days in the date/time picture string, not "
                    + "\"\(marker.component)\"")
        }
        if names == .upper { name = name.uppercased() }
        if names == .lower { name = name.lowercased() }
        return marker.maxWidth.map { String(name.prefix($0)) } ?? name
    }

    private static func formatZone(
        _ marker: Marker, _ offset: (hours: Int, minutes: Int)
    ) throws(JSONataFault) -> String {
        guard let integer = marker.integer else { return "" }
        let number = offset.hours * 100 + offset.minutes
        var text: String
        if integer.isRegular {
            text = try integer.format(Double(number))
        } else {
            switch integer.mandatoryDigits {
            case 1, 2:
                text = try integer.format(Double(offset.hours))
                if offset.minutes != 0 { text += ":" + (try IntegerPicture("00").format(Double(offset.minutes))) }
            case 3, 4: text = try integer.format(Double(number))
            default:
                throw JSONataFault("D3134", "The timezone integer format specifier cannot have more than four digits")
            }
        }
        if number >= 0 { text = "+" + text }
        if marker.component == "z" { text = "GMT" + text }
        return number == 0 && marker.writesZ ? "Z" : text
    }

    // MARK: Reading

    /// The instant in milliseconds; nil when the text does not follow the picture.
    ///
    /// - Parameter now: gives the parts before the first one that the text has.
    func parse(_ text: String, now: Int64) throws(JSONataFault) -> Int64? {
        guard let values = try values(in: text) else { return nil }
        let hasDayOfYear = values["d"] != nil && values["M"] == nil && values["D"] == nil
        guard values["W"] == nil, values["w"] == nil, values["X"] == nil, values["x"] == nil || values["M"] != nil
        else {
            throw Self.missing
        }
        let hasHalfDay = values["H"] == nil && (values["h"] != nil || values["P"] != nil)
        let order = (hasDayOfYear ? "Yd" : "YMD") + (hasHalfDay ? "Phmsf" : "Hmsf")
        let current = DateComponents(milliseconds: now)
        var filled: [Character: Int] = [:]
        var (hasBegun, hasEnded) = (false, false)
        for component in order {
            if let value = values[component] {
                guard !hasEnded else { throw Self.missing }
                hasBegun = true
                filled[component] = value
            } else if hasBegun {
                hasEnded = true
                filled[component] = "MDd".contains(component) ? 1 : 0
            } else {
                filled[component] = current.value(of: component)
            }
        }
        var hour = filled["H"] ?? 0
        if hasHalfDay { hour = (filled["h"] ?? 0) % 12 + ((filled["P"] ?? 0) == 1 ? 12 : 0) }
        let year = filled["Y"] ?? 1970
        let day: Int
        if hasDayOfYear {
            day = DateComponents.day(year, 1, 1) + (filled["d"] ?? 1) - 1
        } else {
            day = DateComponents.day(year, filled["M"] ?? 1, filled["D"] ?? 1)
        }
        let minutes = day * 1440 + hour * 60 + (filled["m"] ?? 0) - (values["Z"] ?? values["z"] ?? 0)
        return Int64(minutes) * 60_000 + Int64(filled["s"] ?? 0) * 1000 + Int64(filled["f"] ?? 0)
    }

    private static let missing = JSONataFault(
        "D3136", "The date/time picture string is missing specifiers required to parse the timestamp")

    private func values(in text: String) throws(JSONataFault) -> [Character: Int]? {
        let patterns = parts.map { part in
            switch part {
            case .literal(let literal):
                "(" + literal.map { $0.isLetter || $0.isNumber ? "\($0)" : "\\\($0)" }.joined() + ")"
            case .marker(let marker): "(\(Self.pattern(marker)))"
            }
        }
        let regex: LinearRegex
        do {
            regex = try LinearRegex("^" + patterns.joined() + "$", ignoresCase: true)
        } catch {
            throw JSONataFault("D3136", "The date/time picture string cannot be parsed: \(error.reason)")
        }
        let scalars = Array(text.unicodeScalars)
        guard let slots = RegexMatcher(regex.program).firstMatch(in: scalars.map(\.value), from: 0, spend: { _ in })
        else {
            return nil
        }
        var values: [Character: Int] = [:]
        for (number, part) in parts.enumerated() {
            guard case .marker(let marker) = part else { continue }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[slots[2 * number + 2]..<slots[2 * number + 3]])
            values[marker.component] = Self.value(String(view), marker)
        }
        return values
    }

    private static func pattern(_ marker: Marker) -> String {
        switch marker.component {
        case "Z", "z": return marker.component == "z" ? "GMT[\\-+][0-9]+(?::[0-9]+)?" : "[\\-+][0-9]+(?::[0-9]+)?|Z"
        case "P": return "[AaPp][Mm]"
        case _ where marker.names != nil: return "[a-zA-Z]+"
        default: return marker.integer?.pattern ?? "[^ ]+"
        }
    }

    private static func value(_ text: String, _ marker: Marker) -> Int? {
        switch marker.component {
        case "Z", "z":
            var digits = marker.component == "z" ? text.dropFirst(3) : text[...]
            guard let sign = digits.popFirst(), sign == "+" || sign == "-" else { return 0 }
            let parts = digits.split(separator: ":")
            var (hours, minutes) = (Int(parts[0]) ?? 0, parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
            if parts.count == 1, parts[0].count > 2 { (hours, minutes) = (hours / 100, hours % 100) }
            return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
        case "P": return text.lowercased() == "pm" ? 1 : 0
        case "M" where marker.names != nil, "x" where marker.names != nil:
            let name = text.lowercased()
            return DateComponents.months.firstIndex { $0.lowercased().hasPrefix(name) }.map { $0 + 1 }
        case "F" where marker.names != nil:
            let name = text.lowercased()
            return DateComponents.days.firstIndex { $0.lowercased().hasPrefix(name) }.map { $0 + 1 }
        default: return marker.integer?.parse(text).map { Int(clamping: $0) }
        }
    }
}

/// The parts of a date and time, by the letters of pictures.
struct DateComponents {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    private let timestamp: Timestamp
    private let date: CalendarDate
    private let day: Int

    init(milliseconds: Int64) {
        timestamp = Timestamp(milliseconds: milliseconds)
        date = timestamp.date
        day = date.daysSinceEpoch
    }

    /// Days since 1970; months and days above their number run on into the next ones.
    static func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let months = year * 12 + month - 1
        let (whole, rest) = (Int((Double(months) / 12).rounded(.down)), ((months % 12) + 12) % 12)
        return (CalendarDate(year: whole, month: rest + 1, day: 1)?.daysSinceEpoch ?? 0) + day - 1
    }

    func value(of component: Character) -> Int {
        let time = timestamp.timeOfDay.secondOfDay
        return switch component {
        case "Y": date.year
        case "M": date.month
        case "D": date.day
        case "d": day - Self.day(date.year, 1, 1) + 1
        case "F": date.weekday == 0 ? 7 : date.weekday
        case "W": weekOfYear
        case "w": weekOfMonth
        case "X": isoYear
        case "x": isoMonth
        case "H": time / 3600
        case "h": time / 3600 % 12 == 0 ? 12 : time / 3600 % 12
        case "P": time / 3600 >= 12 ? 1 : 0
        case "m": time / 60 % 60
        case "s": time % 60
        case "f": Int(timestamp.nanoseconds / 1_000_000)
        default: 0
        }
    }

    /// The Monday of the first week, which has the month's first Thursday.
    private static func firstWeek(_ year: Int, _ month: Int) -> Int {
        let first = day(year, month, 1)
        // 1 January 1970 was a Thursday.
        let weekday = ((first + 3) % 7 + 7) % 7 + 1
        return weekday > 4 ? first + 8 - weekday : first - weekday + 1
    }

    private static func weeks(from start: Int, to day: Int) -> Int { Int((Double(day - start) / 7).rounded(.down)) + 1 }

    private var weekOfYear: Int {
        let week = Self.weeks(from: Self.firstWeek(date.year, 1), to: day)
        if week > 52, day >= Self.firstWeek(date.year + 1, 1) { return 1 }
        return week < 1 ? Self.weeks(from: Self.firstWeek(date.year - 1, 1), to: day) : week
    }

    private var weekOfMonth: Int {
        let week = Self.weeks(from: Self.firstWeek(date.year, date.month), to: day)
        if week > 4, day >= Self.firstWeek(date.year, date.month + 1) { return 1 }
        return week < 1 ? Self.weeks(from: Self.firstWeek(date.year, date.month - 1), to: day) : week
    }

    private var isoYear: Int {
        if day < Self.firstWeek(date.year, 1) { return date.year - 1 }
        return day >= Self.firstWeek(date.year + 1, 1) ? date.year + 1 : date.year
    }

    private var isoMonth: Int {
        if day < Self.firstWeek(date.year, date.month) { return (date.month + 10) % 12 + 1 }
        return day >= Self.firstWeek(date.year, date.month + 1) ? date.month % 12 + 1 : date.month
    }
}
