/// The contract of one table: columns, masking, quality rules, and the number of broken rows that it tolerates.
///
/// An Open Data Contract Standard v3.1 file contains it, one table a file. The Parquet schema, masking, quarantine and
/// catalog entries derive from it.
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/>
public struct Contract: Sendable, Hashable {
    /// The contract's own identifier.
    public let id: String
    /// The contract's version, set by its authors.
    public let version: String
    /// The table's name, which is safe in a key, a file name and an expression.
    public let table: String
    public let description: String?
    /// The table's own columns in the contract's order; bronze adds its own, see ``bronzeColumns``.
    public let columns: [Column]
    public let tolerance: Tolerance
    /// The policy for personal data in unclassified columns; nil for the environment's.
    public let personalData: PersonalDataPolicy?
    /// The encodings of the table's Parquet files.
    public let encodings: Encodings
    /// How the table's CSV files are written.
    public let dialect: CSVDialect
    /// The schemas of the source database from which the table takes changes; empty if it takes them from any.
    public let sourceSchemas: [String]
    /// The columns that partition the later layers, outermost first.
    public let partitioning: [String]
    /// What silver computes, and how its table is parted.
    public let silverLayout: SilverLayout
    /// Of a model: how its table is built and shown.
    public let modelLayout: ModelLayout
    /// The rules of the table and of its columns. Those of the standard's library are measured during conversion.
    public let rules: [QualityRule]
    /// The constraints on the values of columns, by column name.
    public let constraints: [String: ValueConstraints]
    /// The parts of the contract that have no effect, such as custom properties that Cupel does not know.
    public internal(set) var warnings: [ContractWarning] = []
    /// The maskings added by ``masking(_:by:)``, by path.
    var detectedMaskings: [String: Masking] = [:]

    /// The column named `name`, if it exists.
    public func column(named name: String) -> Column? { columns.first { $0.name == name } }

    /// The names of the primary key columns, in key order.
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
        /// The keys that lead to the value in a JSON line: more than one if an object was flattened.
        public let path: [String]
        public let type: ColumnType
        /// The type's names in the contract.
        public let logicalType: String
        public let physicalType: String?
        /// Whether a row without a value breaks the contract. Primary key columns are always required.
        public let isRequired: Bool
        public let isUnique: Bool
        /// The position in the primary key, from 1; nil for other columns.
        public let primaryKeyPosition: Int?
        /// The classification, such as `public` or `PII`; free text in the standard.
        public let classification: String?
        public let masking: Masking?
        /// Why the values of a classified column stay readable: `maskingReason` beside `masking: none`.
        public let maskingReason: String?
        public let description: String?
        /// The field id in Parquet and Iceberg: the custom property `fieldId`, or the position from 1.
        public let fieldID: Int32
        /// Whether the contract sets ``fieldID``, so that it names the column across renames.
        public let hasOwnFieldID: Bool
        /// `logicalTypeOptions`, such as `maxLength` or `pattern`, as text.
        public let options: [String: String]
        /// Whether digits of a time or timestamp beyond its unit are cut off: the custom property `excessFraction`.
        public let truncatesFraction: Bool
        /// How the values are written; nil for the usual way.
        public let format: ValueFormat?
    }

    /// Which encodings the table's Parquet files may use: the custom property `encodings` of the contract.
    public enum Encodings: String, Sendable, Hashable, CaseIterable {
        /// PLAIN and dictionaries.
        case plain
        /// Also deltas of integers, dates and timestamps, where every reader since 2023 that was tried reads them right.
        case compatible
        /// Also deltas in structs and lists and of lengths of text. Spark 3.4 to 3.5.6 reads wrong text from those without
        /// an error.
        case compact
    }

    /// How text values are masked before they reach bronze: the custom property `masking` of a column.
    public enum Masking: String, Sendable, Hashable, CaseIterable {
        /// HMAC-SHA-256 with a key from the environment, in hexadecimal. Equal values stay equal.
        case hash
        /// Keeps the first and the last character and replaces all others by `*`.
        case mask
        /// Replaces the whole value by one constant.
        case redact
    }

    /// How many rows may break the contract before the whole file fails.
    ///
    /// The custom properties are `quarantineRows` (a count, for small files) and `quarantineShare` (0 to 1, for large
    /// ones). The larger allowance applies. A contract with neither tolerates no broken row.
    public struct Tolerance: Sendable, Hashable {
        public let rows: Int
        public let share: Double

        public init(rows: Int = 0, share: Double = 0) {
            self.rows = rows
            self.share = share
        }

        /// Whether a file with `quarantined` broken rows of `read` is accepted.
        /// A file without a valid row is accepted only if the share allows all rows.
        public func accepts(quarantined: Int, of read: Int) -> Bool {
            guard quarantined > 0 else { return true }
            guard quarantined < read || share >= 1 else { return false }
            return quarantined <= max(rows, Int((share * Double(read)).rounded(.down)))
        }
    }
}
