internal import Contracts

/// The dialect that a CSV file seems to have, from its front.
struct DialectGuess {
    private(set) var dialect = CSVDialect.standard
    /// How many fields a row has, and whether the first is the operation that DMS writes, in a file without a header.
    private(set) var unnamedFields: (count: Int, isFromDMS: Bool)?

    private static let lineLimit = 60
    /// How much of a file is looked at, in bytes.
    static let frontSize = 64 << 10
    private static let usualDelimiters = Array("|\t;,".utf8)
    private static let otherDelimiters: [UInt8] = [UInt8(ascii: "^"), UInt8(ascii: "~"), 0x01, 0x1F]

    init(front: ArraySlice<UInt8>) {
        dialect.encoding = Self.encoding(of: front)
        // In UTF-16 the other half of each mark is zero.
        let hasMark = front.starts(with: [0xEF, 0xBB, 0xBF])
        let text = hasMark ? front.dropFirst(3) : front
        let isWide =
            text.prefix(200).contains(0) || front.starts(with: [0xFF, 0xFE]) || front.starts(with: [0xFE, 0xFF])
        var lines = Self.lines(of: isWide ? text.filter { $0 != 0 && $0 < 0x80 }[...] : text)
        if takeSeparatorLine(&lines) {
            lines.removeFirst()
        } else {
            takeComments(&lines)
            takeDelimiter(&lines)
        }
        takeQuote(lines)
        takeEscape(text)
        if !isWide, !hasMark, dialect.skippedLineCount == 0 { takeHeader(lines) }
    }

    private static func lines(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        let end = text.contains(UInt8(ascii: "\n")) ? UInt8(ascii: "\n") : UInt8(ascii: "\r")
        var lines = text.split(separator: end, maxSplits: lineLimit, omittingEmptySubsequences: false)
        // The last is cut off, or all of the rest.
        if lines.count > lineLimit { lines.removeLast() }
        return lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }

    /// Excel's own first line.
    private mutating func takeSeparatorLine(_ lines: inout [ArraySlice<UInt8>]) -> Bool {
        guard let first = lines.first, first.count == 5,
            String(decoding: first.prefix(4), as: UTF8.self).lowercased() == "sep=", let mark = first.last
        else { return false }
        dialect.delimiter = mark
        dialect.skippedLineCount = 1
        return true
    }

    private mutating func takeComments(_ lines: inout [ArraySlice<UInt8>]) {
        let mark = UInt8(ascii: "#")
        guard lines.first?.first == mark else { return }
        let others = lines.filter { $0.first != mark }
        guard let next = others.first, let comment = lines.first else { return }
        // A header may begin so, too: it has as many fields as the rows.
        let isHeader = Self.usualDelimiters.contains { delimiter in
            let count = next.count { $0 == delimiter }
            return count > 0 && comment.count { $0 == delimiter } == count
        }
        guard !isHeader else { return }
        dialect.comment = mark
        lines = others
    }

    /// The delimiter that most lines have equally often, outside quotes; lines before the first of these are no rows.
    private mutating func takeDelimiter(_ lines: inout [ArraySlice<UInt8>]) {
        var best: (share: Double, count: Int, delimiter: UInt8, first: Int)?
        for delimiter in Self.usualDelimiters + Self.otherDelimiters {
            let counts = lines.map { Self.count(of: delimiter, in: $0) }
            let frequencies = Dictionary(grouping: counts.filter { $0 > 0 }, by: { $0 }).mapValues(\.count)
            guard let (count, lineCount) = frequencies.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
                let first = counts.firstIndex(of: count)
            else { continue }
            let share = Double(lineCount) / Double(lines.count { !$0.isEmpty })
            if Self.otherDelimiters.contains(delimiter), share < 1 || best != nil { continue }
            if let best, (best.share, best.count) >= (share, count) { continue }
            best = (share, count, delimiter, first)
        }
        guard let best else { return }
        dialect.delimiter = best.delimiter
        var before = lines[..<best.first]
        // A header without the delimiter that ends each row.
        if let header = before.last, Self.count(of: best.delimiter, in: header) == best.count - 1,
            lines[best.first...].allSatisfy({ $0.isEmpty || $0.last == best.delimiter })
        {
            before.removeLast()
        }
        let counts = before.map { Self.count(of: best.delimiter, in: $0) }
        // A longer line alone is a header with more names than the rows have fields.
        guard best.share > 0.5, let least = counts.min(), least < best.count,
            before.allSatisfy({ line in line.count { $0 == UInt8(ascii: "\"") } % 2 == 0 })
        else { return }
        dialect.skippedLineCount = before.count
        lines.removeFirst(before.count)
    }

    private static func count(of delimiter: UInt8, in line: ArraySlice<UInt8>) -> Int {
        var (count, isInside) = (0, false)
        for byte in line {
            if byte == UInt8(ascii: "\"") { isInside.toggle() }
            if byte == delimiter, !isInside { count += 1 }
        }
        return count
    }

    private mutating func takeQuote(_ lines: [ArraySlice<UInt8>]) {
        let fields = lines.flatMap { $0.split(separator: dialect.delimiter) }
        let mark = UInt8(ascii: "'")
        if fields.contains(where: { $0.count > 1 && $0.first == mark && $0.last == mark }),
            !fields.contains(where: { $0.first == UInt8(ascii: "\"") }),
            lines.allSatisfy({ line in line.count { $0 == mark } % 2 == 0 })
        {
            dialect.quote = mark
        }
    }

    /// A quote behind a backslash that neither ends its field nor is doubled.
    private mutating func takeEscape(_ text: ArraySlice<UInt8>) {
        guard let quote = dialect.quote else { return }
        let ends: Set<UInt8> = [dialect.delimiter, quote, UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        let isEscape = text.indices.dropLast(2).contains { index in
            text[index] == UInt8(ascii: "\\") && text[index + 1] == quote && !ends.contains(text[index + 2])
        }
        if isEscape { dialect.escape = UInt8(ascii: "\\") }
    }

    /// Without a header, the first row has numbers where the second has some.
    private mutating func takeHeader(_ lines: [ArraySlice<UInt8>]) {
        let rows = lines.filter { !$0.isEmpty }.prefix(2).map { line in
            line.split(separator: dialect.delimiter, omittingEmptySubsequences: false).map { field in
                field.filter { $0 != dialect.quote }
            }
        }
        guard let first = rows.first, !first.isEmpty else { return }
        func isNumber(_ field: [UInt8]) -> Bool {
            let digits = field.first == UInt8(ascii: "-") ? field.dropFirst() : field[...]
            return digits.first.map { (0x30...0x39).contains($0) } ?? false
                && digits.allSatisfy { (0x30...0x39).contains($0) || ".,-:/+TZ ".utf8.contains($0) }
        }
        let places = first.indices.filter { isNumber(first[$0]) }
        guard !places.isEmpty,
            rows.count == 1 || places.contains(where: { rows[1].indices.contains($0) && isNumber(rows[1][$0]) })
        else { return }
        let operations = ["I", "U", "D"].map { Array($0.utf8) }
        let isFromDMS =
            first.count > 1
            && lines.allSatisfy { line in
                line.isEmpty || operations.contains(Array(line.prefix { $0 != dialect.delimiter }))
            }
        // Some programs end each row with a delimiter.
        let hasEnd = first.count > 1 && lines.allSatisfy { $0.isEmpty || $0.last == dialect.delimiter }
        dialect.header = .absent
        unnamedFields = (first.count - (isFromDMS ? 1 : 0) - (hasEnd ? 1 : 0), isFromDMS)
    }

    /// UTF-8, if the front of the text is that; else UTF-16 without a mark where every other byte is zero, or Windows-1252,
    /// which has a character for nearly every byte.
    private static func encoding(of front: ArraySlice<UInt8>) -> TextEncoding {
        if front.starts(with: [0xFF, 0xFE]) || front.starts(with: [0xFE, 0xFF]) { return .utf8 }
        let zeros = front.prefix(200).enumerated().filter { $1 == 0 }.map { $0.offset % 2 }
        if zeros.count > front.prefix(200).count / 4 {
            return zeros.count { $0 == 1 } > zeros.count / 2 ? .utf16LittleEndian : .utf16BigEndian
        }
        // A character may be cut off at the end, if that is not the text's.
        for cut in 0..<4 where cut == 0 || front.count >= frontSize {
            if String(validating: front.dropLast(cut), as: UTF8.self) != nil { return .utf8 }
        }
        return .windows1252
    }

    /// The header that the file lacks, for reading the sample.
    var header: [UInt8] {
        guard let (count, isFromDMS) = unnamedFields else { return [] }
        let names = (isFromDMS ? ["Op"] : []) + (0..<count).map { "column_\($0 + 1)" }
        let delimiter = String(UnicodeScalar(dialect.delimiter))
        return Array((names.joined(separator: delimiter) + "\n").utf8)
    }

    /// The custom properties that say so, with the reasons as comments.
    var properties: String {
        var text = ""
        func add(_ name: String, _ value: String, _ reason: String? = nil) {
            if let reason { text += "  # \(reason)\n" }
            text += "  - property: \(name)\n    value: \(value)\n"
        }
        let standard = CSVDialect.standard
        if dialect.encoding != .utf8 {
            add(
                "csvEncoding", dialect.encoding.rawValue,
                "The file is not UTF-8. Check the accents: one byte a character is a guess.")
        }
        if dialect.delimiter != standard.delimiter { add("csvDelimiter", Self.value(dialect.delimiter)) }
        if let quote = dialect.quote, quote != standard.quote { add("csvQuote", Self.value(quote)) }
        if let escape = dialect.escape { add("csvEscape", Self.value(escape), "A backslash stands before quotes.") }
        if dialect.skippedLineCount > 0 {
            add("csvSkipLines", "\(dialect.skippedLineCount)", "Lines before the header that are no rows.")
        }
        if let comment = dialect.comment { add("csvComment", Self.value(comment)) }
        if dialect.header == .absent {
            add(
                "csvHeader", "absent",
                "The first row seems to be data. Name the columns; if it is a header, remove this.")
        }
        return text
    }

    private static func value(_ mark: UInt8) -> String {
        switch CSVDialect.markName(mark) {
        case let name where !name.hasPrefix("'"): name
        case _ where mark < 0x20: "\"\\x\(mark < 0x10 ? "0" : "")\(String(mark, radix: 16))\""
        case let name: name
        }
    }
}
