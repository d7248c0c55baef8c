extension IcebergType {
    /// Whether files with values of this type can be read where the table has `other` now.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#schema-evolution>
    public func isPromotable(to other: IcebergType) -> Bool {
        switch (self, other) {
        case (.int, .long), (.float, .double): true
        case (.decimal(let precision, let scale), .decimal(let wider, let otherScale)):
            precision <= wider && scale == otherScale
        default: withoutIDs == other.withoutIDs
        }
    }

    /// The type without what does not change values: ids and documentation.
    private var withoutIDs: IcebergType {
        switch self {
        case .structure(let fields):
            .structure(
                fields.map {
                    IcebergField(id: 0, name: $0.name, isRequired: $0.isRequired, type: $0.type.withoutIDs)
                })
        case .list(_, let element, let isRequired):
            .list(elementID: 0, element: element.withoutIDs, isRequired: isRequired)
        case .map(_, let key, _, let value, let isRequired):
            .map(keyID: 0, key: key.withoutIDs, valueID: 0, value: value.withoutIDs, isRequired: isRequired)
        default: self
        }
    }
}
