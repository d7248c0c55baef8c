/// One column of a bronze file: the schema that readers fill, and that the Parquet writer is given.
public struct BronzeColumn: Sendable, Hashable {
    public let name: String
    public internal(set) var type: ColumnType
    public let isRequired: Bool
    /// Stable across versions of the contract.
    public let fieldID: Int32
    public internal(set) var masking: Contract.Masking?
    /// Such as `public` or `PII`, for the column and all inside it.
    public let classification: String?
    /// The keys that lead to the value in a JSON line: more than the name where an object was flattened.
    public let path: [String]
    /// What its values must satisfy beside being of the type; a row with another breaks the contract.
    public let constraints: ValueConstraints?

    /// - Parameter path: the name alone if nil.
    public init(
        name: String, type: ColumnType, isRequired: Bool, fieldID: Int32, masking: Contract.Masking? = nil,
        classification: String? = nil, path: [String]? = nil, constraints: ValueConstraints? = nil
    ) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.fieldID = fieldID
        self.masking = masking
        self.classification = classification
        self.path = path ?? [name]
        self.constraints = constraints
    }

    /// Whether its values, or some inside them, are masked in this way.
    public func isMasked(by masking: Contract.Masking) -> Bool { places.contains { $0.field.masking == masking } }
}

extension BronzeColumn {
    /// What bronze adds after the table's own columns, always in this order.
    ///
    /// Their ids stand far above any contract's, so a column that is added to a contract moves none of them.
    public static let system: [BronzeColumn] = [
        BronzeColumn(name: operation, type: .string, isRequired: true, fieldID: firstSystemFieldID),
        BronzeColumn(name: "_cdc_timestamp", type: .string, isRequired: false, fieldID: firstSystemFieldID + 1),
        BronzeColumn(name: "_cdc_transaction_id", type: .string, isRequired: false, fieldID: firstSystemFieldID + 2),
        BronzeColumn(name: "_cdc_sequence", type: .string, isRequired: false, fieldID: firstSystemFieldID + 3),
        BronzeColumn(name: rescuedData, type: .string, isRequired: false, fieldID: firstSystemFieldID + 4),
    ]

    /// `insert`, `update` or `delete`; a batch file's rows are inserts.
    public static let operation = "operation"
    /// The fields that the contract does not know, as a JSON object.
    public static let rescuedData = "_rescued_data"

    static let firstSystemFieldID: Int32 = 100_001
}

extension Contract {
    /// The columns of this table's bronze files: its own, then ``BronzeColumn/system``.
    public var bronzeColumns: [BronzeColumn] {
        let own = columns.map {
            BronzeColumn(
                name: $0.name, type: $0.type, isRequired: $0.isRequired, fieldID: $0.fieldID, masking: $0.masking,
                classification: $0.classification, path: $0.path, constraints: constraints[$0.name])
        }
        return (own + BronzeColumn.system).map { $0.masking(detectedMaskings) }
    }

    /// The places whose values bronze does not show: columns, and fields inside nested ones.
    public var maskedColumns: [String] { bronzeColumns.flatMap(\.maskedPlaces) }
}
