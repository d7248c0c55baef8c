internal import EmulatorCore
internal import JSON

/// Reads the members of a request and collects what breaks their constraints, because the service reports all of it at once.
struct RequestReader {
    /// What a text member must be.
    struct Rule: Sendable {
        var length: ClosedRange<Int>
        var pattern: String?
        var matches: @Sendable (String) -> Bool = { _ in true }

        static let name = Rule(length: 1...128, pattern: "[a-zA-Z0-9_.-]+") { text in
            text.utf8.allSatisfy { $0.isNamePart || $0 == UInt8(ascii: ".") }
        }
        static let hashKey = Rule(length: 1...39, pattern: #"0|([1-9]\d{0,38})"#, matches: Self.isNumber)
        static let sequenceNumber = Rule(length: 1...129, pattern: #"0|([1-9]\d{0,128})"#, matches: Self.isNumber)
        static func text(_ length: ClosedRange<Int>) -> Rule { Rule(length: length) }

        func allows(_ text: String) -> Bool { length ~= text.unicodeScalars.count && matches(text) }

        @Sendable private static func isNumber(_ text: String) -> Bool {
            text == "0" || text.first != "0" && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
    }

    let input: JSON
    /// What stands before a member's name in messages, such as `records.1.member.`.
    fileprivate let path: String
    private(set) var failures: [String] = []

    init(_ input: JSON, path: String = "") {
        self.input = input
        self.path = path
    }

    mutating func string(_ name: String, _ rule: Rule, isRequired: Bool = false) throws(AWSFault) -> String? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let text = value.string else { throw Self.wrongType(name, "a string") }
        if text.unicodeScalars.count < rule.length.lowerBound {
            fail(name, text, "Member must have length greater than or equal to \(rule.length.lowerBound)")
        } else if text.unicodeScalars.count > rule.length.upperBound {
            fail(name, text, "Member must have length less than or equal to \(rule.length.upperBound)")
        } else if let pattern = rule.pattern, !rule.matches(text) {
            fail(name, text, "Member must satisfy regular expression pattern: \(pattern)")
        }
        return text
    }

    mutating func integer(
        _ name: String, in range: ClosedRange<Int>, isRequired: Bool = false
    ) throws(AWSFault) -> Int? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let number = value.int else { throw Self.wrongType(name, "an integer") }
        if number < range.lowerBound {
            fail(name, String(number), "Member must have value greater than or equal to \(range.lowerBound)")
        } else if number > range.upperBound {
            fail(name, String(number), "Member must have value less than or equal to \(range.upperBound)")
        }
        return number
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type, isRequired: Bool = false
    ) throws(AWSFault) -> Choice? where Choice.RawValue == String {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let text = value.string else { throw Self.wrongType(name, "a string") }
        if let choice = Choice(rawValue: text) { return choice }
        let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        fail(name, text, "Member must satisfy enum value set: [\(all)]")
        return nil
    }

    mutating func list(_ name: String, count: ClosedRange<Int>, isRequired: Bool = false) throws(AWSFault) -> [JSON]? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let list = value.array else { throw Self.wrongType(name, "a list") }
        if list.count < count.lowerBound {
            fail(name, "[]", "Member must have length greater than or equal to \(count.lowerBound)")
        } else if list.count > count.upperBound {
            fail(
                name, "[\(list.count) members]",
                "Member must have length less than or equal to \(count.upperBound)")
        }
        return list
    }

    /// Bytes, which JSON carries in base64.
    mutating func bytes(_ name: String, upTo limit: Int, isRequired: Bool = false) throws(AWSFault) -> [UInt8]? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let text = value.string, let bytes = [UInt8](base64: text) else { throw Self.wrongType(name, "base64") }
        if bytes.count > limit {
            fail(name, "[\(bytes.count) bytes]", "Member must have length less than or equal to \(limit)")
        }
        return bytes
    }

    mutating func add(_ failures: [String]) { self.failures += failures }

    /// - Throws: ``AWSFault`` `ValidationException` with everything found so far.
    func check() throws(AWSFault) {
        if !failures.isEmpty { throw .kinesisValidation(failures) }
    }

    fileprivate mutating func member(_ name: String, isRequired: Bool) throws(AWSFault) -> JSON? {
        if let value = input[name], !value.isNull { return value }
        if isRequired { fail(name, nil, "Member must not be null") }
        return nil
    }

    private mutating func fail(_ name: String, _ value: String?, _ constraint: String) {
        let value = value.map { "Value '\($0)'" } ?? "Value null"
        let member = name.prefix(1).lowercased() + name.dropFirst()
        failures.append("\(value) at '\(path)\(member)' failed to satisfy constraint: \(constraint)")
    }

    fileprivate static func wrongType(_ name: String, _ expected: String) -> AWSFault {
        AWSFault("SerializationException", "\(name): expected \(expected)")
    }
}

extension RequestReader {
    /// A reader of the members of a structure in the request; nil when it is absent.
    func structure(_ name: String) -> RequestReader? {
        guard let value = input[name], !value.isNull else { return nil }
        return RequestReader(value, path: "\(path)\(name.prefix(1).lowercased())\(name.dropFirst()).")
    }

    mutating func tags(_ name: String, isRequired: Bool = false) throws(AWSFault) -> JSONObject? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let tags = value.object else { throw Self.wrongType(name, "a map") }
        return tags
    }

    /// Milliseconds since 1970; the request has seconds.
    mutating func moment(_ name: String) throws(AWSFault) -> Int64? {
        guard let value = try member(name, isRequired: false) else { return nil }
        guard let seconds = value.double, let milliseconds = Int64(exactly: (seconds * 1000).rounded()) else {
            throw Self.wrongType(name, "seconds since 1970")
        }
        return milliseconds
    }
}
