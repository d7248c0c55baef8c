internal import JSON
internal import Time

/// The condition of a choice rule.
///
/// - SeeAlso: <https://states-language.net/spec.html#data-test-expression>
indirect enum ChoiceTest: Sendable, Equatable {
    case and([ChoiceTest])
    case or([ChoiceTest])
    case not(ChoiceTest)
    case isPresent(JSONPath, Bool)
    case isKind(JSONPath, Kind, Bool)
    case compare(JSONPath, Kind, Order, Operand)
    case matches(JSONPath, pattern: String)
    /// The condition of a JSONata rule: a constant, or an expression that gives a boolean.
    case condition(Template)

    enum Kind: String, Sendable, Equatable, CaseIterable {
        case string = "String"
        case numeric = "Numeric"
        case timestamp = "Timestamp"
        case boolean = "Boolean"
        case null = "Null"
    }

    enum Order: String, Sendable, Equatable, CaseIterable {
        case equals = "Equals"
        case lessThan = "LessThan"
        case greaterThan = "GreaterThan"
        case lessThanEquals = "LessThanEquals"
        case greaterThanEquals = "GreaterThanEquals"

        fileprivate func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch self {
            case .equals: left == right
            case .lessThan: left < right
            case .greaterThan: left > right
            case .lessThanEquals: left <= right
            case .greaterThanEquals: left >= right
            }
        }
    }

    enum Operand: Sendable, Equatable {
        case constant(JSON)
        case path(JSONPath)
    }

    func holds(in scope: inout Scope) throws(ASLFault) -> Bool {
        switch self {
        case .and(let tests):
            for test in tests where try !test.holds(in: &scope) { return false }
            return true
        case .or(let tests):
            for test in tests where try test.holds(in: &scope) { return true }
            return false
        case .not(let test): return try !test.holds(in: &scope)
        case .condition(let template):
            let value = try template.evaluate(in: &scope)
            guard let holds = value.bool else {
                throw .unexpectedResult(value, of: template.expressions.first, expected: "boolean")
            }
            return holds
        case .isPresent(let path, let expected):
            do {
                _ = try scope.value(at: path)
                return expected
            } catch {
                if error.isExhausted { throw .runtime(error.message) }
                return !expected
            }
        case .isKind(let path, let kind, let expected):
            return kind.holds(for: try Self.value(at: path, in: scope)) == expected
        case .matches(let path, let pattern):
            guard let text = try Self.value(at: path, in: scope).string else { return false }
            return Wildcard(pattern).matches(text)
        case .compare(let path, let kind, let order, let operand):
            let left = try Self.value(at: path, in: scope)
            switch operand {
            case .constant(let right): return kind.compare(left, order, right)
            case .path(let path): return kind.compare(left, order, try Self.value(at: path, in: scope))
            }
        }
    }

    private static func value(at path: JSONPath, in scope: Scope) throws(ASLFault) -> JSON {
        guard let value = try? scope.value(at: path) else {
            throw .runtime(
                "Invalid path '\(path.text)': The choice state's condition path references an invalid value.")
        }
        return value
    }
}

extension ChoiceTest.Kind {
    fileprivate func holds(for value: JSON) -> Bool {
        switch self {
        case .string: value.string != nil
        case .numeric: value.number != nil
        case .boolean: value.bool != nil
        case .null: value.isNull
        case .timestamp: value.string.flatMap { Timestamp(rfc3339: $0, upperCaseOnly: true) } != nil
        }
    }

    /// Values of another kind never compare, in either direction.
    fileprivate func compare(_ left: JSON, _ order: ChoiceTest.Order, _ right: JSON) -> Bool {
        switch self {
        case .string:
            guard let left = left.string, let right = right.string else { return false }
            // Java orders strings by UTF-16 code units.
            if order == .equals { return left == right }
            return order.holds(UTF16Text(left), UTF16Text(right))
        case .numeric:
            guard let left = left.double, let right = right.double else { return false }
            return order.holds(left, right)
        case .timestamp:
            guard let left = left.string.flatMap({ Timestamp(rfc3339: $0, upperCaseOnly: true) }),
                let right = right.string.flatMap({ Timestamp(rfc3339: $0, upperCaseOnly: true) })
            else { return false }
            return order.holds(left, right)
        case .boolean:
            guard let left = left.bool, let right = right.bool else { return false }
            return left == right
        case .null: return false
        }
    }
}

private struct UTF16Text: Comparable {
    let text: String
    init(_ text: String) { self.text = text }
    static func == (left: UTF16Text, right: UTF16Text) -> Bool { left.text.utf16.elementsEqual(right.text.utf16) }
    static func < (left: UTF16Text, right: UTF16Text) -> Bool {
        left.text.utf16.lexicographicallyPrecedes(right.text.utf16)
    }
}

/// A pattern in which `*` matches any text and `\\*` for a star.
struct Wildcard {
    /// What has to appear between the stars.
    private let parts: [[UInt8]]

    init(_ pattern: String) {
        var parts: [[UInt8]] = [[]]
        var bytes = Array(pattern.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): parts.append([])
            case UInt8(ascii: "\\") where bytes.first == UInt8(ascii: "*") || bytes.first == UInt8(ascii: "\\"):
                parts[parts.count - 1].append(bytes.removeFirst())
            default: parts[parts.count - 1].append(byte)
            }
        }
        self.parts = parts
    }

    /// Takes time that is linear in the text and the pattern.
    func matches(_ text: String) -> Bool {
        let text = Array(text.utf8)
        guard text.starts(with: parts[0]) else { return false }
        guard parts.count > 1, let last = parts.last else { return text.count == parts[0].count }
        var start = parts[0].count
        for part in parts[1..<parts.count - 1] {
            guard let end = Self.end(of: part, in: text, from: start) else { return false }
            start = end
        }
        return text.count - start >= last.count && text.suffix(last.count).elementsEqual(last)
    }

    /// Where the first occurrence of `part` ends.
    /// - SeeAlso: <https://en.wikipedia.org/wiki/Knuth–Morris–Pratt_algorithm>
    private static func end(of part: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard !part.isEmpty else { return start }
        var fallbacks = [0]
        var length = 0
        for position in part.indices.dropFirst() {
            while length > 0, part[position] != part[length] { length = fallbacks[length - 1] }
            if part[position] == part[length] { length += 1 }
            fallbacks.append(length)
        }
        var matched = 0
        for position in start..<text.count {
            while matched > 0, text[position] != part[matched] { matched = fallbacks[matched - 1] }
            if text[position] == part[matched] { matched += 1 }
            if matched == part.count { return position + 1 }
        }
        return nil
    }
}

extension DefinitionReader {
    /// - Parameter isNested: whether the test is inside another; then it leads nowhere.
    mutating func readTest(_ item: Fields, language: QueryLanguage, isNested: Bool = false) -> ChoiceTest? {
        if isNested, item.object["Next"] != nil { report("Field 'Next' is not supported", at: item) }
        if language == .jsonata {
            if let condition = item.object["Condition"], condition.bool == nil,
                condition.string?.hasPrefix("{%") != true
            {
                report("Expected value of type Boolean", at: item, field: "Condition")
            }
            guard let condition = scalarTemplate("Condition", in: item, language: language) else {
                require(["Condition"], in: item)
                return nil
            }
            return .condition(condition)
        }
        if item.object["And"] != nil {
            return .and(readTests("And", in: item))
        }
        if item.object["Or"] != nil {
            return .or(readTests("Or", in: item))
        }
        if let negated = item.object["Not"] {
            guard let inner = negated.object else {
                report("Expected value of type Object", at: item, field: "Not")
                return nil
            }
            return readTest(Fields(object: inner, location: item.at("Not")), language: language, isNested: true)
                .map { .not($0) }
        }
        guard let variable = path("Variable", in: item) else {
            if item.object["Variable"] == nil { require(["Variable"], in: item) }
            return nil
        }
        var tests: [(name: String, test: ChoiceTest)] = []
        for (name, value) in item.object {
            if let test = readComparison(name, value, of: variable, in: item) { tests.append((name, test)) }
        }
        checkOnlyOne(of: tests.map(\.name), in: item)
        if let first = tests.first { return first.test }
        report("A choice rule requires a comparison operator", at: item)
        return nil
    }

    private mutating func readTests(_ name: String, in item: Fields) -> [ChoiceTest] {
        if item.object[name]?.array?.isEmpty == true { report("Value cannot be empty", at: item, field: name) }
        return list(name, in: item).compactMap { readTest($0, language: .jsonPath, isNested: true) }
    }

    private mutating func readComparison(
        _ name: String, _ value: JSON, of variable: JSONPath, in item: Fields
    ) -> ChoiceTest? {
        switch name {
        case "IsPresent":
            checkOperand(value, .boolean, name, in: item)
            return .isPresent(variable, value.bool ?? true)
        case "StringMatches":
            checkOperand(value, .string, name, in: item)
            return .matches(variable, pattern: value.string ?? "")
        default: break
        }
        if name.hasPrefix("Is"), let kind = ChoiceTest.Kind(rawValue: String(name.dropFirst(2))) {
            checkOperand(value, .boolean, name, in: item)
            return .isKind(variable, kind, value.bool ?? true)
        }
        guard let kind = ChoiceTest.Kind.allCases.first(where: { name.hasPrefix($0.rawValue) }) else { return nil }
        let rest = name.dropFirst(kind.rawValue.count)
        let isPath = rest.hasSuffix("Path")
        guard let order = ChoiceTest.Order(rawValue: String(isPath ? rest.dropLast(4) : rest)) else { return nil }
        if isPath { return path(name, in: item).map { .compare(variable, kind, order, .path($0)) } }
        checkOperand(value, kind, name, in: item)
        return .compare(variable, kind, order, .constant(value))
    }

    /// Reports a constant that is not of the operator's type.
    private mutating func checkOperand(_ value: JSON, _ kind: ChoiceTest.Kind, _ name: String, in item: Fields) {
        if kind == .timestamp, value.string != nil {
            if !kind.holds(for: value) {
                report("String does not match RFC3339 timestamp", at: item, field: name)
            }
        } else if !kind.holds(for: value) {
            let type =
                switch kind {
                case .numeric: "Number"
                case .boolean: "Boolean"
                default: "String"
                }
            report("Expected value of type \(type)", at: item, field: name)
        }
    }
}
