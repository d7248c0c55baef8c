/// What is wrong with a statement, and where.
struct SQLProblem: Error, Hashable {
    enum Kind: Hashable {
        /// The text is not a statement of Athena's.
        case syntax
        /// Athena's code for it, such as `TABLE_NOT_FOUND`.
        case semantic(String)
        /// Athena has it, the emulator does not.
        case notEmulated
    }

    var kind: Kind
    /// The byte of the statement; nil if no place of it is to blame.
    var offset: Int?
    var reason: String

    static func notEmulated(_ what: String, at offset: Int?) -> SQLProblem {
        SQLProblem(
            kind: .notEmulated, offset: offset,
            reason: "\(what) is not emulated; Emulator/Services/Athena/README.md lists what is")
    }

    static func semantic(_ code: String, _ reason: String, at offset: Int?) -> SQLProblem {
        SQLProblem(kind: .semantic(code), offset: offset, reason: reason)
    }

    /// The problem as Athena words it: `TABLE_NOT_FOUND: line 1:15: Table 'x' does not exist`.
    func message(in text: String) -> String {
        let place = offset.map { "line \(Self.position(of: $0, in: text)): " } ?? ""
        switch kind {
        case .syntax: return place + reason
        case .semantic(let code): return "\(code): \(place)\(reason)"
        case .notEmulated: return "NOT_SUPPORTED: \(place)\(reason)"
        }
    }

    /// `2:7` for a byte in the second line.
    private static func position(of offset: Int, in text: String) -> String {
        let before = Array(text.utf8.prefix(offset))
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return "\(line):\(String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1)"
    }
}
