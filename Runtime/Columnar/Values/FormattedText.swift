internal import Contracts

// Texts in a format of the contract, written anew as the parsers know them.

extension ValueFormat {
    /// Calls `body` with the text as it would be without a format.
    func withPlain<Value>(
        _ text: FieldText, _ type: ColumnType, _ body: (FieldText) throws(FieldFault) -> Value
    ) throws(FieldFault) -> Value {
        try plain(text, type).withUnsafeBufferPointer(body)
    }

    /// The text as it would be without a format.
    /// - Parameter type: of the column, for the reason of a fault.
    func plain(_ text: FieldText, _ type: ColumnType) throws(FieldFault) -> [UInt8] {
        switch self {
        case .number(let format):
            guard let plain = format.plain(text) else {
                throw FieldFault(type.formatReason, "is not a number like \(format.example)")
            }
            return plain
        case .time(let pattern):
            guard let plain = pattern.plain(text, withTime: type != .date || pattern.hasTime) else {
                throw FieldFault(type.formatReason, "is not written as \(pattern.text), the contract's format")
            }
            return plain
        case .epoch(let unit):
            guard let plain = unit.plain(text) else {
                throw FieldFault(
                    type.formatReason,
                    "is not a number since 1970 in the years 1 to 9999, the contract's format \(unit.rawValue)")
            }
            return plain
        }
    }
}

extension NumberFormat {
    /// A number without its marks: those between groups of three digits, all of them or none.
    fileprivate func plain(_ text: FieldText) -> [UInt8]? {
        var rest = text[...]
        var isNegative = false
        if hasParentheses || !unit.isEmpty, rest.first == UInt8(ascii: "("), rest.last == UInt8(ascii: ")"),
            rest.count > 2
        {
            isNegative = true
            rest = rest.dropFirst().dropLast()
        }
        func takeMinus() {
            if !isNegative, rest.first == UInt8(ascii: "-") { (isNegative, rest) = (true, rest.dropFirst()) }
        }
        takeMinus()
        if takeUnit(&rest) { takeMinus() }
        if hasTrailingMinus, !isNegative, rest.last == UInt8(ascii: "-") {
            (isNegative, rest) = (true, rest.dropLast())
        }
        dropUnit(&rest)
        guard let digits = Self.digits(rest, point: point, group: group) else { return nil }
        return (isNegative ? [UInt8(ascii: "-")] : []) + digits
    }

    private static let spaces: [[UInt8]] = [[0x20], [0xC2, 0xA0], [0xE2, 0x80, 0xAF], [0xE2, 0x80, 0x89]]

    /// Takes the unit from the front, with spaces behind it.
    private func takeUnit(_ rest: inout FieldText.SubSequence) -> Bool {
        guard !unit.isEmpty, rest.starts(with: unit) else { return false }
        rest = rest.dropFirst(unit.count)
        while let space = Self.spaces.first(where: { rest.starts(with: $0) }) { rest = rest.dropFirst(space.count) }
        return true
    }

    /// Drops the unit from the end, with spaces before it.
    private func dropUnit(_ rest: inout FieldText.SubSequence) {
        guard !unit.isEmpty, rest.suffix(unit.count).elementsEqual(unit) else { return }
        rest = rest.dropLast(unit.count)
        while let space = Self.spaces.first(where: { rest.suffix($0.count).elementsEqual($0) }) {
            rest = rest.dropLast(space.count)
        }
    }

    private static func digits(_ text: FieldText.SubSequence, point: UInt8, group: UInt8?) -> [UInt8]? {
        var rest = text
        var digits = takeDigits(&rest)
        var plain = digits
        var hasGroups = false
        while let group, takeMark(group, &rest) {
            guard hasGroups ? digits.count == 3 : (1...3).contains(digits.count) else { return nil }
            hasGroups = true
            digits = takeDigits(&rest)
            plain += digits
        }
        guard !hasGroups || digits.count == 3 else { return nil }
        if rest.first == point {
            rest.removeFirst()
            let fraction = takeDigits(&rest)
            guard !fraction.isEmpty else { return nil }
            plain += [UInt8(ascii: ".")] + fraction
        }
        return rest.isEmpty && plain.contains(where: \.isDigit) ? plain : nil
    }

    private static func takeDigits(_ rest: inout FieldText.SubSequence) -> [UInt8] {
        let digits = rest.prefix(while: \.isDigit)
        rest = rest.dropFirst(digits.count)
        return Array(digits)
    }

    /// Takes the mark between groups; for a space, also one that does not break (U+00A0 and U+202F) or is thin (U+2009), for an apostrophe also U+2019.
    private static func takeMark(_ group: UInt8, _ rest: inout FieldText.SubSequence) -> Bool {
        let marks =
            switch group {
            case UInt8(ascii: " "): spaces
            case UInt8(ascii: "'"): [[group], [0xE2, 0x80, 0x99]]
            default: [[group]]
            }
        guard let mark = marks.first(where: { rest.starts(with: $0) }) else { return false }
        rest = rest.dropFirst(mark.count)
        return true
    }
}

extension ColumnType {
    /// Why a text is refused that is not in the contract's format.
    fileprivate var formatReason: RejectedRow.Reason {
        switch self {
        case .float, .double: .notANumber
        case .decimal: .notADecimal
        case .date: .notADate
        case .time: .notATime
        case .timestamp: .notATimestamp
        default: .notAnInteger
        }
    }
}
