extension IcebergType {
    /// Whether files with values of this type can be read where the table has `other` now.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#schema-evolution>
    public func isPromotable(to other: IcebergType) -> Bool {
        switch (self, other) {
        case (.int, .long), (.float, .double): true
        case (.decimal(let precision, let scale), .decimal(let wider, let otherScale)):
            precision <= wider && scale == otherScale
        default: self == other
        }
    }
}
