internal import Contracts

/// What must be known of a statement before it runs: the tables that it names, and that it is one statement.
///
/// It knows words, strings and comments, no more: a name with `dm_` before the dot is a table. The engine checks the rest.
struct SQLScan {
    private(set) var tables: [TableName] = []
    /// Every word outside of texts and comments, in lower case, with the words before its dot: all columns that the statement can
    /// name are among them. A word without a dot has an empty one before it.
    private var words: [String: Set<String>] = [:]
    /// The tables that a word before a dot may stand for.
    private var aliases: [String: Set<TableName>] = [:]
    /// Whether it may name columns by `*` or by what they have in common.
    private var readsAllColumns = false
    /// Tables of which it may read whole rows (`SELECT r FROM dm_silver.review r`), or columns by other names (`AS r(a, b)`).
    private var wholeRows: Set<TableName> = []
    private(set) var problem: (line: Int, reason: String)?
    /// The place of the statement's own `ORDER BY`, in bytes to its end; nil without one, or if it decides which rows there are
    /// (`LIMIT`).
    private(set) var ordering: Int?

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        var words: [Word] = []
        var depth = 0
        while let token = scanner.next() {
            switch token {
            case .word(let word):
                words.append(Word(text: word.lowercased(), line: scanner.line))
                if depth == 0 { noteOrdering(words.suffix(2).map(\.text), scanner.position) }
            case .mark(let mark):
                if mark == UInt8(ascii: "(") { depth += 1 }
                if mark == UInt8(ascii: ")") { depth -= 1 }
                if mark == UInt8(ascii: ";") {
                    problem = (scanner.line, "a ';' stands here; a model is one statement without an end mark")
                    return
                }
                words.append(Word(text: String(decoding: [mark], as: UTF8.self), line: scanner.line, isMark: true))
            case .open(let what):
                problem = (scanner.line, "\(what) has no end")
                return
            }
        }
        guard let first = words.first, ["select", "with"].contains(first.text) else {
            problem = (words.first?.line ?? 1, "a model begins with SELECT or WITH")
            return
        }
        for (place, word) in words.enumerated() {
            let isQualified = place > 1 && words[place - 1].text == "."
            self.words[word.text, default: []].insert(isQualified ? words[place - 2].text : "")
        }
        readsAllColumns = Self.readsAllColumns(words)
        noteTables(words)
    }

    private struct Word {
        let text: String
        let line: Int
        var isMark = false
    }

    /// Words with which a statement takes columns that it does not name: `TABLE t` is `SELECT * FROM t`.
    private static let wordsForAll: Set<String> = [
        "natural", "columns", "table", "pivot", "pivot_wider", "unpivot", "pivot_longer", "summarize", "describe",
        "show",
    ]
    private static let wordsBeforeAll: Set<String> = ["select", "distinct", "all", ".", ","]
    /// `(FROM t)` is `(SELECT * FROM t)` to the engine.
    private static let wordsBeforeQuery: Set<String> = ["(", "union", "except", "intersect", "all", "name"]

    private static func readsAllColumns(_ words: [Word]) -> Bool {
        words.contains { wordsForAll.contains($0.text) }
            || zip(words, words.dropFirst()).contains { before, word in
                word.text == "*" && wordsBeforeAll.contains(before.text)
                    || word.text == "from" && wordsBeforeQuery.contains(before.text)
            }
    }

    /// Words that can stand behind a table's name and are no alias of it.
    private static let wordsAfterTable: Set<String> = [
        "where", "on", "using", "join", "left", "right", "full", "inner", "outer", "cross", "natural", "asof",
        "positional",
        "semi", "anti", "lateral", "group", "order", "having", "limit", "offset", "fetch", "union", "except",
        "intersect",
        "window", "qualify", "tablesample", "sample", "pivot", "unpivot", "for", "at", "select",
    ]

    private mutating func noteTables(_ words: [Word]) {
        var seen: Set<TableName> = []
        // The places of a table's name and alias where it is read.
        var named: Set<Int> = []
        var rows: [String: Set<TableName>] = [:]
        for place in words.indices.dropLast(2)
        where words[place + 1].text == "." && words[place].text.hasPrefix("dm_")
            && Contract.isTableName(words[place + 2].text)
        {
            // `catalog.dm_silver.review` is not a name of the lake.
            guard place == 0 || words[place - 1].text != "." else { continue }
            let name = TableName(namespace: words[place].text, table: words[place + 2].text)
            if seen.insert(name).inserted { tables.append(name) }
            aliases[name.table, default: []].insert(name)
            rows[name.table, default: []].insert(name)
            // `dm_silver.review r`, `dm_silver.review AS r`; a word that is no alias stands before no dot.
            let hasAs = words.indices.contains(place + 3) && words[place + 3].text == "as"
            let after = hasAs ? place + 4 : place + 3
            guard words.indices.contains(after), !words[after].isMark else { continue }
            aliases[words[after].text, default: []].insert(name)
            guard hasAs || !Self.wordsAfterTable.contains(words[after].text) else { continue }
            named.insert(after)
            rows[words[after].text, default: []].insert(name)
            // `dm_silver.review AS r(a, b)`
            if words.indices.contains(after + 1), words[after + 1].text == "(" { wholeRows.insert(name) }
        }
        for (place, word) in words.enumerated() where !named.contains(place) {
            guard let tables = rows[word.text], place == 0 || words[place - 1].text != ".",
                !words.indices.contains(place + 1) || words[place + 1].text != "."
            else { continue }
            wholeRows.formUnion(tables)
        }
    }

    private mutating func noteOrdering(_ lastWords: [String], _ position: Int) {
        if lastWords == ["order", "by"] { ordering = position }
        // What stands after `ORDER BY ALL` are all columns: none can come before them.
        if ["limit", "offset", "fetch"].contains(lastWords.last) || lastWords == ["by", "all"] { ordering = nil }
    }

    /// False only if the statement cannot depend on the values of a column of a table.
    func reads(_ column: String, of table: TableName) -> Bool {
        guard !readsAllColumns, !wholeRows.contains(table) else { return true }
        return (words[column.lowercased()] ?? []).contains { qualifier in
            aliases[qualifier].map { $0.contains(table) } ?? true
        }
    }

    private enum Token {
        case word(String)
        case mark(UInt8)
        /// A string or comment that goes on to the end of the text.
        case open(String)
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0
        var line = 1

        mutating func next() -> Token? {
            while position < bytes.count {
                let byte = bytes[position]
                switch byte {
                case UInt8(ascii: "\n"):
                    line += 1
                    position += 1
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
                case UInt8(ascii: "-") where peek == byte:
                    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
                case UInt8(ascii: "/") where peek == UInt8(ascii: "*"):
                    position += 2
                    guard skip(to: [UInt8(ascii: "*"), UInt8(ascii: "/")]) else { return .open("this comment") }
                case UInt8(ascii: "'"):
                    position += 1
                    guard skip(to: [byte]) else { return .open("this text") }
                    return .mark(byte)
                case UInt8(ascii: "\""):
                    let start = position + 1
                    position = start
                    guard skip(to: [byte]) else { return .open("this name") }
                    return .word(String(decoding: bytes[start..<position - 1], as: UTF8.self))
                case _ where Self.isWord(byte):
                    let start = position
                    while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
                    return .word(String(decoding: bytes[start..<position], as: UTF8.self))
                default:
                    position += 1
                    return .mark(byte)
                }
            }
            return nil
        }

        private var peek: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

        /// Goes behind the next `end`; without one, the line stays that of the beginning. A doubled quote is two strings side
        /// by side, which is as good here.
        private mutating func skip(to end: [UInt8]) -> Bool {
            let start = line
            while position + end.count <= bytes.count {
                if bytes[position..<position + end.count].elementsEqual(end) {
                    position += end.count
                    return true
                }
                if bytes[position] == UInt8(ascii: "\n") { line += 1 }
                position += 1
            }
            (position, line) = (bytes.count, start)
            return false
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
}
