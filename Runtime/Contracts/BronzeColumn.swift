/// One column of a bronze file, for the readers that fill it and the Parquet writer.
public struct BronzeColumn: Sendable, Hashable {
    public let name: String
    public internal(set) var type: ColumnType
    public let isRequired: Bool
    /// Whether the column is part of the primary key: every change carries it.
    public let isKey: Bool
    /// The field id, which is stable across versions of the contract.
    public let fieldID: Int32
    public internal(set) var masking: Contract.Masking?
    /// The classification, such as `public` or `PII`, of the column and all fields inside it.
    public let classification: String?
    /// Why the values stay readable by decision; nil if the contract does not say so.
    public let maskingReason: String?
    /// The keys that lead to the value in a JSON line: more than one if an object was flattened.
    public let path: [String]
    /// The constraints on values beyond their type. A row that violates them breaks the contract.
    public let constraints: ValueConstraints?
    /// Whether digits of a time or timestamp beyond its unit are cut off, not refused.
    public let truncatesFraction: Bool
    /// How the values are written; nil for the usual way.
    public let format: ValueFormat?

    /// - Parameter path: The keys that lead to the value; nil for the name alone.
    public init(
        name: String, type: ColumnType, isRequired: Bool, fieldID: Int32, masking: Contract.Masking? = nil,
        classification: String? = nil, maskingReason: String? = nil, path: [String]? = nil,
        constraints: ValueConstraints? = nil, isKey: Bool = false, truncatesFraction: Bool = false,
        format: ValueFormat? = nil
    ) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.isKey = isKey
        self.fieldID = fieldID
        self.masking = masking
        self.classification = classification
        self.maskingReason = maskingReason
        self.path = path ?? [name]
        self.constraints = constraints
        self.truncatesFraction = truncatesFraction
        self.format = format
    }

    /// Whether the values of the column or of a field inside it must appear nowhere but in the column itself: those that
    /// are masked, or have a classification other than `public`.
    ///
    /// A row that is shifted or has a broken header shows such a value under any other name. So a contract with one
    /// such column hides the values of all columns in messages, in quarantine and in `_rescued_data`.
    public var isHidden: Bool {
        places.contains { $0.field.masking != nil || $0.field.isClassified }
    }

    /// Whether the column or field as a whole has a classification other than `public`.
    public var isClassified: Bool { classification.map { !Classification.isOpen($0) } ?? false }

    /// Whether the column or a field inside it is masked in this way.
    public func isMasked(by masking: Contract.Masking) -> Bool { places.contains { $0.field.masking == masking } }
}

extension BronzeColumn {
    /// The columns that bronze adds after the table's own, always in this order.
    ///
    /// Their ids are far above any contract's, so a new column in a contract changes none of them.
    public static let system: [BronzeColumn] = [
        BronzeColumn(name: operation, type: .string, isRequired: true, fieldID: firstSystemFieldID),
        BronzeColumn(name: "_cdc_timestamp", type: .string, isRequired: false, fieldID: firstSystemFieldID + 1),
        BronzeColumn(name: "_cdc_transaction_id", type: .string, isRequired: false, fieldID: firstSystemFieldID + 2),
        BronzeColumn(name: "_cdc_sequence", type: .string, isRequired: false, fieldID: firstSystemFieldID + 3),
        // Newer columns have the next IDs, wherever they are.
        BronzeColumn(name: "_cdc_order", type: .string, isRequired: false, fieldID: firstSystemFieldID + 8),
        BronzeColumn(name: "_cdc_load", type: .boolean, isRequired: false, fieldID: firstSystemFieldID + 5),
        BronzeColumn(name: "_cdc_unchanged", type: .json(.array), isRequired: false, fieldID: firstSystemFieldID + 6),
        BronzeColumn(name: previousKey, type: .json(.object), isRequired: false, fieldID: firstSystemFieldID + 7),
        BronzeColumn(name: before, type: .json(.object), isRequired: false, fieldID: firstSystemFieldID + 9),
        BronzeColumn(name: rescuedData, type: .string, isRequired: false, fieldID: firstSystemFieldID + 4),
    ]

    /// The column of the source's schema, in tables that take changes from several.
    public static let schema = BronzeColumn(
        name: "_schema", type: .string, isRequired: false, fieldID: firstSystemFieldID + 10)
    /// The names that no column of a table's own may have.
    public static let systemNames = Set((system + [schema]).map(\.name))

    /// The column of the operation: `insert`, `update`, `delete` or `truncate`. A batch file's rows are inserts.
    public static let operation = "operation"
    /// The column of the row's key before a change that changes it, as a JSON object.
    public static let previousKey = "_cdc_previous_key"
    /// The column of the row before a change, as far as the source sends it, as a JSON object.
    public static let before = "_cdc_before"
    /// The column of the fields that are unknown to the contract, as a JSON object.
    public static let rescuedData = "_rescued_data"

    static let firstSystemFieldID: Int32 = 100_001
}

extension Contract {
    /// The columns of this table's bronze files: its own, then ``BronzeColumn/system``. ``BronzeColumn/schema`` is among
    /// them if the table takes changes from several schemas.
    public var bronzeColumns: [BronzeColumn] {
        let own = columns.map {
            BronzeColumn(
                name: $0.name, type: $0.type, isRequired: $0.isRequired, fieldID: $0.fieldID, masking: $0.masking,
                classification: $0.classification, maskingReason: $0.maskingReason, path: $0.path,
                constraints: constraints[$0.name], isKey: $0.primaryKeyPosition != nil,
                truncatesFraction: $0.truncatesFraction, format: $0.format)
        }
        let schema = sourceSchemas.count > 1 ? [BronzeColumn.schema] : []
        // The rescued data stay last.
        return (own + BronzeColumn.system.dropLast() + schema + BronzeColumn.system.suffix(1)).map {
            $0.masking(detectedMaskings)
        }
    }

    /// The paths of the masked columns and of the masked fields inside nested ones.
    public var maskedColumns: [String] { bronzeColumns.flatMap(\.maskedPlaces) }
}
