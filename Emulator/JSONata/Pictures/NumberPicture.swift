internal import JSON

/// How `$formatNumber` writes a number: `#,##0.00`.
///
/// - SeeAlso: <https://docs.jsonata.org/numeric-functions#formatnumber>,
///   <https://www.w3.org/TR/xpath-functions-31/#syntax-of-picture-string>
struct NumberPicture {
    /// The characters that mean something in a picture, which options can replace.
    struct Symbols {
        var decimal: Character = "."
        var grouping: Character = ","
        var exponent: Character = "e"
        var minus = "-"
        var percent: Character = "%"
        var perMille: Character = "\u{2030}"
        var zero: Character = "0"
        var digit: Character = "#"
        var separator: Character = ";"

        init(_ options: JSONObject?) {
            func character(_ name: String, _ standard: Character) -> Character {
                options?[name]?.string?.first ?? standard
            }
            decimal = character("decimal-separator", decimal)
            grouping = character("grouping-separator", grouping)
            exponent = character("exponent-separator", exponent)
            minus = options?["minus-sign"]?.string ?? minus
            percent = character("percent", percent)
            perMille = character("per-mille", perMille)
            zero = character("zero-digit", zero)
            digit = character("digit", digit)
            separator = character("pattern-separator", separator)
        }

        func isDigit(_ character: Character) -> Bool {
            guard let value = character.unicodeScalars.first?.value, let first = zero.unicodeScalars.first?.value else {
                return false
            }
            return character.unicodeScalars.count == 1 && (first...first + 9).contains(value)
        }

        func isActive(_ character: Character) -> Bool {
            isDigit(character) || [decimal, exponent, grouping, digit, separator].contains(character)
        }

        /// ASCII digits in the digits in use.
        func localized(_ digits: String) -> [Character] {
            guard zero != "0", let first = zero.unicodeScalars.first?.value else { return Array(digits) }
            return digits.map { digit in
                digit.wholeNumberValue.flatMap { Unicode.Scalar(first + UInt32($0)) }.map { Character($0) } ?? digit
            }
        }
    }

    private let symbols: Symbols
    private let positive: SubPicture
    private let negative: SubPicture

    init(_ picture: String, options: JSONObject?) throws(JSONataFault) {
        symbols = Symbols(options)
        let parts = picture.split(separator: symbols.separator, omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw JSONataFault("D3080", "The picture string must only contain a maximum of two sub-pictures")
        }
        positive = try SubPicture(Array(parts[0]), symbols)
        if parts.count == 2 {
            negative = try SubPicture(Array(parts[1]), symbols)
        } else {
            var copy = positive
            copy.prefix = Array(symbols.minus) + copy.prefix
            negative = copy
        }
    }

    func format(_ value: Double) -> String {
        let picture = value >= 0 ? positive : negative
        var mantissa = value * picture.scale
        var exponent: Int?
        if picture.exponentDigits > 0 {
            let most = JSONataLibrary.powerOfTen(picture.scalingFactor)
            let least = JSONataLibrary.powerOfTen(picture.scalingFactor - 1)
            var shift = 0
            while mantissa != 0, mantissa.magnitude < least {
                mantissa *= 10
                shift -= 1
            }
            while mantissa.magnitude > most {
                mantissa /= 10
                shift += 1
            }
            exponent = shift
        }
        let rounded = JSONataLibrary.rounded(mantissa, places: picture.maxFraction)
        let digits = rounded.magnitude.plainDigits(places: picture.maxFraction)
        var whole = symbols.localized(digits.whole)
        var fraction = symbols.localized(digits.fraction)
        while whole.first == symbols.zero { whole.removeFirst() }
        while fraction.last == symbols.zero { fraction.removeLast() }
        while whole.count < picture.minWhole { whole.insert(symbols.zero, at: 0) }
        while fraction.count < picture.minFraction { fraction.append(symbols.zero) }
        group(&whole, &fraction, picture)
        var text = whole
        if picture.hasDecimal, !fraction.isEmpty { text += [symbols.decimal] + fraction }
        if let exponent {
            var digits = symbols.localized(String(exponent.magnitude))
            while digits.count < picture.exponentDigits { digits.insert(symbols.zero, at: 0) }
            text.append(symbols.exponent)
            if exponent < 0 { text += Array(symbols.minus) }
            text += digits
        }
        return String(picture.prefix + text + picture.suffix)
    }

    private func group(_ whole: inout [Character], _ fraction: inout [Character], _ picture: SubPicture) {
        if let interval = picture.groupingInterval {
            for position in stride(from: (whole.count - 1) / interval, through: 1, by: -1) where whole.count > interval
            {
                whole.insert(symbols.grouping, at: whole.count - position * interval)
            }
        } else {
            let count = whole.count
            for position in picture.wholeGroups.sorted(by: >) where position < count {
                whole.insert(symbols.grouping, at: whole.count - position)
            }
        }
        for (inserted, position) in picture.fractionGroups.sorted().enumerated()
        where position + inserted < fraction.count {
            fraction.insert(symbols.grouping, at: position + inserted)
        }
    }
}

/// One half of a picture: for positive numbers, or for negative ones.
private struct SubPicture {
    var prefix: [Character]
    let suffix: [Character]
    let scale: Double
    let hasDecimal: Bool
    let minWhole: Int
    let scalingFactor: Int
    let minFraction: Int
    let maxFraction: Int
    let exponentDigits: Int
    /// The distance of separators that repeat; nil where they do not repeat.
    let groupingInterval: Int?
    let wholeGroups: [Int]
    let fractionGroups: [Int]

    init(_ picture: [Character], _ symbols: NumberPicture.Symbols) throws(JSONataFault) {
        func isDigit(_ character: Character) -> Bool { symbols.isDigit(character) }
        func isPlace(_ character: Character) -> Bool { isDigit(character) || character == symbols.digit }
        func isMark(_ character: Character) -> Bool { symbols.isActive(character) && character != symbols.exponent }
        let start = picture.firstIndex(where: isMark) ?? picture.count
        let end = picture.lastIndex(where: isMark).map { $0 + 1 } ?? start
        prefix = Array(picture[..<start])
        suffix = Array(picture[end...])
        let active = Array(picture[start..<end])
        var (mantissa, exponent): ([Character], [Character]?) = (active, nil)
        if let position = active.firstIndex(of: symbols.exponent) {
            (mantissa, exponent) = (Array(active[..<position]), Array(active[(position + 1)...]))
        }
        let point = mantissa.firstIndex(of: symbols.decimal)
        let whole = Array(mantissa[..<(point ?? mantissa.count)])
        let fraction = point.map { Array(mantissa[($0 + 1)...]) } ?? []
        try Self.check(picture, active, whole, fraction, exponent, symbols)

        scale = picture.contains(symbols.percent) ? 100 : picture.contains(symbols.perMille) ? 1000 : 1
        hasDecimal = picture.contains(symbols.decimal)
        var least = whole.count(where: isDigit)
        scalingFactor = least
        var (minimum, maximum) = (fraction.count(where: isDigit), fraction.count(where: isPlace))
        if least == 0, maximum == 0 {
            if exponent != nil { (minimum, maximum) = (1, 1) } else { least = 1 }
        }
        if exponent != nil, least == 0, whole.contains(symbols.digit) { least = 1 }
        if least == 0, minimum == 0 { minimum = 1 }
        (minWhole, minFraction, maxFraction) = (least, minimum, maximum)
        exponentDigits = exponent?.count(where: isDigit) ?? 0
        wholeGroups = whole.indices.filter { whole[$0] == symbols.grouping }.map { whole[$0...].count(where: isPlace) }
        fractionGroups = fraction.indices.filter { fraction[$0] == symbols.grouping }
            .map { fraction[..<$0].count(where: isPlace) }
        groupingInterval = Self.interval(of: wholeGroups)
    }

    private static func interval(of positions: [Int]) -> Int? {
        func divisor(_ one: Int, _ other: Int) -> Int { other == 0 ? one : divisor(other, one % other) }
        let interval = positions.reduce(0, divisor)
        guard interval > 0, (1...positions.count).allSatisfy({ positions.contains($0 * interval) }) else { return nil }
        return interval
    }

    /// The rules of the picture string, each with its own code.
    private static func check(
        _ picture: [Character], _ active: [Character], _ whole: [Character], _ fraction: [Character],
        _ exponent: [Character]?, _ symbols: NumberPicture.Symbols
    ) throws(JSONataFault) {
        func count(_ character: Character) -> Int { picture.count { $0 == character } }
        func require(_ holds: Bool, _ code: String, _ message: String) throws(JSONataFault) {
            guard holds else { throw JSONataFault(code, message) }
        }
        let more = "The sub-picture must not contain more than one instance of the"
        let family = "\"decimal digit family\""
        try require(count(symbols.decimal) < 2, "D3081", "\(more) \"decimal-separator\" character")
        try require(count(symbols.percent) < 2, "D3082", "\(more) \"percent\" character")
        try require(count(symbols.perMille) < 2, "D3083", "\(more) \"per-mille\" character")
        try require(
            count(symbols.percent) == 0 || count(symbols.perMille) == 0, "D3084",
            "The sub-picture must not contain both a \"percent\" and a \"per-mille\" character")
        try require(
            (whole + fraction).contains { symbols.isDigit($0) || $0 == symbols.digit }, "D3085",
            "The mantissa part of a sub-picture must contain at least one character that is either an \"optional digit "
                + "character\" or a member of the \(family)")
        try require(
            active.allSatisfy(symbols.isActive), "D3086",
            "The sub-picture must not contain a passive character that is preceded by an active character and that is "
                + "followed by another active character")
        if picture.contains(symbols.decimal) {
            try require(
                whole.last != symbols.grouping && fraction.first != symbols.grouping, "D3087",
                "The sub-picture must not contain a \"grouping-separator\" character that appears adjacent to a "
                    + "\"decimal-separator\" character")
        } else {
            try require(
                whole.last != symbols.grouping, "D3088",
                "The sub-picture must not contain a \"grouping-separator\" at the end of the integer part")
        }
        try require(
            !zip(picture, picture.dropFirst()).contains { $0 == symbols.grouping && $1 == symbols.grouping }, "D3089",
            "The sub-picture must not contain two adjacent instances of the \"grouping-separator\" character")
        if let position = whole.firstIndex(of: symbols.digit) {
            try require(
                !whole[..<position].contains(where: symbols.isDigit), "D3090",
                "The integer part of the sub-picture must not contain a member of the \(family) that is followed by an "
                    + "instance of the \"optional digit character\"")
        }
        if let position = fraction.lastIndex(of: symbols.digit) {
            try require(
                !fraction[position...].contains(where: symbols.isDigit), "D3091",
                "The fractional part of the sub-picture must not contain an instance of the \"optional digit character\" "
                    + "that is followed by a member of the \(family)")
        }
        guard let exponent else { return }
        try require(
            exponent.isEmpty || count(symbols.percent) + count(symbols.perMille) == 0, "D3092",
            "A sub-picture that contains a \"percent\" or \"per-mille\" character must not contain a character treated as "
                + "an \"exponent-separator\"")
        try require(
            !exponent.isEmpty && exponent.allSatisfy(symbols.isDigit), "D3093",
            "The exponent part of the sub-picture must comprise only of one or more characters that are members of the "
                + "\(family)")
    }
}

extension Double {
    /// The digits before and after the decimal point, without an exponent; at least `places` after it.
    fileprivate func plainDigits(places: Int) -> (whole: String, fraction: String) {
        let parts = "\(self)".split(separator: "e")
        let numbers = parts[0].split(separator: ".")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let digits = Array(numbers[0] + (numbers.count > 1 ? numbers[1] : ""))
        let point = numbers[0].count + exponent
        let zeros = String(repeating: "0", count: Swift.max(0, -point))
        let padded = digits + Array(repeating: "0", count: Swift.max(0, point - digits.count))
        let whole = String(padded.prefix(Swift.max(0, point)))
        var fraction = zeros + String(padded.dropFirst(Swift.max(0, point)))
        if fraction.count < places { fraction += String(repeating: "0", count: places - fraction.count) }
        return (whole, String(fraction.prefix(places)))
    }
}
