internal import Contracts
internal import Iceberg
internal import Lake

/// The table of a model, as its contract wants it.
struct GoldTable: Sendable {
    let model: Model
    let columns: [GoldColumn]
    let periods: PeriodColumns
    let schema: IcebergSchema
    let spec: PartitionSpec

    init(_ model: Model) throws(GoldError) {
        self.model = model
        var columns: [GoldColumn] = []
        for column in model.contract.columns { columns.append(try GoldColumn(column, of: model.path)) }
        self.columns = columns
        periods = PeriodColumns(model, columns)
        let fields = columns.enumerated().map { place, column in
            IcebergField(
                id: Int32(place + 1), name: column.name, isRequired: column.isRequired, type: column.type,
                documentation: column.documentation)
        }
        let schema = IcebergSchema(
            id: 0, fields: fields, identifierIDs: zip(fields, columns).filter { $1.isKey }.map(\.0.id))
        self.schema = schema
        spec = PartitionSpec(
            id: 0,
            fields: model.contract.partitioning.enumerated().map { place, name in
                PartitionSpec.Field(
                    sourceID: schema.field(named: name)?.id ?? 0, fieldID: PartitionSpec.firstFieldID + Int32(place),
                    name: name, transform: .identity)
            })
    }

    var name: TableName { model.name }

    /// Those that go when the contract no longer asks for them.
    static let optionalProperties = [RankingProperty.name, fileSize]
    /// How large a data file should become when small ones are joined, in bytes.
    private static let fileSize = "write.target-file-size-bytes"

    var properties: [String: String] {
        var properties = ["write.format.default": "parquet", "write.metadata.previous-versions-max": "100"]
        let ranking = model.contract.modelLayout.ranking.map { $0.name + ($0.isDescending ? " desc" : "") }
        if !ranking.isEmpty { properties[RankingProperty.name] = ranking.joined(separator: ", ") }
        // Files of some 30,000 rows, so that a changed period rewrites few of them.
        if !periods.isEmpty && spec.fields.isEmpty { properties[Self.fileSize] = "\(1 << 20)" }
        return properties
    }

    func create(in catalog: LakeCatalog, bucket: String) throws(LakeError) -> LakeCatalog.Table {
        try catalog.createTable(
            name.table, in: name.namespace,
            location: "s3://\(bucket)/\(name.layer)/\(name.table)", schema: schema,
            spec: spec, properties: properties)
    }

    /// The stored table has the contract's columns and partitions; another form of it is another table.
    func check(_ metadata: TableMetadata) throws(GoldError) {
        func form(_ schema: IcebergSchema, _ spec: PartitionSpec) -> String {
            let columns = schema.fields.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
            let parts = spec.fields.map { "\($0.transform) of \(schema.field($0.sourceID)?.name ?? "?")" }
            return columns + (parts.isEmpty ? "" : ", parted by \(parts.joined(separator: ", "))")
        }
        let (stored, wanted) = (form(metadata.currentSchema, metadata.defaultSpec), form(schema, spec))
        guard stored == wanted else {
            throw .table(
                "table \(name) has the columns \(stored), and its contract has \(wanted); "
                    + "delete the table to have it made anew")
        }
    }
}
