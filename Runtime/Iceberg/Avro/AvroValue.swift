/// A value of Avro data. The value of a union is the value of its branch.
public indirect enum AvroValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// An `int` or a `long`.
    case long(Int64)
    case float(Float)
    case double(Double)
    /// Of `bytes` and `fixed`.
    case bytes([UInt8])
    /// Of `string`, and of an enum's symbol.
    case string(String)
    case array([AvroValue])
    case map([String: AvroValue])
    /// The values of a record's fields, in their order.
    case record([AvroValue])

    public var long: Int64? { if case .long(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    public var array: [AvroValue]? { if case .array(let value) = self { value } else { nil } }
    public var record: [AvroValue]? { if case .record(let value) = self { value } else { nil } }
}
