internal import Contracts
internal import Iceberg
internal import Lake

/// A column of a model's table.
struct GoldColumn: Sendable {
    let name: String
    let type: IcebergType
    let isRequired: Bool
    let isKey: Bool
    let documentation: String?

    init(_ column: Contract.Column, of path: String) throws(GoldError) {
        guard let type = IcebergType(of: column.type), !type.isNested, type != .time, type != .uuid else {
            throw .model(
                place: path, reason: "its contract's column \(column.name) is \(column.type), which no model can have")
        }
        name = column.name
        self.type = type
        isKey = column.primaryKeyPosition != nil
        isRequired = column.isRequired || isKey
        documentation = column.description
    }
}
