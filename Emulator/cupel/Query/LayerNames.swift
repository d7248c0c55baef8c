/// Writes `bronze.`, `silver.` and `gold.` before a table's name as the databases that Athena knows.
struct LayerNames {
    let databases: [String: String]

    /// A statement with the catalog's names, and how to find a place of it in the user's text.
    struct Written {
        let text: String
        /// The bytes of `text` where a longer name ends, and how many it has more.
        fileprivate let insertions: [(end: Int, count: Int)]
    }

    func write(_ statement: String) -> Written {
        var result: [UInt8] = []
        var insertions: [(end: Int, count: Int)] = []
        // `SHOW TABLES IN silver` names the database alone.
        var words: [String] = []
        let pieces = SQLPiece.pieces(of: statement)
        for (place, piece) in pieces.enumerated() {
            let isQualified = place > 0 && pieces[place - 1].isSign(".")
            let namesDatabase = words.first == "show" && ["in", "from"].contains(words.last)
            let isQualifying = place + 1 < pieces.count && pieces[place + 1].isSign(".")
            if piece.kind == .word { words.append(piece.word) }
            if piece.kind == .word, let database = databases[piece.word], !isQualified, isQualifying || namesDatabase {
                result += database.utf8
                insertions.append((result.count, database.utf8.count - piece.text.utf8.count))
            } else {
                result += piece.text.utf8
            }
        }
        return Written(text: String(decoding: result, as: UTF8.self), insertions: insertions)
    }
}

extension LayerNames.Written {
    /// A message of Athena's with its place, such as `line 2:7`, as a place of the user's text.
    func message(_ message: String) -> String {
        guard let mark = message.firstRange(of: "line "), let colon = message[mark.upperBound...].firstIndex(of: ":"),
            let line = Int(message[mark.upperBound..<colon])
        else { return message }
        let digits = message[message.index(after: colon)...].prefix(while: \.isNumber)
        guard let column = Int(digits) else { return message }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard line >= 1, line <= lines.count else { return message }
        let start = text.utf8.distance(from: text.utf8.startIndex, to: lines[line - 1].startIndex)
        let before = insertions.filter { $0.end > start && $0.end <= start + column - 1 }.reduce(0) { $0 + $1.count }
        return message.replacingCharacters(in: digits.startIndex..<digits.endIndex, with: "\(max(1, column - before))")
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
