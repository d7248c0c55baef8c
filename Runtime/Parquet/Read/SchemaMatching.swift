public import Parquet

extension ParquetFile {
    /// Whether the file's schema is `schema` but for what only the writer chooses (encodings, bloom filters, order): the same
    /// names, nesting, types and field IDs, so that its row groups can be put into a file of that schema as they are.
    public func matches(_ schema: ParquetSchema) -> Bool {
        metadata.fields.count == schema.fields.count
            && zip(metadata.fields, schema.fields).allSatisfy { matches($0, $1, named: $1.name) }
    }

    private func matches(_ field: FileField, _ other: ParquetField, named name: String) -> Bool {
        guard field.name == name else { return false }
        switch other {
        case .column(let column):
            guard case .column(let index) = field.content else { return false }
            let own = metadata.columns[index]
            return own.physicalType == column.physicalType && !own.isInt96
                && own.essentialMeaning == column.essentialMeaning && own.fieldID == column.fieldID
                && field.repetition == (column.isRequired ? .required : .optional)
        case .structure(_, let isRequired, let fieldID, let fields):
            guard case .group(let children) = field.content else { return false }
            return field.meaning == nil && field.fieldID == fieldID && children.count == fields.count
                && field.repetition == (isRequired ? .required : .optional)
                && zip(children, fields).allSatisfy { matches($0, $1, named: $1.name) }
        case .list(_, let isRequired, let fieldID, let element):
            guard case .group(let children) = field.content, children.count == 1 else { return false }
            let repeated = children[0]
            return field.meaning == .list && field.fieldID == fieldID
                && field.repetition == (isRequired ? .required : .optional)
                && repeated.name == "list" && repeated.repetition == .repeated && repeated.meaning == nil
                && repeated.fieldID == nil && repeated.children.count == 1
                && matches(repeated.children[0], element, named: "element")
        }
    }
}

extension FileColumn {
    fileprivate var essentialMeaning: FieldMeaning? { logicalType?.isImplied(by: physicalType) == true ? nil : meaning }
}

extension ParquetColumn {
    fileprivate var essentialMeaning: FieldMeaning? {
        logicalType?.isImplied(by: physicalType) == true ? nil : logicalType.map(FieldMeaning.value)
    }
}

extension LogicalType {
    /// Whether values without it mean the same: an integer of the physical type's width, with a sign.
    fileprivate func isImplied(by type: PhysicalType) -> Bool {
        switch (self, type) {
        case (.integer(32, isSigned: true), .int32), (.integer(64, isSigned: true), .int64): true
        default: false
        }
    }
}
