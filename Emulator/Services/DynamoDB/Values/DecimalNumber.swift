internal import EmulatorCore

/// A DynamoDB number: up to 38 significant decimal digits, magnitude from 1E-130 to 9.99…E+125, exact.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
struct DecimalNumber: Sendable, Hashable {
    let isNegative: Bool
    /// The digits without trailing zeros; 0 for zero. The value is `significand` × 10^`exponent`.
    let significand: UInt128
    let exponent: Int

    static let zero = DecimalNumber(isNegative: false, significand: 0, exponent: 0)
    static let digitLimit = 38
    static let largestOrder = 125
    static let smallestOrder = -130

    /// - Parameter significand: without trailing zeros, at most 38 digits, and the magnitude within range.
    init(normalized significand: UInt128, exponent: Int, isNegative: Bool) {
        self.init(isNegative: isNegative, significand: significand, exponent: exponent)
    }

    private init(isNegative: Bool, significand: UInt128, exponent: Int) {
        self.isNegative = isNegative
        self.significand = significand
        self.exponent = exponent
    }

    init(_ value: Int) {
        var significand = UInt128(value.magnitude)
        var exponent = 0
        Self.stripZeros(&significand, &exponent)
        self.init(isNegative: value < 0, significand: significand, exponent: exponent)
    }

    /// The position of the first digit: 0 for 1 to 9, 1 for 10 to 99, -1 for 0.1.
    var order: Int { exponent + Self.digitCount(of: significand) - 1 }

    static func stripZeros(_ significand: inout UInt128, _ exponent: inout Int) {
        guard significand != 0 else {
            exponent = 0
            return
        }
        // A 64-bit division is many times cheaper than a 128-bit one, and nearly every number fits.
        if var small = UInt64(exactly: significand) {
            while small % 10 == 0 {
                small /= 10
                exponent += 1
            }
            significand = UInt128(small)
            return
        }
        while significand % 10 == 0 {
            significand /= 10
            exponent += 1
        }
    }

    static func digitCount(of significand: UInt128) -> Int {
        var count = 1
        while count < powers.count, significand >= powers[count] { count += 1 }
        return count
    }

    /// 10^0 to 10^38.
    static let powers: [UInt128] = {
        var powers: [UInt128] = [1]
        for _ in 1...38 { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()

    /// The digits of the significand, most significant first.
    var digits: [UInt8] { Array(String(significand).utf8.map { $0 - 0x30 }) }

    /// Plain decimal notation, as in the service's answers: no exponent, no leading or trailing zeros.
    var text: String {
        if significand == 0 { return "0" }
        let digits = String(significand)
        let sign = isNegative ? "-" : ""
        if exponent >= 0 { return sign + digits + String(repeating: "0", count: exponent) }
        let pointAt = digits.utf8.count + exponent
        if pointAt <= 0 { return sign + "0." + String(repeating: "0", count: -pointAt) + digits }
        return sign + digits.prefix(pointAt) + "." + digits.dropFirst(pointAt)
    }

    /// The size that the service counts: about one byte per two digits, plus one.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
    var sizeInBytes: Int {
        if significand == 0 { return 1 }
        let pairs = (Self.digitCount(of: significand) + (order & 1 == 0 ? 1 : 0) + 1) / 2
        return 1 + pairs + (isNegative ? 1 : 0)
    }
}

extension DecimalNumber: Comparable {
    static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? left.exceeds(right) : right.exceeds(left)
    }

    /// Whether the magnitude is greater than that of `other`.
    private func exceeds(_ other: DecimalNumber) -> Bool {
        if significand == 0 || other.significand == 0 { return other.significand == 0 && significand != 0 }
        if exponent == other.exponent { return significand > other.significand }
        if order != other.order { return order > other.order }
        // With the same order, the lower exponent means more digits; scaled to the same exponent, both still fit.
        let difference = exponent - other.exponent
        return difference > 0
            ? significand * Self.powers[difference] > other.significand
            : significand > other.significand * Self.powers[-difference]
    }
}
