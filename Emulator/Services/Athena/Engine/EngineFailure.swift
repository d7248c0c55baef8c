internal import JSON

/// Reads what the engine's program prints of an error.
enum EngineFailure {
    /// - Returns: nil for a line that is no error.
    static func read(_ line: String) -> QueryEngine.Failure? {
        // `{"exception_type":…}`, or `Parser Error: {"exception_type":…}`
        guard let start = line.firstRange(of: "{\"exception_type\""),
            start.lowerBound == line.startIndex || line[..<start.lowerBound].hasSuffix("Error: "),
            let document = try? JSON(parsing: Array(line[start.lowerBound...].utf8))
        else { return nil }
        return .statement(
            kind: document["exception_type"]?.string ?? "", message: document["exception_message"]?.string ?? "",
            subtype: document["error_subtype"]?.string,
            offset: document["position"].flatMap { $0.int ?? $0.string.flatMap { Int($0) } })
    }

    /// The failure as Athena words it.
    static func problem(
        kind: String, message: String, subtype: String?, origin: Int?
    ) -> SQLProblem {
        let first = message.split(separator: "\n").first.map(String.init) ?? message
        let words = first.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        let named = words.count > 2 ? words[1] : nil
        // Trino's functions are macros with a prefix.
        let plain = first.split(separator: "trino_", omittingEmptySubsequences: false).joined()
        if first.contains("Division by zero") { return .semantic("DIVISION_BY_ZERO", "Division by zero", at: nil) }
        if first.hasPrefix("TYPE_MISMATCH: ") {
            return .semantic("TYPE_MISMATCH", String(first.dropFirst("TYPE_MISMATCH: ".count)), at: nil)
        }
        if first.hasPrefix("NULL value not allowed") { return .semantic("CONSTRAINT_VIOLATION", first, at: nil) }
        if first.contains("is not emulated") {
            return SQLProblem(kind: .notEmulated, offset: origin, reason: first)
        }
        switch (kind, subtype) {
        case (_, "COLUMN_NOT_FOUND"):
            return .semantic("COLUMN_NOT_FOUND", "Column '\(named ?? "")' cannot be resolved", at: origin)
        case ("Catalog", _):
            return .semantic("FUNCTION_NOT_FOUND", plain, at: origin)
        case ("Binder", _) where first.contains("not found in FROM clause"),
            ("Binder", _) where first.contains("does not have a column named"):
            return .semantic("COLUMN_NOT_FOUND", plain, at: origin)
        case ("Binder", _) where first.hasPrefix("Ambiguous reference"):
            return .semantic("AMBIGUOUS_NAME", "Column '\(named ?? "")' is ambiguous", at: origin)
        case ("Binder", _) where first.contains("must appear in the GROUP BY"):
            return .semantic("EXPRESSION_NOT_AGGREGATE", plain, at: origin)
        case ("Conversion", _): return .semantic("INVALID_CAST_ARGUMENT", plain, at: origin)
        case ("Out of Range", _): return .semantic("NUMERIC_VALUE_OUT_OF_RANGE", plain, at: origin)
        case ("Out of Memory", _):
            return .semantic(
                "EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor: \(first)", at: nil)
        case ("Parser", _): return SQLProblem(kind: .syntax, offset: origin, reason: plain)
        case ("Binder", _), ("Type", _), ("Mismatch Type", _): return .semantic("TYPE_MISMATCH", plain, at: origin)
        case ("Permission", _): return .semantic("PERMISSION_DENIED", plain, at: origin)
        default: return .semantic("GENERIC_USER_ERROR", plain, at: origin)
        }
    }
}
