/// A field of a schema: a column of single values, or something made of other fields.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types>
public indirect enum ParquetField: Sendable, Equatable {
    case column(ParquetColumn)
    case structure(name: String, isRequired: Bool, fieldID: Int32?, fields: [ParquetField])
    /// Stored in three levels, as the format asks: the list, a repeated group `list`, and in it the element, which is
    /// stored under the name `element`.
    case list(name: String, isRequired: Bool, fieldID: Int32?, element: ParquetField)

    public var name: String {
        switch self {
        case .column(let column): column.name
        case .structure(let name, _, _, _), .list(let name, _, _, _): name
        }
    }

    var isRequired: Bool {
        switch self {
        case .column(let column): column.isRequired
        case .structure(_, let isRequired, _, _), .list(_, let isRequired, _, _): isRequired
        }
    }
}

/// A column of single values with its place in the schema.
struct ParquetLeaf: Sendable, Equatable {
    let column: ParquetColumn
    /// From the root, with the groups `list` of lists.
    let path: [String]
    /// The definition level of a value: how many optional and repeated fields lead to it, itself included.
    let maximumDefinition: UInt8
    /// How many lists lead to it.
    let maximumRepetition: UInt8

    /// Whether the column is in the table itself, so that its levels are presence bits at most.
    var isFlat: Bool { path.count == 1 }
    var name: String { path.joined(separator: ".") }
}

extension ParquetField {
    static let repeatedGroup = "list"
    static let elementName = "element"

    /// The leaves of the field, depth first.
    /// - Parameter name: the field's name at its place.
    func leaves(
        named name: String, in path: [String] = [], definition: UInt8 = 0, repetition: UInt8 = 0
    ) -> [ParquetLeaf] {
        let path = path + [name]
        let definition = definition + (isRequired ? 0 : 1)
        switch self {
        case .column(let column):
            return [
                ParquetLeaf(
                    column: column, path: path, maximumDefinition: definition, maximumRepetition: repetition)
            ]
        case .structure(_, _, _, let fields):
            return fields.flatMap {
                $0.leaves(named: $0.name, in: path, definition: definition, repetition: repetition)
            }
        case .list(_, _, _, let element):
            return element.leaves(
                named: Self.elementName, in: path + [Self.repeatedGroup], definition: definition + 1,
                repetition: repetition + 1)
        }
    }

    /// The format knows no bound; each level costs every value below it a part of its levels.
    private static let depthLimit = 64

    func validate(depth: Int = 1) throws(ParquetError) {
        guard depth <= Self.depthLimit else {
            throw .schema(column: name, reason: "fields are nested deeper than \(Self.depthLimit) levels")
        }
        switch self {
        case .column(let column): try column.validate()
        case .structure(let name, _, _, let fields):
            guard !fields.isEmpty else { throw .schema(column: name, reason: "a struct needs at least one field") }
            try Self.checkNames(of: fields)
            for field in fields { try field.validate(depth: depth + 1) }
        case .list(_, _, _, let element): try element.validate(depth: depth + 1)
        }
    }

    static func checkNames(of fields: [ParquetField]) throws(ParquetError) {
        var names: Set<String> = []
        for field in fields {
            guard !field.name.isEmpty else { throw .schema(column: "(unnamed)", reason: "a field needs a name") }
            guard names.insert(field.name).inserted else {
                throw .schema(column: field.name, reason: "the name occurs twice; rename one of the columns")
            }
        }
    }
}
