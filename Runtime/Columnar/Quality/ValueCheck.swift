internal import Columns
internal import Contracts
internal import Pattern

/// Finds the values of a column that break its ``ValueConstraints``.
struct ValueCheck {
    private var test: Test

    private enum Test {
        case integers(IntegerRange)
        case numbers(NumberRange)
        case text(TextRules)
    }

    /// - Parameter place: of the values, for the error.
    /// - Throws: ``ColumnarError/badConstraint(column:reason:)`` where a bound is not a value of the type.
    init(_ constraints: ValueConstraints, of type: ColumnType, at place: String) throws(ColumnarError) {
        do throws(FieldFault) {
            switch type {
            case .string:
                test = .text(try TextRules(constraints))
            case .float, .double:
                test = .numbers(try NumberRange(constraints))
            default:
                test = .integers(try IntegerRange(constraints, type))
            }
        } catch {
            throw .badConstraint(column: place, reason: error.complaint)
        }
    }

    /// A check that only the values written `missing` satisfy; those that are none of the type are in no row.
    init(missing: [String], of type: ColumnType, at place: String) throws(ColumnarError) {
        var constraints = ValueConstraints()
        constraints.validValues = missing.filter { text in
            var one = ValueConstraints()
            one.validValues = [text]
            return (try? ValueCheck(one, of: type, at: place)) != nil
        }
        try self.init(constraints, of: type, at: place)
    }

    /// The places of values that break a constraint, from `first` on, in order.
    mutating func violations(in values: ColumnValues, from first: Int) -> [Int] {
        switch (test, values) {
        case (.integers(let range), .int32(let values)): return range.violations(in: values, from: first)
        case (.integers(let range), .int64(let values)): return range.violations(in: values, from: first)
        case (.numbers(let range), .float(let values)): return range.violations(in: values, from: first)
        case (.numbers(let range), .double(let values)): return range.violations(in: values, from: first)
        case (.text(var rules), .byteArray(let texts)):
            // The rules leave the enum while they change: with two owners they would be copied.
            test = .integers(IntegerRange())
            defer { test = .text(rules) }
            return rules.violations(in: texts, from: first)
        default: return []
        }
    }

    /// - Throws: what is wrong with the last of the values, if it breaks a constraint.
    mutating func checkLast(of values: ColumnValues) throws(FieldFault) {
        guard let broken = violations(in: values, from: values.count - 1).last else { return }
        throw fault(at: broken, in: values)
    }

    /// How many values break a constraint.
    mutating func countViolations(in values: ColumnValues) -> Int {
        guard case .text(var rules) = test, case .byteArray(let texts) = values else {
            return violations(in: values, from: 0).count
        }
        test = .integers(IntegerRange())
        defer { test = .text(rules) }
        return rules.countViolations(in: texts)
    }

    /// The fault of the value at `index`, which breaks a constraint.
    mutating func fault(at index: Int, in values: ColumnValues) -> FieldFault {
        switch (test, values) {
        case (.integers(let range), .int32(let values)): return range.fault(of: values[index])
        case (.integers(let range), .int64(let values)): return range.fault(of: values[index])
        case (.numbers(let range), .float(let values)): return range.fault(of: Double(values[index]))
        case (.numbers(let range), .double(let values)): return range.fault(of: values[index])
        case (.text(var rules), .byteArray(let texts)): return rules.fault(of: texts[index])
        default: return FieldFault(.invalidValue, "is not valid")
        }
    }
}

/// What integers, and all that is kept as such, must be.
private struct IntegerRange {
    private var low = Int64.min
    private var high = Int64.max
    private var factor: Int64?
    private var valid: Set<Int64>?
    private var bias: Int64 = 0
    private var constraints = ValueConstraints()

    init() {}

    init(_ constraints: ValueConstraints, _ type: ColumnType) throws(FieldFault) {
        self.constraints = constraints
        bias = type.bias
        if let bound = constraints.minimum {
            low = try type.integer(of: bound.text)
            // Nothing is greater than the greatest: then the range is empty.
            if bound.isExclusive { (low, high) = low == .max ? (.max, .min) : (low + 1, high) }
        }
        if let bound = constraints.maximum {
            let limit = try type.integer(of: bound.text)
            high = min(high, bound.isExclusive ? (limit == .min ? .min : limit - 1) : limit)
            if bound.isExclusive, limit == .min { low = .max }
        }
        factor = constraints.multipleOf.map(Int64.init)
        if let texts = constraints.validValues {
            var values: Set<Int64> = []
            for text in texts { values.insert(try type.integer(of: text)) }
            valid = values
        }
    }

    func violations<Value: FixedWidthInteger & BoundedNumber>(in values: [Value], from first: Int) -> [Int] {
        // Nearly always all values are in range, and the least and the greatest show it.
        if bias == 0, factor == nil, valid == nil {
            let bounds = values.withUnsafeBufferPointer { Value.bounds(of: .init(rebasing: $0[first...])) }
            guard let bounds, Int64(bounds.least) < low || Int64(bounds.greatest) > high else { return [] }
        }
        let bias = Value(truncatingIfNeeded: bias)
        return (first..<values.count).filter { !holds(for: Int64(values[$0] ^ bias)) }
    }

    private func holds(for value: Int64) -> Bool {
        value >= low && value <= high && isMultiple(value) && valid?.contains(value) ?? true
    }

    private func isMultiple(_ value: Int64) -> Bool {
        guard let factor else { return true }
        return bias == 0 ? value % factor == 0 : UInt64(bitPattern: value &- bias) % UInt64(factor) == 0
    }

    func fault<Value: FixedWidthInteger>(of kept: Value) -> FieldFault {
        let value = Int64(kept ^ Value(truncatingIfNeeded: bias))
        if value < low, let bound = constraints.minimum { return .below(bound) }
        if value > high, let bound = constraints.maximum { return .above(bound) }
        if let factor, !isMultiple(value) { return FieldFault(.notAMultiple, "is not a multiple of \(factor)") }
        return .invalid
    }
}

/// What floating-point numbers must be.
private struct NumberRange {
    private let low: Double
    private let high: Double
    private let valid: Set<Double>?
    private let constraints: ValueConstraints

    init(_ constraints: ValueConstraints) throws(FieldFault) {
        self.constraints = constraints
        low =
            try constraints.minimum.map { (bound) throws(FieldFault) in
                let value = try Self.number(bound.text)
                return bound.isExclusive ? value.nextUp : value
            } ?? -.infinity
        high =
            try constraints.maximum.map { (bound) throws(FieldFault) in
                let value = try Self.number(bound.text)
                return bound.isExclusive ? value.nextDown : value
            } ?? .infinity
        if let texts = constraints.validValues {
            var values: Set<Double> = []
            for text in texts { values.insert(try Self.number(text)) }
            valid = values
        } else {
            valid = nil
        }
    }

    private static func number(_ text: String) throws(FieldFault) -> Double {
        try text.withFieldText { (text) throws(FieldFault) in try text.parseDouble() }
    }

    func violations<Value: BinaryFloatingPoint & BoundedNumber>(in values: [Value], from first: Int) -> [Int] {
        if valid == nil {
            let bounds = values.withUnsafeBufferPointer { Value.bounds(of: .init(rebasing: $0[first...])) }
            guard let bounds, Double(bounds.least) < low || Double(bounds.greatest) > high else { return [] }
        }
        return (first..<values.count).filter { !holds(for: Double(values[$0])) }
    }

    private func holds(for value: Double) -> Bool { value >= low && value <= high && valid?.contains(value) ?? true }

    func fault(of value: Double) -> FieldFault {
        if value < low, let bound = constraints.minimum { return .below(bound) }
        if value > high, let bound = constraints.maximum { return .above(bound) }
        return .invalid
    }
}

/// What text must be.
private struct TextRules {
    private let minLength: Int
    private let maxLength: Int
    private var matcher: PatternMatcher?
    private let valid: TextSet?
    private let pattern: String

    init(_ constraints: ValueConstraints) throws(FieldFault) {
        minLength = constraints.minLength ?? 0
        maxLength = constraints.maxLength ?? .max
        pattern = constraints.pattern ?? ""
        do {
            matcher = try constraints.pattern.map { (text) throws(PatternError) in PatternMatcher(try Pattern(text)) }
        } catch {
            throw FieldFault(.patternMismatch, "the regular expression '\(pattern)': \(error)")
        }
        valid = constraints.validValues.map { TextSet($0.map { Array($0.utf8) }) }
    }

    mutating func violations(in texts: ByteArrays, from first: Int) -> [Int] {
        var broken: [Int] = []
        forEachViolation(in: texts, from: first) { broken.append($0) }
        return broken
    }

    mutating func countViolations(in texts: ByteArrays) -> Int {
        var count = 0
        forEachViolation(in: texts, from: 0) { _ in count += 1 }
        return count
    }

    @inline(__always)
    private mutating func forEachViolation(
        in texts: ByteArrays, from first: Int, _ body: (Int) -> Void
    ) {
        texts.bytes.withUnsafeBufferPointer { bytes in
            texts.offsets.withUnsafeBufferPointer { offsets in
                if isPatternAlone {
                    var next = first
                    while let index = matcher?.firstMismatch(in: bytes, offsets: offsets, from: next) {
                        body(index)
                        next = index + 1
                    }
                    return
                }
                for index in first..<offsets.count - 1 {
                    let range = Int(offsets[index])..<Int(offsets[index + 1])
                    if !holds(for: FieldText(rebasing: bytes[range])) { body(index) }
                }
            }
        }
    }

    private var isPatternAlone: Bool { minLength == 0 && maxLength == .max && valid == nil && matcher != nil }

    private mutating func holds(for text: FieldText) -> Bool {
        guard hasLength(text) else { return false }
        if let isMatch = matcher?.matches(text), !isMatch { return false }
        return valid?.contains(text) ?? true
    }

    private func hasLength(_ text: FieldText) -> Bool {
        // A scalar has from one to four bytes, so most texts need not be counted.
        if text.count <= maxLength, text.count >= minLength * 4 { return true }
        let length = text.count { $0 & 0xC0 != 0x80 }
        return length >= minLength && length <= maxLength
    }

    mutating func fault(of slice: ArraySlice<UInt8>) -> FieldFault {
        slice.withUnsafeBufferPointer { text in
            let length = text.count { $0 & 0xC0 != 0x80 }
            if length < minLength {
                return FieldFault(.tooShort, "has \(length) characters; expected at least \(minLength)")
            }
            if length > maxLength {
                return FieldFault(.tooLong, "has \(length) characters; expected at most \(maxLength)")
            }
            if let isMatch = matcher?.matches(text), !isMatch {
                return FieldFault(.patternMismatch, "does not match \(pattern)")
            }
            return .invalid
        }
    }
}

extension FieldFault {
    fileprivate static func below(_ bound: ValueConstraints.Bound) -> FieldFault {
        FieldFault(.belowMinimum, "is \(bound.isExclusive ? "not greater" : "less") than \(bound.text)")
    }

    fileprivate static func above(_ bound: ValueConstraints.Bound) -> FieldFault {
        FieldFault(.aboveMaximum, "is \(bound.isExclusive ? "not less" : "greater") than \(bound.text)")
    }

    fileprivate static var invalid: FieldFault { FieldFault(.invalidValue, "is none of the valid values") }
}

extension String {
    func withFieldText<Value>(_ body: (FieldText) throws(FieldFault) -> Value) throws(FieldFault) -> Value {
        let bytes = Array(utf8)
        return try bytes.withUnsafeBufferPointer { (text) throws(FieldFault) in try body(text) }
    }
}

extension ColumnType {
    /// Unsigned values are kept by their bits: with the highest bit turned, that of their bias, they order as integers do.
    fileprivate var bias: Int64 {
        switch self {
        case .uint32: Int64(Int32.min)
        case .uint64: .min
        default: 0
        }
    }

    /// What a value written `text` is kept as, where that is an integer; unsigned ones with their ``bias``.
    func integer(of text: String) throws(FieldFault) -> Int64 {
        try text.withFieldText { (text) throws(FieldFault) in
            switch self {
            case .int8, .int16, .int32, .int64, .uint8, .uint16: try text.parseInteger(in: integerRange)
            case .uint32: try text.parseInteger(in: integerRange) + Int64(Int32.min)
            case .uint64: try text.parseUInt64() ^ Int64.min
            case .date: Int64(try text.parseDate())
            case .time(let unit, let isUTC): try text.parseTime(unit, isAdjustedToUTC: isUTC)
            case .timestamp(let unit, let isUTC): try text.parseTimestamp(unit, isAdjustedToUTC: isUTC)
            case .decimal(let precision, let scale) where fixedLength == nil:
                try text.parseDecimal(precision: precision, scale: scale, as: Int64.self)
            default: throw FieldFault(.invalidValue, "values of the type \(self) are not compared")
            }
        }
    }
}
