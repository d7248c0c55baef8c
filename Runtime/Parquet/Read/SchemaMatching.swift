public import Parquet

extension ParquetFile {
    /// Whether the file's schema is `schema` but for what only the writer chooses (encodings, bloom filters, order): the same
    /// names, nesting, types and field IDs, so that its row groups can be put into a file of that schema as they are.
    public func matches(_ schema: ParquetSchema) -> Bool {
        metadata.fields.count == schema.fields.count
            && zip(metadata.fields, schema.fields).allSatisfy { matches($0, $1, named: $1.name) }
    }

    /// Whether its row groups can be put into a file of `schema`, which has become another since, by the fields' IDs.
    public func isOlder(than schema: ParquetSchema) -> Bool { places(ofLeavesOf: schema) != nil }

    /// Where the leaves of `schema` are among the file's columns, if fields with the same ID are the same; nil for a leaf of a
    /// field that the file lacks. Nil for all where a field differs, has no ID, or must not be null and is missing.
    func places(ofLeavesOf schema: ParquetSchema) -> [Int?]? {
        var places: [Int?] = []
        for field in schema.fields {
            guard let fieldID = field.fieldID else { return nil }
            guard let own = metadata.fields.first(where: { $0.fieldID == fieldID }) else {
                guard field.mayBeNull else { return nil }
                places += Array(repeating: nil, count: field.leafCount)
                continue
            }
            guard matches(own, field, named: own.name) else { return nil }
            places += own.leaves.map(Optional.some)
        }
        return places
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
    /// Whether its values are those of a column of a file that is written here: of the same type, and meaning the same.
    public func hasValues(of column: ParquetColumn) -> Bool {
        isFlat && !isInt96 && physicalType == column.physicalType && essentialMeaning == column.essentialMeaning
    }

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

extension FileField {
    /// The places of the field's columns.
    fileprivate var leaves: [Int] {
        switch content {
        case .column(let index): [index]
        case .group(let children): children.flatMap(\.leaves)
        }
    }
}

extension ParquetField {
    fileprivate var fieldID: Int32? {
        switch self {
        case .column(let column): column.fieldID
        case .structure(_, _, let fieldID, _), .list(_, _, let fieldID, _): fieldID
        }
    }

    fileprivate var mayBeNull: Bool {
        switch self {
        case .column(let column): !column.isRequired
        case .structure(_, let isRequired, _, _), .list(_, let isRequired, _, _): !isRequired
        }
    }

    fileprivate var leafCount: Int {
        switch self {
        case .column: 1
        case .structure(_, _, _, let fields): fields.reduce(0) { $0 + $1.leafCount }
        case .list(_, _, _, let element): element.leafCount
        }
    }
}
