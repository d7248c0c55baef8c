/// A text of a policy with wildcards (`*`, `?`) and, in policies of version 2012-10-17, variables (`${aws:PrincipalArn}`).
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
struct PolicyPattern: Sendable, Hashable {
    private enum Piece: Sendable, Hashable {
        case literal(String)
        case one
        case any
        case variable(String, otherwise: String?)
    }

    private let pieces: [Piece]

    /// - Parameter hasWildcards: whether `*` and `?` stand for other characters than themselves.
    init(_ text: String, hasVariables: Bool, hasWildcards: Bool = true) {
        var pieces: [Piece] = []
        var literal = ""
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = ""
        }
        var rest = text[...]
        while let character = rest.first {
            if hasVariables, rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") {
                let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                rest = rest[rest.index(after: end)...]
                if ["*", "?", "$"].contains(name) {
                    literal += name
                    continue
                }
                flush()
                pieces.append(Self.variable(name))
                continue
            }
            rest = rest.dropFirst()
            switch character {
            case "*" where hasWildcards:
                flush()
                if pieces.last != .any { pieces.append(.any) }
            case "?" where hasWildcards:
                flush()
                pieces.append(.one)
            default: literal.append(character)
            }
        }
        flush()
        self.pieces = pieces
    }

    /// `name` or `name, 'otherwise'`
    private static func variable(_ text: String) -> Piece {
        guard let comma = text.firstIndex(of: ",") else {
            return .variable(text.filter { $0 != " " }.lowercased(), otherwise: nil)
        }
        let name = text[..<comma].filter { $0 != " " }.lowercased()
        let otherwise = text[text.index(after: comma)...].drop { $0 == " " }
        guard otherwise.count >= 2, otherwise.hasPrefix("'"), otherwise.hasSuffix("'") else {
            return .variable(name, otherwise: nil)
        }
        return .variable(name, otherwise: String(otherwise.dropFirst().dropLast()))
    }

    /// Whether the pattern is `*` alone.
    var isAnything: Bool { pieces == [.any] }

    private static let one: UInt32 = 0xFFFF_FFFE
    private static let any: UInt32 = 0xFFFF_FFFF

    /// The characters to match, with marks for wildcards; nil where a variable has no single value.
    private func characters(_ context: PolicyContext, foldsCase: Bool) -> [UInt32]? {
        var characters: [UInt32] = []
        func append(_ text: String) {
            for scalar in (foldsCase ? text.lowercased() : text).unicodeScalars { characters.append(scalar.value) }
        }
        for piece in pieces {
            switch piece {
            case .literal(let text): append(text)
            case .one: characters.append(Self.one)
            case .any: characters.append(Self.any)
            case .variable(let name, let otherwise):
                let values = context[name] ?? []
                guard let value = values.count == 1 ? values[0] : otherwise else { return nil }
                append(value)
            }
        }
        return characters
    }

    /// Whether the whole text matches.
    func matches(_ text: String, in context: PolicyContext, foldsCase: Bool = false) -> Bool {
        guard let pattern = characters(context, foldsCase: foldsCase) else { return false }
        return Self.matches(pattern[...], (foldsCase ? text.lowercased() : text).unicodeScalars.map(\.value)[...])
    }

    /// Whether an ARN matches: its first five parts one by one, and the rest, colons and all, as one.
    func matchesARN(_ arn: String, in context: PolicyContext) -> Bool {
        guard let pattern = characters(context, foldsCase: false) else { return false }
        if pattern == [Self.any] { return true }
        let colon = UInt32(UInt8(ascii: ":"))
        let patterns = pattern.split(separator: colon, maxSplits: 5, omittingEmptySubsequences: false)
        let parts = arn.unicodeScalars.map(\.value).split(
            separator: colon, maxSplits: 5, omittingEmptySubsequences: false)
        // What is no ARN, such as the `*` of an action without resources, is only equal to itself.
        guard patterns.count == 6, parts.count == 6 else { return pattern == arn.unicodeScalars.map(\.value) }
        return zip(patterns, parts).allSatisfy { Self.matches($0, $1) }
    }

    /// Goes back to the last `*` only, so the time is at most the product of both lengths.
    private static func matches(_ pattern: ArraySlice<UInt32>, _ text: ArraySlice<UInt32>) -> Bool {
        var (inPattern, inText) = (pattern.startIndex, text.startIndex)
        var resume: (pattern: Int, text: Int)?
        while inText < text.endIndex {
            if inPattern < pattern.endIndex, pattern[inPattern] == any {
                resume = (inPattern + 1, inText)
                inPattern += 1
            } else if inPattern < pattern.endIndex, pattern[inPattern] == one || pattern[inPattern] == text[inText] {
                inPattern += 1
                inText += 1
            } else if let last = resume {
                resume = (last.pattern, last.text + 1)
                (inPattern, inText) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == any }
    }
}
