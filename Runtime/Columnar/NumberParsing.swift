#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

// The careful paths: what the kernels in C leave alone is decided here. The rules are those of the table in the folder's
// README: nothing is guessed, nothing is cut short, and a value that does not fit is never made to.

private let zero = UInt8(ascii: "0")

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    /// The digit's value; only for digits.
    var digit: Int { Int(self) - 0x30 }
}

extension FieldText {
    /// An integer: an optional minus, then digits. No plus, no spaces, no point, no exponent.
    func parseInteger(in range: ClosedRange<Int64>) throws(FieldFault) -> Int64 {
        let isNegative = first == UInt8(ascii: "-")
        let digits = dropFirst(isNegative ? 1 : 0)
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else {
            throw FieldFault(.notAnInteger, "is not an integer")
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
        guard digits > 0 else { throw FieldFault(.notANumber, "is not a number") }
        if index < count, self[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < count, self[index] == UInt8(ascii: "-") || self[index] == UInt8(ascii: "+") { index += 1 }
            let exponent = self[index...]
            guard !exponent.isEmpty, exponent.allSatisfy(\.isDigit) else {
                throw FieldFault(.notANumber, "is not a number")
            }
            index = count
        }
        guard index == count else { throw FieldFault(.notANumber, "is not a number") }
        return isZero
    }

    /// The unscaled integer of a decimal. Digits beyond the scale must be zeros; an exponent is not allowed.
    func parseDecimal(precision: Int, scale: Int) throws(FieldFault) -> Int64 {
        let isNegative = first == UInt8(ascii: "-")
        let body = dropFirst(isNegative ? 1 : 0)
        let point = body.firstIndex(of: UInt8(ascii: ".")) ?? body.endIndex
        let whole = body[..<point]
        let fraction = body[point...].dropFirst()
        guard !whole.isEmpty || !fraction.isEmpty, whole.allSatisfy(\.isDigit), fraction.allSatisfy(\.isDigit) else {
            throw FieldFault(.notADecimal, "is not a decimal number")
        }
        guard fraction.dropFirst(scale).allSatisfy({ $0 == zero }) else {
            throw FieldFault(.outOfRange, "has more than \(scale) digits after the point")
        }
        let significant = whole.drop { $0 == zero }
        guard significant.count <= precision - scale else {
            throw FieldFault(.outOfRange, "has more than \(precision - scale) digits before the point")
        }
        var value: Int64 = 0
        for digit in significant { value = value * 10 + Int64(digit.digit) }
        for place in 0..<scale {
            let index = fraction.startIndex + place
            value = value * 10 + (index < fraction.endIndex ? Int64(fraction[index].digit) : 0)
        }
        return isNegative ? -value : value
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
