extension DecimalNumber {
    /// The exact sum. If it needs more than 38 digits, the service also calls that an overflow.
    func adding(_ other: DecimalNumber) throws(DecimalError) -> DecimalNumber {
        if significand == 0 { return other }
        if other.significand == 0 { return self }
        let common = min(exponent, other.exponent)
        let left = try scaled(to: common)
        let right = try other.scaled(to: common)
        if isNegative != other.isNegative {
            return left > right
                ? try .normalized(left - right, exponent: common, isNegative: isNegative)
                : try .normalized(right - left, exponent: common, isNegative: other.isNegative)
        }
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else { throw .overflow }
        return try .normalized(sum, exponent: common, isNegative: isNegative)
    }

    func subtracting(_ other: DecimalNumber) throws(DecimalError) -> DecimalNumber { try adding(other.negated) }

    var negated: DecimalNumber {
        significand == 0
            ? self : DecimalNumber(normalized: significand, exponent: exponent, isNegative: !isNegative)
    }

    /// The significand if the exponent were `lower`.
    ///
    /// The other operand ends in a digit at 10^`lower`, and so does the result. A result of at most 38 digits therefore
    /// needs only operands below 2 × 10^38, which fit 128 bits.
    private func scaled(to lower: Int) throws(DecimalError) -> UInt128 {
        let shift = exponent - lower
        guard shift < Self.powers.count else { throw .overflow }
        let (product, overflow) = significand.multipliedReportingOverflow(by: Self.powers[shift])
        guard !overflow else { throw .overflow }
        return product
    }

    private static func normalized(
        _ significand: UInt128, exponent: Int, isNegative: Bool
    ) throws(DecimalError) -> DecimalNumber {
        guard significand != 0 else { return .zero }
        var significand = significand
        var exponent = exponent
        stripZeros(&significand, &exponent)
        guard significand < powers[digitLimit] else { throw .overflow }
        let result = DecimalNumber(normalized: significand, exponent: exponent, isNegative: isNegative)
        if result.order > largestOrder { throw .overflow }
        if result.order < smallestOrder { throw .underflow }
        return result
    }
}
