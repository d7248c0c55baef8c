internal import YAML

/// How the table's CSV files are written: the custom properties of the contract whose names begin with `csv`.
public struct CSVDialect: Sendable, Hashable {
    /// What the first row is.
    public enum Header: String, Sendable, Hashable, CaseIterable {
        /// The names of the columns, in any order.
        case present
        /// Values: the fields are the contract's columns in their order.
        case absent
        /// Names that are not read: the fields are the contract's columns in their order.
        case positional
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

    public var header = Header.present
    public var delimiter = Delimiter.comma.byte
    /// What a field may stand in, to hold anything; nil if a quote is text.
    public var quote: UInt8? = UInt8(ascii: "\"")
    /// What makes the next character text, besides a doubled quote; nil if nothing does. MySQL and Redshift write a backslash.
    public var escape: UInt8?
    public var encoding = TextEncoding.utf8
    /// How many lines come before the header or the first row.
    public var skippedLineCount = 0
    /// The first character of lines that are no rows; nil if there are none.
    public var comment: UInt8?
    /// The texts that stand for a null, besides an empty field.
    public var nulls: [String] = []

    /// RFC 4180 with a header.
    public static let standard = CSVDialect()

    public init() {}

    /// The value of `csvDelimiter`, `csvQuote`, `csvEscape` or `csvComment` for a byte.
    public static func markName(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\\"): "backslash"
        case UInt8(ascii: "'"): "single"
        case UInt8(ascii: "\""): "double"
        default:
            Delimiter.allCases.first { $0.byte == byte }?.rawValue ?? "'\(Character(UnicodeScalar(byte)))'"
        }
    }
}

extension CSVDialect {
    init(noting contract: ContractKey) {
        func property<Value>(_ name: String, _ read: (ContractKey) throws(ContractError) -> Value?) -> Value? {
            contract.noting { () throws(ContractError) -> Value? in
                guard let key = try contract.customProperty(name) else { return nil }
                return try read(key)
            }
        }
        self.init()
        header = property("csvHeader") { (key) throws(ContractError) in try key.choice(Header.self) } ?? .present
        encoding = property("csvEncoding") { (key) throws(ContractError) in try key.choice(TextEncoding.self) } ?? .utf8
        delimiter = property("csvDelimiter") { (key) throws(ContractError) in try key.delimiter() } ?? delimiter
        skippedLineCount =
            property("csvSkipLines") { (key) throws(ContractError) in try key.int(in: 0...1_000_000) } ?? 0
        comment = property("csvComment") { (key) throws(ContractError) in
            try key.mark("expected one mark, such as '#'")
        }
        // An optional value of an optional: a quote may be said to be none.
        let quote = property("csvQuote") { (key) throws(ContractError) -> UInt8?? in try key.quote() }
        self.quote = quote ?? UInt8(ascii: "\"")
        escape = property("csvEscape") { (key) throws(ContractError) in try key.escape(quote: self.quote) }
        nulls = property("csvNull") { (key) throws(ContractError) in try key.nullMarkers() } ?? []
        noteConflicts(contract)
    }

    /// Two roles of one mark could not be told apart.
    private func noteConflicts(_ contract: ContractKey) {
        let roles: [(name: String, mark: UInt8?)] = [
            ("csvDelimiter", delimiter), ("csvQuote", quote), ("csvEscape", escape), ("csvComment", comment),
        ]
        for (index, role) in roles.enumerated() {
            guard let mark = role.mark, let other = roles[..<index].first(where: { $0.mark == mark }) else { continue }
            contract.noting { () throws(ContractError) -> Void? in
                let own = try contract.customProperty(role.name)
                let key = if let own { own } else { try contract.customProperty(other.name) }
                guard let key else { return nil }
                throw key.fault(
                    "\(Self.markName(mark)) is both '\(other.name)' and '\(role.name)'; choose another mark")
            }
        }
    }
}

extension ContractKey {
    /// The name of a delimiter, or a mark of its own.
    fileprivate func delimiter() throws(ContractError) -> UInt8 {
        if let named = CSVDialect.Delimiter(rawValue: try string()) { return named.byte }
        let names = CSVDialect.Delimiter.allCases.map(\.rawValue).joined(separator: ", ")
        return try mark("'\(try string())' is not one of \(names), nor one mark, such as '^'")
    }

    /// `double`, `single`, `none` or a mark of its own.
    fileprivate func quote() throws(ContractError) -> UInt8? {
        switch try string() {
        case "double", "\"": return UInt8(ascii: "\"")
        case "single": return UInt8(ascii: "'")
        case "none": return nil
        default: return try mark("'\(try string())' is not one of double, single, none, nor one mark, such as '~'")
        }
    }

    /// `quote`, `backslash` or a mark of its own; nil where only a doubled quote is one.
    fileprivate func escape(quote: UInt8?) throws(ContractError) -> UInt8? {
        switch try string() {
        case "quote": return nil
        case "backslash", "\\": return UInt8(ascii: "\\")
        case let text where quote.map({ Array(text.utf8) == [$0] }) ?? false: return nil
        default: return try mark("'\(try string())' is not one of quote, backslash, nor one mark, such as '^'")
        }
    }

    /// One text, or a list of them.
    fileprivate func nullMarkers() throws(ContractError) -> [String] {
        var markers: [String] = []
        for key in node.sequence == nil ? [self] : try elements() {
            guard let marker = key.node.string, !marker.isEmpty else {
                throw key.fault(
                    "expected the text that stands for a null, in quotes: 'NULL'. An empty field always is one")
            }
            markers.append(marker)
        }
        return markers
    }

    /// One ASCII character that no value needs: not a letter, digit, double quote, backslash, sign, point or line end.
    fileprivate func mark(_ expectation: String) throws(ContractError) -> UInt8 {
        let bytes = Array(try string().utf8)
        guard bytes.count == 1, bytes[0] < 0x7F, !Array("\"\\\r\n+-.".utf8).contains(bytes[0]),
            !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0]),
            !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0] | 0x20)
        else { throw fault(expectation) }
        return bytes[0]
    }
}
