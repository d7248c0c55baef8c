internal import EmulatorCore
internal import Pattern

/// The expression by which `GetTables` chooses tables: a regular expression of the whole name, in which `*` alone stands
/// for any text, as in Hive.
struct TableNamePattern {
    private var matcher: PatternMatcher

    init(_ expression: String) throws(AWSFault) {
        var text = ""
        for character in expression.lowercased() {
            text +=
                character == "*" && !text.hasSuffix(".") && !text.hasSuffix("]") && !text.hasSuffix(")")
                ? ".*" : String(character)
        }
        do throws(PatternError) {
            matcher = PatternMatcher(try Pattern("^(?:\(text))$"))
        } catch { throw .invalidInput("The expression \(expression) is not valid: \(error)") }
    }

    mutating func matches(_ name: String) -> Bool { matcher.matches(name) }
}
