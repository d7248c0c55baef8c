/// What one table promises: its columns, how many broken rows it tolerates, what is masked, and which rules it keeps.
///
/// It is read from an Open Data Contract Standard v3.1 file, one table a file. The Parquet schema, masking, quarantine
/// and catalog entries all derive from it.
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/>
public struct Contract: Sendable, Hashable {
    /// The contract's own identifier.
    public let id: String
    /// The contract's version, as its authors number it.
    public let version: String
    /// The table, by a name that is safe in a key, a file name and an expression.
    public let table: String
    public let description: String?
    /// The table's own columns in the contract's order; bronze adds ``BronzeColumn/system``.
    public let columns: [Column]
    public let tolerance: Tolerance
    /// What is done about columns of which the contract says nothing; nil leaves it to the environment.
    public let personalData: PersonalDataPolicy?
    /// The columns that partition the later layers, outermost first.
    public let partitioning: [String]
    /// Rules for the table and for its columns. Those of the standard's library are measured as a file is converted.
    public let rules: [QualityRule]
    /// What the values of columns must satisfy, by the column's name.
    public let constraints: [String: ValueConstraints]
    /// How columns are masked of which the contract does not say so: see ``masking(_:by:)``.
    var detectedMaskings: [String: Masking] = [:]

    /// The column called `name`, if the contract has one.
    public func column(named name: String) -> Column? { columns.first { $0.name == name } }

    /// The names of the columns that make a row unique, in key order.
    public var primaryKey: [String] {
        columns.filter { $0.primaryKeyPosition != nil }
            .sorted { ($0.primaryKeyPosition ?? 0, $0.fieldID) < ($1.primaryKeyPosition ?? 0, $1.fieldID) }
            .map(\.name)
    }

    /// Whether `name` may become a prefix, a file name or part of an expression: a lowercase letter, then up to 62
    /// lowercase letters, digits or underscores.
    public static func isTableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLowercase(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { isLowercase($0) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F }
    }

    private static func isLowercase(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
}

extension Contract {
    public struct Column: Sendable, Hashable {
        public let name: String
        /// The keys that lead to the value in a JSON line: more than the name where an object was flattened.
        public let path: [String]
        public let type: ColumnType
        /// The type's names as the contract writes them.
        public let logicalType: String
        public let physicalType: String?
        /// A row without a value here breaks the contract. Primary key columns are always required.
        public let isRequired: Bool
        public let isUnique: Bool
        /// 1 for the first column of the key; nil for columns outside it.
        public let primaryKeyPosition: Int?
        /// Such as `public` or `PII`; free text in the standard.
        public let classification: String?
        public let masking: Masking?
        public let description: String?
        /// The id that Parquet and Iceberg know the column by. The custom property `fieldId`, or else the position from 1.
        public let fieldID: Int32
        /// `logicalTypeOptions`, such as `maxLength` or `pattern`, as text.
        public let options: [String: String]
    }

    /// What happens to a classified text value before it reaches bronze. The custom property `masking` of a column.
    public enum Masking: String, Sendable, Hashable, CaseIterable {
        /// HMAC-SHA-256 under a key from the environment, in hexadecimal: equal values stay equal.
        case hash
        /// First and last character kept, all others replaced by `*`.
        case mask
        /// The whole value replaced by one constant.
        case redact
    }

    /// How many rows may break the contract before the whole file fails.
    ///
    /// The custom properties `quarantineRows` (a count, for small files) and `quarantineShare` (0 to 1, for large ones):
    /// the larger allowance counts. A contract that names neither tolerates nothing.
    public struct Tolerance: Sendable, Hashable {
        public let rows: Int
        public let share: Double

        public init(rows: Int = 0, share: Double = 0) {
            self.rows = rows
            self.share = share
        }

        /// Whether a file with `quarantined` broken rows of `read` is good enough.
        /// A file of which nothing is left is not, unless the share allows everything.
        public func accepts(quarantined: Int, of read: Int) -> Bool {
            guard quarantined > 0 else { return true }
            guard quarantined < read || share >= 1 else { return false }
            return quarantined <= max(rows, Int((share * Double(read)).rounded(.down)))
        }
    }
}
