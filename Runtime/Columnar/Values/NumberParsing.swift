internal import Contracts

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

// The careful paths for fields that the C kernels leave. The rules are those of the table in the README: nothing is guessed or
// truncated, and a value that does not fit is out of range.

private let zero = UInt8(ascii: "0")

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    /// The digit's value; only for digits.
    var digit: Int { Int(self) - 0x30 }

    var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension ColumnType {
    /// What an integer type of up to 63 bits holds; everything for the others.
    var integerRange: ClosedRange<Int64> {
        switch self {
        case .int8: Int64(Int8.min)...Int64(Int8.max)
        case .int16: Int64(Int16.min)...Int64(Int16.max)
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        case .uint8: 0...Int64(UInt8.max)
        case .uint16: 0...Int64(UInt16.max)
        case .uint32: 0...Int64(UInt32.max)
        default: .min ... .max
        }
    }
}

extension FieldText {
    /// An optional minus, then one digit or more; nil if it is anything else.
    private var integerParts: (isNegative: Bool, digits: SubSequence)? {
        let isNegative = first == UInt8(ascii: "-")
        let digits = dropFirst(isNegative ? 1 : 0)
        return !digits.isEmpty && digits.allSatisfy(\.isDigit) ? (isNegative, digits) : nil
    }

    /// An integer: an optional minus, then digits; also with a point or an exponent if no fraction remains. No plus, no spaces.
    func parseInteger(in range: ClosedRange<Int64>) throws(FieldFault) -> Int64 {
        guard let (isNegative, digits) = integerParts else {
            return try withPlainInteger { (text) throws(FieldFault) in try text.parseInteger(in: range) }
        }
        var value: Int64 = 0
        for digit in digits {
            // Built up below zero, where Int64 reaches one further.
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (difference, underflow) = product.subtractingReportingOverflow(Int64(digit.digit))
            guard !overflow, !underflow else { throw Self.outOfRange(range) }
            value = difference
        }
        guard isNegative || value != .min, range.contains(isNegative ? value : -value) else {
            throw Self.outOfRange(range)
        }
        return isNegative ? value : -value
    }

    /// An integer of 64 bits without a sign, as the bits of one with a sign.
    func parseUInt64() throws(FieldFault) -> Int64 {
        guard let (isNegative, digits) = integerParts else {
            return try withPlainInteger { (text) throws(FieldFault) in try text.parseUInt64() }
        }
        var value: UInt64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit.digit))
            guard !overflow, !carry else { throw FieldFault(.outOfRange, "is outside 0 to \(UInt64.max)") }
            value = sum
        }
        guard !isNegative || value == 0 else { throw FieldFault(.outOfRange, "is outside 0 to \(UInt64.max)") }
        return Int64(bitPattern: value)
    }

    /// Calls `parse` with the plain digits of a number with a point or an exponent: with `-100` for `-1e2` or `-100.0`.
    private func withPlainInteger(_ parse: (FieldText) throws(FieldFault) -> Int64) throws(FieldFault) -> Int64 {
        guard (try? checkNumber()) != nil, let plain = plainInteger else {
            throw FieldFault(.notAnInteger, "is not an integer\(groupingHint)")
        }
        return try plain.withUnsafeBufferPointer(parse)
    }

    /// The plain digits of this number; nil if it has a fraction. A number far out of any range keeps only that property.
    private var plainInteger: [UInt8]? {
        let mark = firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? endIndex
        let mantissa = self[..<mark]
        var digits = Array(mantissa.filter(\.isDigit).drop { $0 == zero })
        guard !digits.isEmpty else { return [zero] }
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mark
        var exponent = self[mark...].filter(\.isDigit).reduce(0) { Swift.min($0 * 10 + $1.digit, 1 << 40) }
        if self[mark...].contains(UInt8(ascii: "-")) { exponent = -exponent }
        // How many zeros to append, or digits behind the point to remove.
        let shift = exponent - Swift.max(0, mark - point - 1)
        if shift < 0 {
            guard -shift < digits.count, digits.suffix(-shift).allSatisfy({ $0 == zero }) else { return nil }
            digits.removeLast(-shift)
        } else {
            digits.append(contentsOf: repeatElement(zero, count: Swift.min(shift, 20)))
        }
        return (first == UInt8(ascii: "-") ? [UInt8(ascii: "-")] : []) + digits
    }

    /// Advice for a number that a person wrote: with a decimal comma, marks between thousands, a currency, a percent sign, or in
    /// parentheses; and for a word that stands for a null.
    private var groupingHint: String {
        let word = String(decoding: prefix(8), as: UTF8.self).lowercased()
        if ["null", "na", "n/a", "none", "nan", "\\n", "nil", "-", "--", "?", "(null)", "<null>", "#n/a"].contains(word)
        {
            return "; if it stands for a null, say so with the contract's custom property 'csvNull'"
        }
        if first == UInt8(ascii: " ") || last == UInt8(ascii: " ") { return "; leave out the spaces around it" }
        let hasDigits = contains(where: \.isDigit) && count <= 40
        let letters = self.count(where: { (0x41...0x5A).contains($0 & 0xDF) })
        let marks = Set(self).subtracting(UInt8(ascii: "0")...UInt8(ascii: "9"))
        let isPlain = marks.isSubset(of: [UInt8(ascii: "."), UInt8(ascii: "-")]) && last != UInt8(ascii: "-")
        let strange = marks.subtracting(Set(",.' -()%$\u{A0}\u{202F}\u{2019}€£¥₹₽".utf8))
            .filter { !(0x41...0x5A).contains($0 & 0xDF) }
        let isWritten = hasDigits && !isPlain && letters <= 3 && strange.isEmpty && (letters == 0 || letters >= 2)
        return isWritten ? "; if it is meant so, say how with the column's custom property 'numberFormat'" : ""
    }

    private static func outOfRange(_ range: ClosedRange<Int64>) -> FieldFault {
        FieldFault(.outOfRange, "is outside \(range.lowerBound) to \(range.upperBound)")
    }

    /// A double, rounded correctly. Decimal point and exponent are allowed; NaN, infinities, hexadecimal, a plus and spaces
    /// are not, nor is a number that would become infinite or, not being zero, zero.
    func parseDouble() throws(FieldFault) -> Double {
        try parseFloatingPoint { strtod($0, nil) }
    }

    /// A float, rounded once, from the text.
    func parseFloat() throws(FieldFault) -> Float {
        try parseFloatingPoint { strtof($0, nil) }
    }

    private func parseFloatingPoint<Number: BinaryFloatingPoint>(
        _ convert: (UnsafePointer<CChar>) -> Number
    ) throws(FieldFault) -> Number {
        let isZero = try checkNumber()
        // strtod needs a terminator, which the field does not have.
        let value = withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { copy -> Number in
            for index in indices { copy[index] = CChar(bitPattern: self[index]) }
            copy[count] = 0
            guard let start = copy.baseAddress else { return .nan }
            return convert(start)
        }
        guard value.isFinite, isZero || value != 0 else {
            throw FieldFault(.outOfRange, "does not fit a \(Number.self == Float.self ? "float" : "double")")
        }
        return value
    }

    /// Checks that this is digits with at most one point among or around them and at most one exponent behind them, and
    /// says whether all digits are zeros.
    private func checkNumber() throws(FieldFault) -> Bool {
        var index = first == UInt8(ascii: "-") ? 1 : 0
        var digits = 0
        var isZero = true
        var hasPoint = false
        while index < count {
            if self[index].isDigit {
                digits += 1
                isZero = isZero && self[index] == zero
            } else if self[index] == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                break
            }
            index += 1
        }
        guard digits > 0 else { throw FieldFault(.notANumber, "is not a number\(groupingHint)") }
        if index < count, self[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < count, self[index] == UInt8(ascii: "-") || self[index] == UInt8(ascii: "+") { index += 1 }
            let exponent = self[index...]
            guard !exponent.isEmpty, exponent.allSatisfy(\.isDigit) else {
                throw FieldFault(.notANumber, "is not a number\(groupingHint)")
            }
            index = count
        }
        guard index == count else { throw FieldFault(.notANumber, "is not a number\(groupingHint)") }
        return isZero
    }

    /// The unscaled integer of a decimal. Digits beyond the scale must be zeros; with an exponent, as Java writes some numbers,
    /// those of the number without it.
    /// - Parameter type: one that holds all numbers of `precision` digits.
    func parseDecimal<Unscaled: FixedWidthInteger & SignedInteger>(
        precision: Int, scale: Int, as type: Unscaled.Type
    ) throws(FieldFault) -> Unscaled {
        let isNegative = first == UInt8(ascii: "-")
        let body = dropFirst(isNegative ? 1 : 0)
        let point = body.firstIndex(of: UInt8(ascii: ".")) ?? body.endIndex
        let whole = body[..<point]
        let fraction = body[point...].dropFirst()
        guard !whole.isEmpty || !fraction.isEmpty, whole.allSatisfy(\.isDigit), fraction.allSatisfy(\.isDigit) else {
            if let plain = withoutExponent {
                return try plain.withUnsafeBufferPointer { (text) throws(FieldFault) in
                    try text.parseDecimal(precision: precision, scale: scale, as: type)
                }
            }
            throw FieldFault(.notADecimal, "is not a decimal number\(groupingHint)")
        }
        guard fraction.dropFirst(scale).allSatisfy({ $0 == zero }) else {
            throw FieldFault(.outOfRange, "has more than \(scale) digits after the point")
        }
        let significant = whole.drop { $0 == zero }
        guard significant.count <= precision - scale else {
            throw FieldFault(.outOfRange, "has more than \(precision - scale) digits before the point")
        }
        var value: Unscaled = 0
        for digit in significant { value = value * 10 + Unscaled(digit.digit) }
        for place in 0..<scale {
            let index = fraction.startIndex + place
            value = value * 10 + (index < fraction.endIndex ? Unscaled(fraction[index].digit) : 0)
        }
        return isNegative ? -value : value
    }

    /// A number with an exponent as one without: `-1.5E-2` as `-0.015`; nil for anything else. One far out of any range
    /// keeps only that property.
    private var withoutExponent: [UInt8]? {
        guard let mark = firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }), (try? checkNumber()) != nil else {
            return nil
        }
        let mantissa = self[..<mark]
        let digits = mantissa.filter(\.isDigit)
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mark
        var exponent = self[mark...].filter(\.isDigit).reduce(0) { Swift.min($0 * 10 + $1.digit, 1 << 20) }
        if self[mark...].contains(UInt8(ascii: "-")) { exponent = -exponent }
        // No decimal has more than 38 digits.
        let limit = 38 + digits.count
        // Where the point is among the digits, or before or behind them.
        let place = digits.count - Swift.max(0, mark - point - 1) + Swift.min(Swift.max(exponent, -limit), limit)
        var plain = first == UInt8(ascii: "-") ? [UInt8(ascii: "-")] : []
        plain +=
            digits.prefix(Swift.max(place, 0)) + [UInt8](repeating: zero, count: Swift.max(place - digits.count, 0))
        plain.append(UInt8(ascii: "."))
        plain += [UInt8](repeating: zero, count: Swift.max(-place, 0)) + digits.dropFirst(Swift.max(place, 0))
        return plain
    }

    /// A UUID of 32 hexadecimal digits in any case, in groups of 8, 4, 4, 4 and 12 with hyphens between them.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9562#section-4>
    func parseUUID() throws(FieldFault) -> UInt128 {
        guard count == 36 else { throw Self.notAUUID }
        var value: UInt128 = 0
        for index in indices {
            if [8, 13, 18, 23].contains(index) {
                guard self[index] == UInt8(ascii: "-") else { throw Self.notAUUID }
            } else {
                guard let digit = self[index].hexadecimalDigit else { throw Self.notAUUID }
                value = value << 4 | UInt128(digit)
            }
        }
        return value
    }

    private static var notAUUID: FieldFault {
        FieldFault(.notAUUID, "is not a UUID; expected 8-4-4-4-12 hexadecimal digits")
    }

    /// A boolean in one of its usual spellings, in any case.
    func parseBoolean() throws(FieldFault) -> Bool {
        switch String(decoding: prefix(6), as: UTF8.self).lowercased() {
        case "true", "t", "yes", "y", "1": return true
        case "false", "f", "no", "n", "0": return false
        default: throw FieldFault(.notABoolean, "is not a boolean (true, false, t, f, yes, no, y, n, 1 or 0)")
        }
    }
}
