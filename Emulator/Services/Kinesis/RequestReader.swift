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
            !text.isEmpty && text.utf8.allSatisfy { $0.isNamePart || $0 == UInt8(ascii: ".") }
        }
        /// Numbers have a pattern only, and it says how many digits.
        static let hashKey = Rule(length: 0...Int.max, pattern: #"0|([1-9]\d{0,38})"#) { isNumber($0, upTo: 39) }
        static let sequenceNumber = Rule(length: 0...Int.max, pattern: #"0|([1-9]\d{0,128})"#) {
            isNumber($0, upTo: 129)
        }
        static func text(_ length: ClosedRange<Int>) -> Rule { Rule(length: length) }

        func allows(_ text: String) -> Bool { length ~= text.unicodeScalars.count && matches(text) }

        private static func isNumber(_ text: String, upTo digits: Int) -> Bool {
            text == "0"
                || 1...digits ~= text.utf8.count && text.utf8.first != UInt8(ascii: "0")
                    && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
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
        if let pattern = rule.pattern, !rule.matches(text) {
            fail(name, .text(text), "Member must satisfy regular expression pattern: \(pattern)")
        }
        checkLength(text.unicodeScalars.count, rule.length, of: name, .text(text))
        return text
    }

    mutating func integer(
        _ name: String, in range: ClosedRange<Int>, isRequired: Bool = false
    ) throws(AWSFault) -> Int? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let number = value.int else { throw Self.wrongType(name, "an integer") }
        if number < range.lowerBound {
            fail(name, .text(String(number)), "Member must have value greater than or equal to \(range.lowerBound)")
        } else if number > range.upperBound {
            fail(name, .text(String(number)), "Member must have value less than or equal to \(range.upperBound)")
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
        fail(name, .text(text), "Member must satisfy enum value set: [\(all)]")
        return nil
    }

    mutating func list(_ name: String, count: ClosedRange<Int>, isRequired: Bool = false) throws(AWSFault) -> [JSON]? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let list = value.array else { throw Self.wrongType(name, "a list") }
        checkLength(list.count, count, of: name, list.isEmpty ? .text("[]") : .unnamed)
        return list
    }

    /// A list of texts, such as the keys of tags.
    mutating func texts(
        _ name: String, count: ClosedRange<Int>, length: ClosedRange<Int>, isRequired: Bool = false
    ) throws(AWSFault) -> [String]? {
        guard let list = try list(name, count: count, isRequired: isRequired) else { return nil }
        var texts: [String] = []
        for element in list {
            guard let text = element.string else { throw Self.wrongType(name, "a list of strings") }
            texts.append(text)
        }
        if !texts.allSatisfy({ length ~= $0.unicodeScalars.count }) {
            fail(
                name, .text("[\(texts.joined(separator: ", "))]"),
                "Member must satisfy constraint: [\(Self.lengths(length))]")
        }
        return texts
    }

    /// Bytes, which JSON carries in base64.
    /// - Parameter counted: how many other bytes count towards the limit.
    mutating func bytes(
        _ name: String, upTo limit: Int, alsoCounting counted: Int = 0, isRequired: Bool = false
    ) throws(AWSFault) -> [UInt8]? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let text = value.string, let bytes = [UInt8](base64: text) else { throw Self.wrongType(name, "base64") }
        checkLength(bytes.count + counted, 0...limit, of: name, .unnamed)
        return bytes
    }

    mutating func add(_ failures: [String]) { self.failures += failures }

    /// - Throws: ``AWSFault`` `ValidationException` with everything found so far.
    func check() throws(AWSFault) {
        if !failures.isEmpty { throw .kinesisValidation(failures) }
    }

    fileprivate mutating func member(_ name: String, isRequired: Bool) throws(AWSFault) -> JSON? {
        if let value = input[name], !value.isNull { return value }
        if isRequired { fail(name, .null, "Member must not be null") }
        return nil
    }

    /// What a message says of the value that breaks a constraint.
    fileprivate enum Found {
        case null
        case text(String)
        /// Bytes, and what has too many members, are not repeated.
        case unnamed
    }

    fileprivate mutating func checkLength(_ length: Int, _ range: ClosedRange<Int>, of name: String, _ value: Found) {
        if length < range.lowerBound {
            fail(name, value, "Member must have length greater than or equal to \(range.lowerBound)")
        } else if length > range.upperBound {
            fail(name, value, "Member must have length less than or equal to \(range.upperBound)")
        }
    }

    fileprivate mutating func fail(_ name: String, _ value: Found, _ constraint: String) {
        let value =
            switch value {
            case .null: "Value null"
            case .text(let text): "Value '\(text)'"
            case .unnamed: "Value"
            }
        let member = name.prefix(1).lowercased() + name.dropFirst()
        failures.append("\(value) at '\(path)\(member)' failed to satisfy constraint: \(constraint)")
    }

    /// The lengths that the members of a list or a map may have, as the service says it.
    fileprivate static func lengths(_ range: ClosedRange<Int>) -> String {
        "Member must have length less than or equal to \(range.upperBound), "
            + "Member must have length greater than or equal to \(range.lowerBound)"
    }

    fileprivate static func wrongType(_ name: String, _ expected: String) -> AWSFault {
        AWSFault("SerializationException", "\(name): expected \(expected)")
    }
}

extension RequestReader {
    /// A reader of the members of a structure in the request; nil when it is absent.
    func structure(_ name: String) throws(AWSFault) -> RequestReader? {
        guard let value = input[name], !value.isNull else { return nil }
        guard value.object != nil else { throw Self.wrongType(name, "a structure") }
        return RequestReader(value, path: "\(path)\(name.prefix(1).lowercased())\(name.dropFirst()).")
    }

    func flag(_ name: String) throws(AWSFault) -> Bool? {
        guard let value = input[name], !value.isNull else { return nil }
        guard let flag = value.bool else { throw Self.wrongType(name, "a Boolean") }
        return flag
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AddTagsToStream.html>
    mutating func tags(_ name: String, isRequired: Bool = false) throws(AWSFault) -> JSONObject? {
        guard let value = try member(name, isRequired: isRequired) else { return nil }
        guard let tags = value.object else { throw Self.wrongType(name, "a map") }
        var pairs: [(key: String, value: String)] = []
        for (key, value) in tags {
            guard let value = value.string else { throw Self.wrongType("\(name).\(key)", "a string") }
            pairs.append((key, value))
        }
        checkLength(pairs.count, 1...200, of: name, pairs.isEmpty ? .text("{}") : .unnamed)
        let found = Found.text("{\(pairs.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))}")
        if !pairs.allSatisfy({ 1...128 ~= $0.key.unicodeScalars.count }) {
            fail(name, found, "Map keys must satisfy constraint: [\(Self.lengths(1...128))]")
        }
        if !pairs.allSatisfy({ 0...256 ~= $0.value.unicodeScalars.count }) {
            fail(name, found, "Map value must satisfy constraint: [\(Self.lengths(0...256))]")
        }
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
