internal import JSON

/// Functions on numbers, and aggregates.
extension JSONataLibrary {
    /// - Returns: nil when `name` is not a function of this family.
    static func callOnNumbers(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        switch name {
        case "number": return try number(arguments[0])
        case "abs": return try arguments.number(0).map { .number(abs($0)) } ?? .undefined
        case "floor": return try arguments.number(0).map { .number($0.rounded(.down)) } ?? .undefined
        case "ceil": return try arguments.number(0).map { .number($0.rounded(.up)) } ?? .undefined
        case "round": return try round(arguments)
        case "sqrt":
            guard let number = try arguments.number(0) else { return .undefined }
            guard number >= 0 else {
                throw JSONataFault(
                    "D3060",
                    "The sqrt function cannot be applied to a negative number: \(JSON.decimalText(number).text)")
            }
            return .number(number.squareRoot())
        case "power":
            guard let base = try arguments.number(0), let exponent = try arguments.number(1) else { return .undefined }
            return .number(try power(base, exponent))
        case "formatBase":
            guard let number = try arguments.number(0) else { return .undefined }
            let radix = Int(clamping: try arguments.number(1) ?? 10)
            guard (2...36).contains(radix) else {
                throw JSONataFault(
                    "D3100", "The radix of the formatBase function must be between 2 and 36.  It was given \(radix)")
            }
            return .string(integer(number.rounded(.toNearestOrEven), radix: radix))
        case "formatNumber":
            guard let number = try arguments.number(0) else { return .undefined }
            let options = arguments[2].object
            return .string(try NumberPicture(try arguments.text(1) ?? "", options: options).format(number))
        case "formatInteger":
            guard let number = try arguments.number(0) else { return .undefined }
            return .string(try IntegerPicture(try arguments.text(1) ?? "").format(number.rounded(.down)))
        case "parseInteger":
            guard let text = try arguments.text(0) else { return .undefined }
            let picture = try IntegerPicture(try arguments.text(1) ?? "")
            if case .sequence = picture.primary { _ = try picture.format(0) }
            try evaluator.meter.spend(text.utf8.count)
            return picture.parse(text).map { .number($0) } ?? .undefined
        case "random": return try random(arguments, evaluator)
        case "count": return .int(arguments[0].elementCount)
        case "sum", "max", "min", "average": return try aggregate(name, arguments)
        default: return nil
        }
    }

    private static func number(_ value: JSONataValue) throws(JSONataFault) -> JSONataValue {
        switch value {
        case .undefined: return .undefined
        case .json(.number), .double: return value
        case .json(.bool(let flag)): return .json(.int(flag ? 1 : 0))
        case .json(.string(let text)):
            for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.lowercased().hasPrefix(prefix) {
                if let integer = Int(text.dropFirst(2), radix: radix) { return .json(.int(integer)) }
            }
            guard let number = JSONNumber(text) else {
                throw JSONataFault("D3030", "Unable to cast value to a number: \"\(text)\"")
            }
            return .json(.number(number))
        default: throw JSONataFault("T0410", "Argument 1 of function \"number\" does not match function signature")
        }
    }

    /// An integer's digits. Those that a double of its size cannot have are zeros, as in JavaScript.
    private static func integer(_ number: Double, radix: Int) -> String {
        var rest = number.magnitude
        guard rest.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity" }
        guard rest >= 0x1p63 else { return String(Int(number), radix: radix) }
        var digits: [Character] = []
        while rest >= 0x1p53 {
            rest = (rest / Double(radix)).rounded(.down)
            digits.append("0")
        }
        return (number < 0 ? "-" : "") + String(Int(rest), radix: radix) + String(digits)
    }

    /// Rounds half to even, at any decimal place.
    private static func round(_ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        guard let number = try arguments.number(0) else { return .undefined }
        let places = Int(clamping: try arguments.number(1) ?? 0)
        // A double has no digits beyond these places.
        return .number(rounded(number, places: min(max(places, -400), 400)))
    }

    /// Rounds half to even, at any decimal place.
    static func rounded(_ number: Double, places: Int) -> Double {
        number.shifted(by: places).rounded(.toNearestOrEven).shifted(by: -places)
    }

    static func powerOfTen(_ exponent: Int) -> Double {
        let power = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
        return exponent < 0 ? 1 / power : power
    }

    private static func power(_ base: Double, _ exponent: Double) throws(JSONataFault) -> Double {
        if let integer = Int(exactly: exponent), (-4096...4096).contains(integer) {
            var (result, factor, rest) = (1.0, base, abs(integer))
            while rest > 0 {
                if rest & 1 == 1 { result *= factor }
                factor *= factor
                rest >>= 1
            }
            let value = integer < 0 ? 1 / result : result
            if value.isFinite { return value }
        }
        if exponent == 0.5, base >= 0 { return base.squareRoot() }
        throw JSONataFault(
            "D3061",
            "The power function has resulted in a value that cannot be represented as a JSON number: base=\(base), exponent=\(exponent)"
        )
    }

    /// Between 0 and 1; with a seed always the same.
    private static func random(_ arguments: Arguments, _ evaluator: JSONataEvaluator) throws(JSONataFault)
        -> JSONataValue
    {
        guard let seed = try arguments.number(0) else {
            return .number(Double.random(in: 0..<1, using: &evaluator.random))
        }
        return .number(JavaRandom.firstDouble(seed: Int64(Int(clamping: seed))))
    }

    private static func aggregate(_ name: String, _ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        var numbers: [Double] = []
        for element in arguments[0].asElements {
            guard let number = element.number else {
                throw JSONataFault("T0412", "Argument 1 of function \"\(name)\" must be an array of \"numbers\"")
            }
            numbers.append(number)
        }
        if name == "sum" { return .number(numbers.reduce(0, +)) }
        guard let least = numbers.min(), let greatest = numbers.max() else { return .undefined }
        switch name {
        case "max": return .number(greatest)
        case "min": return .number(least)
        default: return .number(numbers.reduce(0, +) / Double(numbers.count))
        }
    }
}

extension Double {
    /// The number with its decimal point moved, by its shortest decimal digits: 34.555 becomes 3455.5.
    fileprivate func shifted(by places: Int) -> Double {
        guard isFinite, places != 0 else { return self }
        let parts = "\(self)".split(separator: "e")
        let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + Swift.min(Swift.max(places, -1000), 1000)
        return Double("\(parts[0])e\(exponent)") ?? self
    }
}
