public import Columns
public import Iceberg

extension IcebergValue {
    /// The value of a row; nil for a null.
    public init?(_ rows: ColumnRows, _ row: Int, _ type: IcebergType) {
        guard let place = rows.values(of: row..<row + 1).first else { return nil }
        let isDecimal = if case .decimal = type { true } else { false }
        switch rows.array.values {
        case .boolean(let values): self = .boolean(values[place] != 0)
        case .int32(let values): self = isDecimal ? .decimal(Int128(values[place])) : .int(values[place])
        case .int64(let values): self = isDecimal ? .decimal(Int128(values[place])) : .long(values[place])
        case .float(let values): self = .float(values[place])
        case .double(let values): self = .double(values[place])
        case .byteArray(let texts): self.init(serialized: Array(texts[place]), as: type)
        case .fixedLengthByteArray(let bytes, let length):
            self.init(serialized: Array(bytes[place * length..<(place + 1) * length]), as: type)
        }
    }
}
