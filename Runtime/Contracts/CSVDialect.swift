internal import YAML

/// How the table's CSV files are written: the custom properties `csvHeader`, `csvDelimiter`, `csvEscape`, `csvEncoding`,
/// `csvSkipLines` and `csvComment` of the contract.
public struct CSVDialect: Sendable, Hashable {
    /// How a field may hold a quote or a delimiter as text.
    public enum Escape: String, Sendable, Hashable, CaseIterable {
        /// In quotes, where a quote is doubled, as in RFC 4180.
        case quote
        /// Also behind a backslash, as MySQL and Redshift write it.
        case backslash
    }

    fileprivate enum Header: String, CaseIterable {
        case present
        case absent
    }

    fileprivate enum Delimiter: String, CaseIterable {
        case comma, semicolon, tab, bar

        var byte: UInt8 {
            switch self {
            case .comma: UInt8(ascii: ",")
            case .semicolon: UInt8(ascii: ";")
            case .tab: UInt8(ascii: "\t")
            case .bar: UInt8(ascii: "|")
            }
        }
    }

    /// Whether the first row has the names of the columns. Without it, the fields are the contract's columns in their order.
    public private(set) var hasHeader = true
    public private(set) var delimiter = Delimiter.comma.byte
    public private(set) var escape = Escape.quote
    public private(set) var encoding = TextEncoding.utf8
    /// How many lines come before the header or the first row.
    public private(set) var skippedLineCount = 0
    /// The first character of lines that are no rows; nil if there are none.
    public private(set) var comment: UInt8?

    /// RFC 4180 with a header.
    public static let standard = CSVDialect()

    private init() {}

    /// The dialect with another delimiter, such as a comma, semicolon, tab or vertical bar.
    public func delimited(by delimiter: UInt8) -> CSVDialect {
        var dialect = self
        dialect.delimiter = delimiter
        return dialect
    }

    /// The dialect in another encoding.
    public func encoded(as encoding: TextEncoding) -> CSVDialect {
        var dialect = self
        dialect.encoding = encoding
        return dialect
    }

    /// The value of `csvDelimiter` for a byte; nil if it cannot be one.
    public static func delimiterName(_ byte: UInt8) -> String? {
        Delimiter.allCases.first { $0.byte == byte }?.rawValue
    }
}

extension CSVDialect {
    init(noting contract: ContractKey) {
        func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Choice.Type) -> Choice? {
            contract.noting { () throws(ContractError) in try contract.customProperty(name)?.choice(type) } ?? nil
        }
        self.init()
        hasHeader = choice("csvHeader", Header.self) != .absent
        escape = choice("csvEscape", Escape.self) ?? .quote
        encoding = choice("csvEncoding", TextEncoding.self) ?? .utf8
        let mark = contract.noting { () throws(ContractError) in
            try contract.customProperty("csvDelimiter")?.delimiter()
        }
        delimiter = (mark ?? nil) ?? Delimiter.comma.byte
        let skipped = contract.noting { () throws(ContractError) in
            try contract.customProperty("csvSkipLines")?.int(in: 0...1_000_000)
        }
        skippedLineCount = (skipped ?? nil) ?? 0
        comment =
            contract.noting { () throws(ContractError) in
                try contract.customProperty("csvComment")?.mark("expected one mark, such as '#'")
            } ?? nil
    }
}

extension ContractKey {
    /// The name of a delimiter, or a mark of its own.
    fileprivate func delimiter() throws(ContractError) -> UInt8 {
        if let named = CSVDialect.Delimiter(rawValue: try string()) { return named.byte }
        let names = CSVDialect.Delimiter.allCases.map(\.rawValue).joined(separator: ", ")
        return try mark("'\(try string())' is not one of \(names), nor one mark, such as '^'")
    }

    /// One ASCII character that no value needs: not a letter, digit, quote, backslash, sign, point or line end.
    fileprivate func mark(_ expectation: String) throws(ContractError) -> UInt8 {
        let bytes = Array(try string().utf8)
        guard bytes.count == 1, bytes[0] < 0x7F, !Array("\"\\\r\n+-.".utf8).contains(bytes[0]),
            !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0]),
            !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0] | 0x20)
        else { throw fault(expectation) }
        return bytes[0]
    }
}
