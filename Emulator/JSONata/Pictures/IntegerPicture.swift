/// How an integer is written: as digits, letters, Roman numerals or English words.
///
/// - SeeAlso: <https://docs.jsonata.org/numeric-functions#formatinteger>,
///   <https://www.w3.org/TR/xpath-functions-31/#func-format-integer>
struct IntegerPicture {
    enum Primary {
        case decimal
        case letters
        case roman
        case words
        /// A numbering that is not supported.
        case sequence(String)
    }

    enum Case {
        case lower
        case upper
        case title
    }

    struct Separator {
        /// Digits to the right of it.
        let position: Int
        let character: Character
    }

    var primary = Primary.decimal
    var letterCase = Case.lower
    var isOrdinal = false
    var mandatoryDigits = 0
    var optionalDigits = 0
    /// The digit 0 of the digits in use.
    var zero: UInt32 = 0x30
    /// One separator that repeats, or single ones.
    var isRegular = false
    var separators: [Separator] = []
    /// How many digits a parser reads, where another number follows at once.
    var parseWidth: Int?

    /// The zeros of the decimal digits of many scripts.
    private static let zeros: [UInt32] = [
        0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
        0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
        0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    ]

    init(_ picture: String) throws(JSONataFault) {
        var format = Substring(picture)
        if let semicolon = picture.lastIndex(of: ";") {
            format = picture[..<semicolon]
            isOrdinal = picture[semicolon...].dropFirst().first == "o"
        }
        switch format {
        case "A": (primary, letterCase) = (.letters, .upper)
        case "a": primary = .letters
        case "I": (primary, letterCase) = (.roman, .upper)
        case "i": primary = .roman
        case "W": (primary, letterCase) = (.words, .upper)
        case "Ww": (primary, letterCase) = (.words, .title)
        case "w": primary = .words
        default: try readDigits(format)
        }
    }

    private mutating func readDigits(_ format: Substring) throws(JSONataFault) {
        var found: UInt32?
        var position = 0
        for scalar in format.unicodeScalars.reversed() {
            if let zero = Self.zeros.first(where: { ($0...$0 + 9).contains(scalar.value) }) {
                guard found ?? zero == zero else {
                    throw JSONataFault(
                        "D3131", "In a decimal digit pattern, all digits must be from the same decimal group")
                }
                found = zero
                mandatoryDigits += 1
                position += 1
            } else if scalar == "#" {
                position += 1
                optionalDigits += 1
            } else {
                separators.append(Separator(position: position, character: Character(scalar)))
            }
        }
        guard let found else {
            primary = .sequence(String(format))
            return
        }
        zero = found
        if let interval = Self.interval(of: separators) {
            isRegular = true
            separators = [Separator(position: interval, character: separators[0].character)]
        }
    }

    /// The distance at which one separator repeats; nil when the separators do not repeat.
    private static func interval(of separators: [Separator]) -> Int? {
        guard let first = separators.first, separators.allSatisfy({ $0.character == first.character }) else {
            return nil
        }
        func divisor(_ one: Int, _ other: Int) -> Int { other == 0 ? one : divisor(other, one % other) }
        let positions = separators.map(\.position)
        let interval = positions.reduce(0, divisor)
        guard interval > 0, (1...positions.count).allSatisfy({ positions.contains($0 * interval) }) else { return nil }
        return interval
    }

    // MARK: Writing

    func format(_ number: Double) throws(JSONataFault) -> String {
        let value = number.magnitude
        let text: String
        switch primary {
        case .letters: text = Self.letters(Int(clamping: value), isUpper: letterCase == .upper)
        case .roman:
            let roman = RomanNumerals.text(Int(clamping: min(value, 1_000_000)))
            text = letterCase == .upper ? roman.uppercased() : roman
        case .words:
            let words = EnglishNumbers.words(value, isOrdinal: isOrdinal)
            text = letterCase == .upper ? words.uppercased() : letterCase == .lower ? words.lowercased() : words
        case .decimal: text = digits(value)
        case .sequence(let token):
            throw JSONataFault(
                "D3130",
                "Formatting or parsing an integer as a sequence starting with \"\(token)\" is not supported by this "
                    + "implementation")
        }
        return number < 0 ? "-" + text : text
    }

    private func digits(_ value: Double) -> String {
        var digits = Array(value < 9e18 ? String(Int64(value)) : "\(value)")
        if digits.count < mandatoryDigits {
            digits.insert(contentsOf: repeatElement("0", count: mandatoryDigits - digits.count), at: 0)
        }
        let last = digits.suffix(2)
        if zero != 0x30 {
            digits = digits.map { digit in
                digit.wholeNumberValue.flatMap { Unicode.Scalar(zero + UInt32($0)) }.map { Character($0) } ?? digit
            }
        }
        if isRegular {
            let interval = separators[0].position
            for group in stride(from: (digits.count - 1) / interval, through: 1, by: -1) {
                digits.insert(separators[0].character, at: digits.count - group * interval)
            }
        } else {
            for separator in separators.reversed() where separator.position < digits.count {
                digits.insert(separator.character, at: digits.count - separator.position)
            }
        }
        return String(digits) + (isOrdinal ? Self.suffix(Array(last)) : "")
    }

    private static func suffix(_ lastDigits: [Character]) -> String {
        guard lastDigits.count < 2 || lastDigits[0] != "1" else { return "th" }
        return switch lastDigits.last {
        case "1": "st"
        case "2": "nd"
        case "3": "rd"
        default: "th"
        }
    }

    private static func letters(_ value: Int, isUpper: Bool) -> String {
        var (rest, text) = (value, "")
        while rest > 0 {
            let code = UInt8((rest - 1) % 26) + (isUpper ? 0x41 : 0x61)
            text = String(Character(Unicode.Scalar(code))) + text
            rest = (rest - 1) / 26
        }
        return text
    }

    // MARK: Reading

    /// A regular expression for what ``parse(_:)`` reads.
    var pattern: String {
        switch primary {
        case .letters: return "[A-Za-z]+"
        case .roman: return "[MDCLXVImdclxvi]+"
        case .words: return "(?:\(EnglishNumbers.allWords.joined(separator: "|"))|[\\-, ])+"
        default:
            let digits = zero == 0x30 ? "[0-9" : "[\(Unicode.Scalar(zero) ?? "0")-\(Unicode.Scalar(zero + 9) ?? "9")"
            var marks = ""
            for separator in separators where !marks.contains(separator.character) {
                marks.append("\\\(separator.character)")
            }
            let count = parseWidth.map { "{\($0)}" } ?? "+"
            return "\(digits)\(marks)]\(count)" + (isOrdinal ? "(?:th|st|nd|rd)" : "")
        }
    }

    func parse(_ text: String) -> Double? {
        switch primary {
        case .letters:
            return text.uppercased().utf8.reduce(0) { $0 * 26 + Double($1) - 64 }
        case .roman: return RomanNumerals.value(text).map(Double.init)
        case .words: return EnglishNumbers.value(text.lowercased())
        default:
            var digits = ""
            for scalar in text.unicodeScalars where (zero...zero + 9).contains(scalar.value) {
                digits.append(String(scalar.value - zero))
            }
            return Double(digits)
        }
    }
}

/// `mcmlxxxiv`
enum RomanNumerals {
    private static let numerals: [(value: Int, text: String)] = [
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
        (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ]

    static func text(_ value: Int) -> String {
        var (rest, text) = (value, "")
        for numeral in numerals {
            text += String(repeating: numeral.text, count: rest / numeral.value)
            rest %= numeral.value
        }
        return text
    }

    static func value(_ text: String) -> Int? {
        let values: [Character: Int] = ["m": 1000, "d": 500, "c": 100, "l": 50, "x": 10, "v": 5, "i": 1]
        var (sum, largest) = (0, 1)
        for character in text.lowercased().reversed() {
            guard let value = values[character] else { return nil }
            if value < largest {
                sum -= value
            } else {
                largest = value
                sum += value
            }
        }
        return sum
    }
}

/// `two hundred and five`
enum EnglishNumbers {
    private static let few = [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
        "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
    ]
    private static let ordinals = [
        "Zeroth", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth",
        "Eleventh", "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth",
        "Nineteenth",
    ]
    private static let decades = [
        "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety", "Hundred",
    ]
    private static let magnitudes = ["Thousand", "Million", "Billion", "Trillion"]

    static func words(_ value: Double, isOrdinal: Bool) -> String { words(value, follows: false, isOrdinal) }

    private static func words(_ value: Double, follows: Bool, _ isOrdinal: Bool) -> String {
        if value <= 19 {
            return (follows ? " and " : "") + (isOrdinal ? ordinals : few)[Int(value)]
        }
        if value < 100 {
            let (tens, rest) = (Int(value) / 10, Int(value) % 10)
            let text = (follows ? " and " : "") + decades[tens - 2]
            if rest > 0 { return text + "-" + words(Double(rest), follows: false, isOrdinal) }
            return isOrdinal ? text.dropLast() + "ieth" : text
        }
        let (factor, name): (Double, String)
        if value < 1000 {
            (factor, name) = (100, "Hundred")
        } else {
            var magnitude = 1
            while magnitude < magnitudes.count, value >= powerOfThousand(magnitude + 1) { magnitude += 1 }
            (factor, name) = (powerOfThousand(magnitude), magnitudes[magnitude - 1])
        }
        let mantissa = (value / factor).rounded(.down)
        let rest = value - mantissa * factor
        let text = (follows ? ", " : "") + words(mantissa, follows: false, false) + " " + name
        if rest > 0 { return text + words(rest, follows: true, isOrdinal) }
        return isOrdinal ? text + "th" : text
    }

    private static func powerOfThousand(_ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { power, _ in power * 1000 }
    }

    private static let values: [String: Double] = {
        var values: [String: Double] = [:]
        for (value, word) in few.enumerated() { values[word.lowercased()] = Double(value) }
        for (value, word) in ordinals.enumerated() { values[word.lowercased()] = Double(value) }
        for (position, word) in decades.enumerated() {
            values[word.lowercased()] = Double((position + 2) * 10)
            values[word.lowercased().dropLast() + "ieth"] = Double((position + 2) * 10)
        }
        values["hundred"] = 100
        values["hundredth"] = 100
        for (position, word) in magnitudes.enumerated() {
            values[word.lowercased()] = powerOfThousand(position + 1)
            values[word.lowercased() + "th"] = powerOfThousand(position + 1)
        }
        return values
    }()

    /// Longer words first, so that an expression of alternatives finds `fourteen` and not `four`.
    static let allWords = (values.keys + ["and"]).sorted { ($0.count, $0) > ($1.count, $1) }

    static func value(_ text: String) -> Double? {
        var segments = [0.0]
        for word in text.split(whereSeparator: { " ,-".contains($0) }) where word != "and" {
            guard let value = values[String(word)] else { return nil }
            if value < 100 {
                let top = segments.removeLast()
                if top >= 1000 {
                    segments += [top, value]
                } else {
                    segments.append(top + value)
                }
            } else {
                segments.append(segments.removeLast() * value)
            }
        }
        return segments.reduce(0, +)
    }
}
