internal import Parquet

/// One node of the schema as the footer lists it, the tree depth first.
struct FooterNode {
    var type: Int32?
    var length: Int32 = 0
    var repetition: Int32?
    var name = ""
    var childCount: Int?
    var convertedType: Int32?
    var scale = 0
    var precision = 0
    var fieldID: Int32?
    var logicalType: FieldMeaning?

    init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var node = FooterNode()
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: node.type = try thrift.int32(field)
            case 2: node.length = try thrift.int32(field)
            case 3: node.repetition = try thrift.int32(field)
            case 4: node.name = try thrift.text(field)
            case 5: node.childCount = try thrift.count(field)
            case 6: node.convertedType = try thrift.int32(field)
            case 7: node.scale = Int(try thrift.int32(field))
            case 8: node.precision = Int(try thrift.int32(field))
            case 9: node.fieldID = try thrift.int32(field)
            case 10: node.logicalType = try FieldMeaning.read(field, from: &thrift)
            default: try thrift.skip(field)
            }
        }
        self = node
    }

    private init() {}

    var meaning: FieldMeaning? {
        logicalType
            ?? convertedType.flatMap { FieldMeaning(convertedType: $0, precision: precision, scale: scale) }
    }

    var physicalType: PhysicalType? {
        switch type {
        case 0: .boolean
        case 1: .int32
        case 2: .int64
        case 3: .fixedLengthByteArray(length: 12)
        case 4: .float
        case 5: .double
        case 6: .byteArray
        case 7 where length > 0: .fixedLengthByteArray(length: Int(length))
        default: nil
        }
    }
}

/// Makes the tree of the nodes.
struct SchemaBuilder {
    private let nodes: [FooterNode]
    private var next = 0
    private(set) var columns: [FileColumn] = []

    private static let depthLimit = 64

    init(_ nodes: [FooterNode]) { self.nodes = nodes }

    mutating func fields() throws(ParquetReadError) -> [FileField] {
        guard let root = nodes.first, let childCount = root.childCount else {
            throw .outOfSpec("the schema has no root")
        }
        next = 1
        let fields = try children(childCount, in: [], definition: 0, repetition: 0)
        guard next == nodes.count else {
            throw .outOfSpec("the schema lists \(nodes.count) elements, of which \(next) make the tree")
        }
        return fields
    }

    private mutating func children(
        _ count: Int, in path: [String], definition: Int, repetition: Int
    ) throws(ParquetReadError) -> [FileField] {
        guard path.count < Self.depthLimit else {
            throw .notSupported("the schema is nested deeper than \(Self.depthLimit) levels")
        }
        // Each child is an element of the list, so the tree is not larger than the footer.
        guard count <= nodes.count - next else {
            throw .outOfSpec(
                "the schema ends before the children of \(path.isEmpty ? "the root" : path.joined(separator: "."))")
        }
        var fields: [FileField] = []
        for _ in 0..<count { fields.append(try field(in: path, definition: definition, repetition: repetition)) }
        return fields
    }

    private mutating func field(
        in path: [String], definition: Int, repetition: Int
    ) throws(ParquetReadError) -> FileField {
        guard next < nodes.count else { throw .outOfSpec("the schema ends within \(path.joined(separator: "."))") }
        let node = nodes[next]
        next += 1
        let path = path + [node.name]
        let name = path.joined(separator: ".")
        guard let kind = FileField.Repetition(rawValue: node.repetition ?? -1) else {
            throw .outOfSpec("schema, \(name): neither required, optional nor repeated")
        }
        let definition = definition + (kind == .required ? 0 : 1)
        let repetition = repetition + (kind == .repeated ? 1 : 0)
        let content: FileField.Content
        if node.type == nil {
            content = .group(
                try children(node.childCount ?? 0, in: path, definition: definition, repetition: repetition))
        } else {
            guard let type = node.physicalType else {
                throw .outOfSpec("schema, \(name): type \(node.type ?? -1) of length \(node.length) does not exist")
            }
            content = .column(columns.count)
            columns.append(
                FileColumn(
                    index: columns.count, path: path, fieldID: node.fieldID, physicalType: type,
                    isInt96: node.type == 3, meaning: node.meaning, maximumDefinition: UInt8(definition),
                    maximumRepetition: UInt8(repetition)))
        }
        return FileField(
            name: node.name, fieldID: node.fieldID, repetition: kind, meaning: node.meaning, content: content)
    }
}
