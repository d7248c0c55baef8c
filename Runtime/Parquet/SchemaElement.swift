/// One node of a schema as the footer has it: the tree depth first, groups with the number of their children.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `SchemaElement`
struct SchemaElement {
    /// The numbers of `FieldRepetitionType` in parquet.thrift.
    enum Repetition: Int32 {
        case required = 0
        case optional = 1
        case repeated = 2
    }

    enum Content {
        case column(ParquetColumn)
        case group(childCount: Int, isList: Bool)
    }

    let name: String
    /// Nil for the root.
    let repetition: Repetition?
    let fieldID: Int32?
    let content: Content

    func write(to thrift: inout ThriftWriter) {
        if case .column(let column) = content {
            thrift.field(1, column.physicalType.number)
            if case .fixedLengthByteArray(let length) = column.physicalType { thrift.field(2, Int32(length)) }
        }
        thrift.field(3, repetition?.rawValue)
        thrift.field(4, name)
        switch content {
        case .group(let childCount, let isList):
            thrift.field(5, Int32(childCount))
            if isList { thrift.field(6, Int32(3)) }
            thrift.field(9, fieldID)
            if isList { thrift.field(10) { $0.field(3) { _ in } } }
        case .column(let column):
            thrift.field(6, column.logicalType?.convertedType)
            if case .decimal(let precision, let scale) = column.logicalType {
                thrift.field(7, Int32(scale))
                thrift.field(8, Int32(precision))
            }
            thrift.field(9, fieldID)
            if let logicalType = column.logicalType { thrift.field(10) { logicalType.write(to: &$0) } }
        }
    }
}

extension ParquetSchema {
    /// The schema's nodes, the root first.
    var elements: [SchemaElement] {
        let root = SchemaElement(
            name: "schema", repetition: nil, fieldID: nil, content: .group(childCount: fields.count, isList: false))
        return [root] + fields.flatMap { $0.elements(named: $0.name) }
    }
}

extension ParquetField {
    /// The field's nodes, itself first.
    fileprivate func elements(named name: String) -> [SchemaElement] {
        let repetition: SchemaElement.Repetition = isRequired ? .required : .optional
        switch self {
        case .column(let column):
            return [
                SchemaElement(
                    name: name, repetition: repetition, fieldID: column.fieldID, content: .column(column))
            ]
        case .structure(_, _, let fieldID, let fields):
            let group = SchemaElement(
                name: name, repetition: repetition, fieldID: fieldID,
                content: .group(childCount: fields.count, isList: false))
            return [group] + fields.flatMap { $0.elements(named: $0.name) }
        case .list(_, _, let fieldID, let element):
            let list = SchemaElement(
                name: name, repetition: repetition, fieldID: fieldID, content: .group(childCount: 1, isList: true))
            let repeated = SchemaElement(
                name: Self.repeatedGroup, repetition: .repeated, fieldID: nil,
                content: .group(childCount: 1, isList: false))
            return [list, repeated] + element.elements(named: Self.elementName)
        }
    }
}

extension PhysicalType {
    /// The number of `Type` in parquet.thrift.
    var number: Int32 {
        switch self {
        case .boolean: 0
        case .int32: 1
        case .int64: 2
        case .float: 4
        case .double: 5
        case .byteArray: 6
        case .fixedLengthByteArray: 7
        }
    }
}

extension LogicalType {
    /// The number of the older `ConvertedType`, for readers that know no logical types; nil where it has no word.
    fileprivate var convertedType: Int32? {
        switch self {
        case .string: 0
        case .decimal: 5
        case .date: 6
        // Local times too: "use ConvertedType TIME_MICROS for TIME(isAdjustedToUTC = *, unit = MICROS)".
        case .time(.milliseconds, _): 7
        case .time(.microseconds, _): 8
        case .timestamp(.milliseconds, _): 9
        case .timestamp(.microseconds, _): 10
        case .integer(let bitWidth, let isSigned): Int32((isSigned ? 15 : 11) + (bitWidth / 8).trailingZeroBitCount)
        case .json: 19
        case .uuid: nil
        }
    }

    /// Writes the one field that says which member of the union `LogicalType` this is.
    fileprivate func write(to thrift: inout ThriftWriter) {
        switch self {
        case .string: thrift.field(1) { _ in }
        case .decimal(let precision, let scale):
            thrift.field(5) {
                $0.field(1, Int32(scale))
                $0.field(2, Int32(precision))
            }
        case .date: thrift.field(6) { _ in }
        case .time(let unit, let isAdjustedToUTC): thrift.field(7) { Self.write(unit, isAdjustedToUTC, to: &$0) }
        case .timestamp(let unit, let isAdjustedToUTC): thrift.field(8) { Self.write(unit, isAdjustedToUTC, to: &$0) }
        case .integer(let bitWidth, let isSigned):
            thrift.field(10) {
                $0.field(1, Int8(bitWidth))
                $0.field(2, isSigned)
            }
        case .json: thrift.field(12) { _ in }
        case .uuid: thrift.field(14) { _ in }
        }
    }

    private static func write(_ unit: TimeUnit, _ isAdjustedToUTC: Bool, to thrift: inout ThriftWriter) {
        thrift.field(1, isAdjustedToUTC)
        thrift.field(2) { $0.field(unit == .milliseconds ? 1 : 2) { _ in } }
    }
}
