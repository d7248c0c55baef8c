internal import EmulatorCore
internal import Synchronization

/// Parsed expressions by their text. Programs send the same few expressions with values that differ, and to parse one takes
/// longer than to evaluate it.
final class SyntaxCache<Syntax: Sendable>: Sendable {
    private let parsed = Mutex<[String: Syntax]>([:])
    /// Expressions with values inside are all different: they must not fill the memory.
    private static var limit: Int { 256 }
    private static var longestText: Int { 4096 }

    /// The syntax of `text`, from `parse` if it is not known.
    func syntax(
        of text: String, parse: (String) throws(ExpressionError) -> Syntax
    ) throws(ExpressionError) -> Syntax {
        if let known = parsed.withLock({ $0[text] }) { return known }
        let syntax = try parse(text)
        guard text.utf8.count <= Self.longestText else { return syntax }
        parsed.withLock { parsed in
            if parsed.count >= Self.limit { parsed = [:] }
            parsed[text] = syntax
        }
        return syntax
    }
}
