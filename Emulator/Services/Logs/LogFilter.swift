internal import EmulatorCore
internal import JSON

/// A filter pattern: words that an event must or must not contain, or comparisons with members of a JSON event.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
struct LogFilter: Sendable {
    private enum Comparison: String, CaseIterable, Sendable {
        // Longer operators first, so that `>=` is not read as `>`.
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case equal = "="
        case less = "<"
        case greater = ">"
    }

    private struct Condition: Sendable {
        let path: EventPath
        let comparison: Comparison
        let value: String

        func holds(_ event: JSON) -> Bool {
            guard let found = path.value(in: event) else { return comparison == .notEqual }
            if let left = found.double, let right = Double(value) {
                switch comparison {
                case .equal: return left == right
                case .notEqual: return left != right
                case .less: return left < right
                case .lessOrEqual: return left <= right
                case .greater: return left > right
                case .greaterOrEqual: return left >= right
                }
            }
            let isEqual = LogFilter.matches(value, found.string ?? found.text)
            return comparison == .equal && isEqual || comparison == .notEqual && !isEqual
        }
    }

    private enum Rule: Sendable {
        case words(required: [String], optional: [String], excluded: [String])
        /// Alternatives, each of which is a list of conditions that must all be true.
        case members([[Condition]])
    }

    private let rule: Rule

    /// - Throws: ``AWSFault`` `InvalidParameterException` for a pattern that the emulator cannot parse.
    init(_ pattern: String) throws(AWSFault) {
        let text = pattern.trimmed
        if text.hasPrefix("{") {
            guard text.hasSuffix("}") else {
                throw AWSFault("InvalidParameterException", "Invalid filter pattern: expected } at the end.")
            }
            var alternatives: [[Condition]] = []
            for alternative in String(text.dropFirst().dropLast()).parts(separatedBy: "||") {
                var conditions: [Condition] = []
                for condition in alternative.parts(separatedBy: "&&") {
                    conditions.append(try Self.condition(condition.trimmed))
                }
                alternatives.append(conditions)
            }
            rule = .members(alternatives)
        } else {
            rule = Self.words(text)
        }
    }

    func matches(_ message: String) -> Bool {
        switch rule {
        case .words(let required, let optional, let excluded):
            return required.allSatisfy { message.contains($0) } && !excluded.contains { message.contains($0) }
                && (optional.isEmpty || optional.contains { message.contains($0) })
        case .members(let alternatives):
            guard let event = try? JSON(parsing: message) else { return false }
            return alternatives.contains { $0.allSatisfy { $0.holds(event) } }
        }
    }

    private static func condition(_ text: String) throws(AWSFault) -> Condition {
        let inner = text.hasPrefix("(") && text.hasSuffix(")") ? String(text.dropFirst().dropLast()).trimmed : text
        for comparison in Comparison.allCases {
            guard let found = inner.firstRange(of: comparison.rawValue) else { continue }
            let value = String(inner[found.upperBound...]).trimmed
            let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
            return Condition(
                path: try EventPath(String(inner[..<found.lowerBound]).trimmed), comparison: comparison,
                value: isQuoted ? String(value.dropFirst().dropLast()) : value)
        }
        throw AWSFault("InvalidParameterException", "Invalid filter pattern: expected a comparison, not '\(text)'.")
    }

    /// Words are separated by spaces. Quotes keep spaces, `-` excludes a word, and `?` makes it one of several.
    private static func words(_ text: String) -> Rule {
        var (required, optional, excluded): ([String], [String], [String]) = ([], [], [])
        var rest = text[...]
        while let first = rest.first {
            if first == " " {
                rest.removeFirst()
                continue
            }
            let mark = first == "-" || first == "?" ? first : nil
            if mark != nil { rest.removeFirst() }
            let word: Substring
            if rest.first == "\"" {
                rest.removeFirst()
                word = rest.prefix { $0 != "\"" }
                rest = rest.dropFirst(word.count + 1)
            } else {
                word = rest.prefix { $0 != " " }
                rest = rest.dropFirst(word.count)
            }
            switch mark {
            case "-": excluded.append(String(word))
            case "?": optional.append(String(word))
            default: required.append(String(word))
            }
        }
        return .words(required: required, optional: optional, excluded: excluded)
    }

    /// `*` at either end of `pattern` matches any text.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        switch (pattern.hasPrefix("*"), pattern.count > 1 && pattern.hasSuffix("*")) {
        case (false, false): text == pattern
        case (true, false): text.hasSuffix(pattern.dropFirst())
        case (false, true): text.hasPrefix(pattern.dropLast())
        case (true, true): text.contains(pattern.dropFirst().dropLast())
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
