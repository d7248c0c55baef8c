public import Iceberg
public import Parquet

extension IcebergType {
    /// The field as the lake's data files have it; nil for a map, which none has, or what has one.
    public func parquet(named name: String, _ id: Int32, isRequired: Bool) -> ParquetField? {
        let (physical, logical): (PhysicalType, LogicalType?)
        switch self {
        case .structure(let fields):
            let inner = fields.compactMap { $0.type.parquet(named: $0.name, $0.id, isRequired: $0.isRequired) }
            guard inner.count == fields.count else { return nil }
            return .structure(name: name, isRequired: isRequired, fieldID: id, fields: inner)
        case .list(let elementID, let element, let isElementRequired):
            return element.parquet(named: "element", elementID, isRequired: isElementRequired).map {
                .list(name: name, isRequired: isRequired, fieldID: id, element: $0)
            }
        case .map: return nil
        case .boolean: (physical, logical) = (.boolean, nil)
        case .int: (physical, logical) = (.int32, nil)
        case .long: (physical, logical) = (.int64, nil)
        case .float: (physical, logical) = (.float, nil)
        case .double: (physical, logical) = (.double, nil)
        case .date: (physical, logical) = (.int32, .date)
        case .time: (physical, logical) = (.int64, .time(.microseconds, isAdjustedToUTC: false))
        case .timestamp: (physical, logical) = (.int64, .timestamp(.microseconds, isAdjustedToUTC: false))
        case .timestamptz: (physical, logical) = (.int64, .timestamp(.microseconds, isAdjustedToUTC: true))
        case .string: (physical, logical) = (.byteArray, .string)
        case .uuid: (physical, logical) = (.fixedLengthByteArray(length: 16), .uuid)
        case .decimal(let precision, let scale):
            (physical, logical) = (
                Self.physicalType(ofDecimal: precision), .decimal(precision: precision, scale: scale)
            )
        case .binary: (physical, logical) = (.byteArray, nil)
        case .fixed(let length): (physical, logical) = (.fixedLengthByteArray(length: length), nil)
        }
        return .column(
            ParquetColumn(
                name: name, physicalType: physical, logicalType: logical, isRequired: isRequired, fieldID: id))
    }

    /// How the lake's data files store a decimal of so many digits.
    public static func physicalType(ofDecimal precision: Int) -> PhysicalType {
        switch precision {
        case ...9: .int32
        case ...18: .int64
        default: .fixedLengthByteArray(length: decimalSize(precision))
        }
    }
}

extension IcebergSchema {
    /// The schema of the lake's data files; nil if a column has a map.
    public func parquet() throws(ParquetError) -> ParquetSchema? {
        let fields = self.fields.compactMap { $0.type.parquet(named: $0.name, $0.id, isRequired: $0.isRequired) }
        return fields.count == self.fields.count ? try ParquetSchema(fields) : nil
    }
}
