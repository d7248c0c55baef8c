/// One column of a bronze file: the schema that readers fill, and that the Parquet writer is given.
public struct BronzeColumn: Sendable, Hashable {
    public let name: String
    public let type: ColumnType
    public let isRequired: Bool
    /// Stable across versions of the contract.
    public let fieldID: Int32
    public let masking: Contract.Masking?

    public init(
        name: String, type: ColumnType, isRequired: Bool, fieldID: Int32, masking: Contract.Masking? = nil
    ) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.fieldID = fieldID
        self.masking = masking
    }
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
        columns.map {
            BronzeColumn(
                name: $0.name, type: $0.type, isRequired: $0.isRequired, fieldID: $0.fieldID, masking: $0.masking)
        } + BronzeColumn.system
    }

    /// The names of the columns whose values bronze does not show.
    public var maskedColumns: [String] { columns.filter { $0.masking != nil }.map(\.name) }
}
