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
        case .number(let point, let group):
            guard let plain = Self.number(text, point: point, group: group) else {
                let example = "1\(Character(UnicodeScalar(group)))234\(Character(UnicodeScalar(point)))56"
                throw FieldFault(type.numberReason, "is not a number like \(example)")
            }
            return plain
        case .date(let parts):
            guard let plain = Self.date(text, parts) else {
                throw FieldFault(.notADate, "is not a date in the contract's format")
            }
            return plain
        }
    }

    /// A number without its marks: those between groups of three digits, all of them or none.
    private static func number(_ text: FieldText, point: UInt8, group: UInt8) -> [UInt8]? {
        var plain: [UInt8] = []
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") { plain.append(rest.removeFirst()) }
        var digits = takeDigits(&rest)
        var hasGroups = false
        plain += digits
        while takeMark(group, &rest) {
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

    /// Takes the mark between groups; for a space, also one that does not break: U+00A0 and U+202F.
    private static func takeMark(_ group: UInt8, _ rest: inout FieldText.SubSequence) -> Bool {
        let spaces: [[UInt8]] = group == UInt8(ascii: " ") ? [[0xC2, 0xA0], [0xE2, 0x80, 0xAF]] : []
        guard let mark = ([[group]] + spaces).first(where: { rest.starts(with: $0) }) else { return false }
        rest = rest.dropFirst(mark.count)
        return true
    }

    /// A date as `YYYY-MM-DD`; whether such a day exists is not checked.
    private static func date(_ text: FieldText, _ parts: [DatePart]) -> [UInt8]? {
        var (year, month, day): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
        var rest = text[...]
        func take(_ counts: ClosedRange<Int>) -> [UInt8]? {
            let digits = rest.prefix(counts.upperBound).prefix(while: \.isDigit)
            guard digits.count >= counts.lowerBound else { return nil }
            rest = rest.dropFirst(digits.count)
            return digits.count == 1 ? [UInt8(ascii: "0")] + digits : Array(digits)
        }
        for part in parts {
            switch part {
            case .year:
                guard let digits = take(4...4) else { return nil }
                year = digits
            case .month(let count):
                guard let digits = take(count...2) else { return nil }
                month = digits
            case .day(let count):
                guard let digits = take(count...2) else { return nil }
                day = digits
            case .mark(let mark):
                guard rest.first == mark else { return nil }
                rest.removeFirst()
            }
        }
        return rest.isEmpty ? year + [UInt8(ascii: "-")] + month + [UInt8(ascii: "-")] + day : nil
    }
}

extension ColumnType {
    /// Why a text is refused that is no number of the type.
    fileprivate var numberReason: RejectedRow.Reason {
        switch self {
        case .float, .double: .notANumber
        case .decimal: .notADecimal
        default: .notAnInteger
        }
    }
}
