internal import YAML

/// How the table's CSV files are written: the custom properties `csvHeader`, `csvDelimiter` and `csvEscape` of the contract.
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
    public let hasHeader: Bool
    public let delimiter: UInt8
    public let escape: Escape

    /// RFC 4180 with a header.
    public static let standard = CSVDialect(hasHeader: true, delimiter: Delimiter.comma.byte, escape: .quote)

    private init(hasHeader: Bool, delimiter: UInt8, escape: Escape) {
        self.hasHeader = hasHeader
        self.delimiter = delimiter
        self.escape = escape
    }

    /// The dialect with another delimiter: a comma, semicolon, tab or vertical bar.
    public func delimited(by delimiter: UInt8) -> CSVDialect {
        CSVDialect(hasHeader: hasHeader, delimiter: delimiter, escape: escape)
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
        let header = choice("csvHeader", Header.self) ?? .present
        let delimiter = choice("csvDelimiter", Delimiter.self) ?? .comma
        self.init(
            hasHeader: header == .present, delimiter: delimiter.byte,
            escape: choice("csvEscape", Escape.self) ?? .quote)
    }
}
