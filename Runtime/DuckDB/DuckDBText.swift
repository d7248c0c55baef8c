/// Names and texts as DuckDB's SQL writes them, in one line: its program takes statements by lines.
/// - SeeAlso: <https://duckdb.org/docs/stable/sql/dialect/keywords_and_identifiers>
public enum DuckDBText {
    /// Line breaks are left out.
    public static func name(_ name: String) -> String { "\"\(doubling("\"", in: name.filter { !$0.isNewline }))\"" }

    /// A line that begins with a dot would be a command of the program.
    public static func string(_ text: String) -> String {
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

    // By scalars: a mark and a combining mark after it are one character, which is not the mark.
    private static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar)
            if scalar == mark { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
