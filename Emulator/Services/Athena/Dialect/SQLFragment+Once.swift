extension SQLFragment {
    /// Arguments that are this long, in bytes, are written once: nested calls would double them at each level.
    private static let limit = 200
    private static let bound = "\"cupel arguments\""

    /// The macros of the engine's that repeat arguments, and the places of those.
    private static let repeated: [String: Set<Int>] = [
        "trino_divide": [1], "trino_modulus": [1], "trino_whole": [0], "trino_try_whole": [0], "trino_text": [0],
        "trino_typeof": [0], "trino_substr": [1], "trino_regexp_extract": [0, 1], "trino_date_add": [0, 1],
        "trino_json_extract_scalar": [0, 1], "trino_sequence": [0, 1], "trino_slice": [0, 1, 2],
        "trino_cardinality": [0],
    ]

    /// The macros that the engine chooses by the types of the arguments.
    private static let typed: Set<String> = [
        "trino_divide", "trino_modulus", "trino_plus", "trino_minus", "trino_date_trunc", "trino_date_add",
        "trino_sequence",
    ]

    /// A call of a macro of the engine's. Where it must not have the arguments as they are, these get names before: it
    /// repeats them, and they are volatile, long or have such calls themselves; or it is chosen by their types.
    static func call(_ macro: String, _ arguments: [SQLFragment], from offset: Int) -> SQLFragment {
        let places = repeated[macro] ?? []
        let isBound =
            arguments.enumerated().contains { places.contains($0) && $1.isBound }
            || typed.contains(macro) && arguments.contains { $0.traits.contains(.hasLateType) }
        let result = once(arguments, isBound: isBound, from: offset) { arguments in
            SQLFragment("\(macro)(", from: offset) + (arguments.joined(", ") ?? SQLFragment("", from: offset)) + ")"
        }
        return places.isEmpty ? result : result.with(.repeats)
    }

    /// Whether it must not be repeated.
    private var isBound: Bool { !traits.isDisjoint(with: [.isVolatile, .repeats]) || text.utf8.count > Self.limit }

    /// An expression that repeats its arguments.
    static func once(
        _ arguments: [SQLFragment], isBound: Bool? = nil, from offset: Int, _ body: ([SQLFragment]) -> SQLFragment
    ) -> SQLFragment {
        // A lambda is no value that could have a name.
        let isPlain = arguments.contains { $0.text.hasPrefix("lambda ") }
        guard !isPlain, isBound ?? arguments.contains(where: \.isBound) else { return body(arguments) }
        let members = arguments.enumerated().map { place, argument in "a\(place): " + argument }
        let names = arguments.enumerated().map { place, argument in
            SQLFragment("\(bound).a\(place)", from: argument.origin)
        }
        return SQLFragment("list_transform([{", from: offset) + (members.joined(", ") ?? SQLFragment("", from: offset))
            + "}], lambda \(bound): " + body(names) + ")[1]"
    }
}
