internal import EmulatorCore

/// Why DynamoDB cannot store a text or a result as a number.
enum DecimalError: Error, Equatable {
    case notNumeric(String)
    case overflow
    case underflow
    case tooPrecise

    /// The words of the service's current checks, which follow the older ones but for an empty text.
    var currentMessage: String { self == .notNumeric("") ? message + ": " : message }

    /// The service's own words.
    var message: String {
        switch self {
        case .notNumeric(""): "The parameter cannot be converted to a numeric value"
        case .notNumeric(let text): "The parameter cannot be converted to a numeric value: \(text)"
        case .overflow: "Number overflow. Attempting to store a number with magnitude larger than supported range"
        case .underflow: "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        case .tooPrecise: "Attempting to store more than 38 significant digits in a Number"
        }
    }
}

extension DecimalNumber {
    /// Parses a sign, digits with an optional point, and an optional exponent. Leading and trailing zeros do not count.
    init(_ text: String) throws(DecimalError) {
        var scanner = DecimalScanner()
        for byte in text.utf8 where !scanner.accept(byte) { throw .notNumeric(text) }
        guard scanner.isComplete else { throw .notNumeric(text) }
        guard scanner.digitCount > 0 else {
            self = .zero
            return
        }
        let exponent = scanner.exponent
        let order = exponent + scanner.digitCount - 1
        if order > Self.largestOrder { throw .overflow }
        if order < Self.smallestOrder { throw .underflow }
        if scanner.digitCount > Self.digitLimit { throw .tooPrecise }
        self.init(normalized: scanner.significand, exponent: exponent, isNegative: scanner.isNegative)
    }
}

/// Parses a number byte by byte, without the zeros around its digits.
private struct DecimalScanner {
    private enum Place { case start, integer, fraction, exponentStart, exponentSign, exponent }

    private var place = Place.start
    private(set) var isNegative = false
    private(set) var significand: UInt128 = 0
    /// The number of significant digits so far; `significand` holds up to 38 of them.
    private(set) var digitCount = 0
    /// The number of zeros since the last other digit, which count only if another digit follows.
    private var heldZeros = 0
    private var sawDigit = false
    private var fractionDigits = 0
    private var exponentIsNegative = false
    private var writtenExponent = 0

    var isComplete: Bool { sawDigit && place != .exponentStart && place != .exponentSign }

    /// The power of ten of the last significant digit.
    var exponent: Int { (exponentIsNegative ? -writtenExponent : writtenExponent) - fractionDigits + heldZeros }

    mutating func accept(_ byte: UInt8) -> Bool {
        switch (byte, place) {
        case (0x30...0x39, .start), (0x30...0x39, .integer), (0x30...0x39, .fraction):
            if place == .start { place = .integer }
            if place == .fraction { fractionDigits += 1 }
            add(byte - 0x30)
        case (0x30...0x39, _):
            place = .exponent
            // Beyond this limit every number overflows or is zero.
            writtenExponent = min(writtenExponent * 10 + Int(byte - 0x30), 1_000_000_000)
        case (UInt8(ascii: "-"), .start), (UInt8(ascii: "+"), .start):
            isNegative = byte == UInt8(ascii: "-")
            place = .integer
        case (UInt8(ascii: "."), .start), (UInt8(ascii: "."), .integer):
            place = .fraction
        case (UInt8(ascii: "e"), .integer), (UInt8(ascii: "E"), .integer), (UInt8(ascii: "e"), .fraction),
            (UInt8(ascii: "E"), .fraction):
            place = .exponentStart
            return sawDigit
        case (UInt8(ascii: "-"), .exponentStart), (UInt8(ascii: "+"), .exponentStart):
            exponentIsNegative = byte == UInt8(ascii: "-")
            place = .exponentSign
        default:
            return false
        }
        return true
    }

    private mutating func add(_ digit: UInt8) {
        sawDigit = true
        if digit == 0 {
            if digitCount > 0 { heldZeros += 1 }
            return
        }
        digitCount += heldZeros + 1
        if digitCount <= DecimalNumber.digitLimit {
            significand = significand * DecimalNumber.powers[heldZeros + 1] + UInt128(digit)
        }
        heldZeros = 0
    }
}
