/// The formats of `date_format` and `date_parse`, which are MySQL's.
enum MySQLFormat {
    private static let letters: [Character: String] = [
        "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I", "i": "%M",
        "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p", "S": "%S", "s": "%S",
        "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
    ]

    /// A literal of the engine's with the same meaning.
    /// - Parameter literal: as the engine's SQL has it.
    /// - Returns: nil for what is no literal, or has a letter that the engine lacks.
    static func engineLiteral(_ literal: String) -> String? {
        guard literal.hasPrefix("'"), literal.hasSuffix("'"), literal.count >= 2 else { return nil }
        var result = ""
        var isEscape = false
        for character in literal.dropFirst().dropLast() {
            if isEscape {
                guard let letter = letters[character] else { return nil }
                result += letter
                isEscape = false
            } else if character == "%" {
                isEscape = true
            } else {
                result.append(character)
            }
        }
        return isEscape ? nil : "'\(result)'"
    }
}
