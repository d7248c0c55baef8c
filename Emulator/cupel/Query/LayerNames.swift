/// Writes `bronze.`, `silver.` and `gold.` before a table's name as the databases that Athena knows.
struct LayerNames {
    let databases: [String: String]

    /// A statement with the catalog's names, and how to find a place of it in the user's text.
    struct Written {
        let text: String
        /// The bytes of `text` where a longer name ends, and how many it has more.
        fileprivate let insertions: [(end: Int, count: Int)]
        fileprivate let original: String
    }

    func write(_ statement: String) -> Written {
        let bytes = Array(statement.utf8)
        var result: [UInt8] = []
        var insertions: [(end: Int, count: Int)] = []
        var place = 0
        // `SHOW TABLES IN silver` names the database alone.
        var words: [String] = []
        while place < bytes.count {
            let end = Self.end(of: bytes, from: place)
            let piece = bytes[place..<end]
            let word = String(decoding: piece, as: UTF8.self).lowercased()
            let isQualified = place > 0 && bytes[place - 1] == UInt8(ascii: ".")
            let namesDatabase = words.first == "show" && ["in", "from"].contains(words.last)
            let isQualifying = end < bytes.count && bytes[end] == UInt8(ascii: ".")
            if Self.isWord(bytes[place]) { words.append(word) }
            if let database = databases[word], !isQualified, isQualifying || namesDatabase {
                result += database.utf8
                insertions.append((result.count, database.utf8.count - piece.count))
            } else {
                result += piece
            }
            place = end
        }
        return Written(text: String(decoding: result, as: UTF8.self), insertions: insertions, original: statement)
    }

    /// Where the word, text, comment or sign ends that begins at a byte.
    private static func end(of bytes: [UInt8], from start: Int) -> Int {
        func find(_ mark: [UInt8], from place: Int) -> Int {
            var place = place
            while place + mark.count <= bytes.count {
                if bytes[place..<place + mark.count].elementsEqual(mark) { return place + mark.count }
                place += 1
            }
            return bytes.count
        }
        let byte = bytes[start]
        let next = start + 1 < bytes.count ? bytes[start + 1] : 0
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): return find([byte], from: start + 1)
        case UInt8(ascii: "-") where next == byte: return find([UInt8(ascii: "\n")], from: start)
        case UInt8(ascii: "/") where next == UInt8(ascii: "*"): return find(Array("*/".utf8), from: start + 2)
        case _ where isWord(byte): return bytes[start...].firstIndex { !isWord($0) } ?? bytes.count
        default: return start + 1
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
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
