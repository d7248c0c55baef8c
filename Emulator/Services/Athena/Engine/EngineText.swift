/// Names and texts as the engine's SQL writes them.
enum EngineText {
    static func name(_ name: String) -> String { "\"\(doubling("\"", in: name.filter { !$0.isNewline }))\"" }

    /// In one line: a line that begins with a dot would be a command of the engine's program.
    static func string(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            return "'\(doubling("'", in: text))'"
        }
        var parts: [String] = []
        var plain = ""
        for scalar in text.unicodeScalars {
            guard scalar.value < 0x20 || scalar.value == 0x7F else {
                plain.unicodeScalars.append(scalar)
                continue
            }
            if !plain.isEmpty { parts.append("'\(doubling("'", in: plain))'") }
            plain = ""
            parts.append("chr(\(scalar.value))")
        }
        if !plain.isEmpty { parts.append("'\(doubling("'", in: plain))'") }
        return "(\(parts.joined(separator: " || ")))"
    }

    private static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar)
            if scalar == mark { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
