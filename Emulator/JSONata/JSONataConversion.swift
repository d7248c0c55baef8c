internal import JSON

/// Walks over whole values: each node counts as a step, because values may share parts and be larger than they look.
extension JSONataMeter {
    /// Deeper values cannot be read back from their JSON text.
    static let heightLimit = 400

    /// The value as JSON; nil for nothing and for functions. Functions inside arrays vanish.
    func json(_ value: JSONataValue) throws(JSONataFault) -> JSON? {
        var bytes = 0
        return try json(value, &bytes, level: 0)
    }

    private func json(_ value: JSONataValue, _ bytes: inout Int, level: Int) throws(JSONataFault) -> JSON? {
        switch value {
        case .undefined, .function: return nil
        case .double(let number): return try Self.json(number)
        case .json(let value):
            try measure(value, &bytes, level: level)
            return value
        case .list(let list):
            guard level < Self.heightLimit else { throw .tooDeep }
            var elements: [JSON] = []
            elements.reserveCapacity(list.items.count)
            for item in list.items {
                try spend()
                bytes += 8
                if let element = try json(item, &bytes, level: level + 1) { elements.append(element) }
            }
            try check(bytes: bytes)
            return .array(elements)
        }
    }

    /// Checks that an object that was made is not too large.
    func object(_ object: JSONObject) throws(JSONataFault) -> JSONataValue {
        var bytes = 0
        try measure(.object(object), &bytes, level: 0)
        return .json(.object(object))
    }

    private func measure(_ value: JSON, _ bytes: inout Int, level: Int) throws(JSONataFault) {
        guard level < Self.heightLimit else { throw .tooDeep }
        switch value {
        case .string(let text): bytes += text.utf8.count
        case .array(let elements):
            try spend(elements.count)
            for element in elements { try measure(element, &bytes, level: level + 1) }
        case .object(let object):
            try spend(object.count)
            for (name, member) in object {
                bytes += name.utf8.count
                try measure(member, &bytes, level: level + 1)
            }
        default: bytes += 8
        }
        try check(bytes: bytes)
    }

    /// The number as JavaScript writes it. What JSON has no number for is text, as on AWS.
    static func json(_ number: Double) throws(JSONataFault) -> JSON {
        guard number.isFinite else { return .string(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity") }
        return JSON.decimalText(number)
    }

    func areEqual(_ left: JSONataValue, _ right: JSONataValue) throws(JSONataFault) -> Bool {
        try spend()
        if let left = left.number, let right = right.number { return left == right }
        switch (left, right) {
        case (.json(.string(let left)), .json(.string(let right))): return left == right
        case (.json(.bool(let left)), .json(.bool(let right))): return left == right
        case (.json(.null), .json(.null)): return true
        case (.json(.object(let left)), .json(.object(let right))):
            guard left.count == right.count else { return false }
            for (name, value) in left {
                guard let other = right[name], try areEqual(.json(value), .json(other)) else { return false }
            }
            return true
        case (.json(.array), _), (.list, _):
            guard right.isArray, left.elementCount == right.elementCount else { return false }
            for (left, right) in zip(left.asElements, right.asElements) {
                guard try areEqual(left, right) else { return false }
            }
            return true
        default: return false
        }
    }

    /// - SeeAlso: <https://docs.jsonata.org/boolean-functions#boolean>
    func isTruthy(_ value: JSONataValue) throws(JSONataFault) -> Bool {
        switch value {
        case .undefined, .function, .json(.null): return false
        case .double(let number): return number != 0
        case .json(.bool(let value)): return value
        case .json(.string(let text)): return !text.isEmpty
        case .json(.number(let number)): return (number.double ?? 0) != 0
        case .json(.object(let object)): return !object.isEmpty
        case .json(.array), .list:
            for element in value.asElements {
                try spend()
                if try isTruthy(element) { return true }
            }
            return false
        }
    }

    /// The text of a value for an error; empty where there is none.
    func shown(_ value: JSONataValue) throws(JSONataFault) -> String { try json(value)?.text ?? "" }

    /// A value as `$string` writes it: text stays, functions are empty.
    func text(_ value: JSONataValue, isIndented: Bool = false) throws(JSONataFault) -> String {
        if let text = value.string { return text }
        if case .double(let number) = value, !number.isFinite {
            throw JSONataFault("D3001", "Attempting to invoke string function on Infinity or NaN")
        }
        guard let json = try json(value) else { return "" }
        let rounded = try rounded(json)
        return isIndented ? rounded.indentedText : rounded.text
    }

    /// With all numbers at the 15 digits to which `$string` rounds them.
    private func rounded(_ value: JSON) throws(JSONataFault) -> JSON {
        switch value {
        case .number(let number):
            guard !number.isInteger, let double = number.double else { return value }
            return JSON.decimalText(double.roundedToFifteenDigits)
        case .array(let elements):
            var rounded: [JSON] = []
            for element in elements { rounded.append(try self.rounded(element)) }
            return .array(rounded)
        case .object(let object):
            var rounded = JSONObject()
            for (name, member) in object { rounded[name] = try self.rounded(member) }
            return .object(rounded)
        default: return value
        }
    }
}

extension JSONataFault {
    static let tooDeep = JSONataFault(
        nil, "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive")
}

extension Double {
    /// The double that the first 15 significant digits read as.
    fileprivate var roundedToFifteenDigits: Double {
        guard isFinite, self != 0 else { return self }
        // The shortest text has at most 17 digits; one of them after the 15th decides.
        let text = "\(magnitude)"
        let parts = text.split(separator: "e")
        let point = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits = (point[0] + (point.count > 1 ? point[1] : "")).utf8.map { Int($0 - 0x30) }
        var scale = point[0].count + exponent
        while digits.first == 0, digits.count > 1 {
            digits.removeFirst()
            scale -= 1
        }
        guard digits.count > 15 else { return self }
        let roundsUp = digits[15] >= 5
        digits.removeSubrange(15...)
        if roundsUp {
            var position = 14
            while position >= 0 {
                digits[position] += 1
                if digits[position] < 10 { break }
                digits[position] = 0
                position -= 1
            }
            if position < 0 {
                digits.insert(1, at: 0)
                scale += 1
            }
        }
        let mantissa = digits.map(String.init).joined()
        let value = Double("0.\(mantissa)e\(scale)") ?? magnitude
        return self < 0 ? -value : value
    }
}
