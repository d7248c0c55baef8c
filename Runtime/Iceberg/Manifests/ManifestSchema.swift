internal import JSON

/// The Avro schemas of manifests and manifest lists.
/// - SeeAlso: <https://iceberg.apache.org/spec/#manifests>
enum ManifestSchema {
    /// - Parameter types: of the partition's values.
    static func entry(_ spec: PartitionSpec, types: [IcebergType]) -> JSON {
        let partition = zip(spec.fields, types).map { field, type in
            self.field(
                field.fieldID, avroName(field.name), ["null", type.avro(fieldID: field.fieldID)], isOptional: true)
        }
        return record(
            "manifest_entry",
            [
                field(0, "status", "int"), field(1, "snapshot_id", ["null", "long"], isOptional: true),
                field(3, "sequence_number", ["null", "long"], isOptional: true),
                field(4, "file_sequence_number", ["null", "long"], isOptional: true),
                field(
                    2, "data_file",
                    record(
                        "r2",
                        [
                            field(134, "content", "int"), field(100, "file_path", "string"),
                            field(101, "file_format", "string"), field(102, "partition", record("r102", partition)),
                            field(103, "record_count", "long"), field(104, "file_size_in_bytes", "long"),
                            map(108, "column_sizes", 117, 118, "long"), map(109, "value_counts", 119, 120, "long"),
                            map(110, "null_value_counts", 121, 122, "long"),
                            map(137, "nan_value_counts", 138, 139, "long"),
                            map(125, "lower_bounds", 126, 127, "bytes"), map(128, "upper_bounds", 129, 130, "bytes"),
                            field(131, "key_metadata", ["null", "bytes"], isOptional: true),
                            list(132, "split_offsets", 133, "long"), list(135, "equality_ids", 136, "int"),
                            field(140, "sort_order_id", ["null", "int"], isOptional: true),
                            field(143, "referenced_data_file", ["null", "string"], isOptional: true),
                        ])),
            ])
    }

    static let list: JSON = record(
        "manifest_file",
        [
            field(500, "manifest_path", "string"), field(501, "manifest_length", "long"),
            field(502, "partition_spec_id", "int"), field(517, "content", "int"),
            field(515, "sequence_number", "long"), field(516, "min_sequence_number", "long"),
            field(503, "added_snapshot_id", "long"), field(504, "added_files_count", "int"),
            field(505, "existing_files_count", "int"), field(506, "deleted_files_count", "int"),
            field(512, "added_rows_count", "long"), field(513, "existing_rows_count", "long"),
            field(514, "deleted_rows_count", "long"),
            field(
                507, "partitions",
                [
                    "null",
                    [
                        "type": "array", "element-id": 508,
                        "items": record(
                            "r508",
                            [
                                field(509, "contains_null", "boolean"),
                                field(518, "contains_nan", ["null", "boolean"], isOptional: true),
                                field(510, "lower_bound", ["null", "bytes"], isOptional: true),
                                field(511, "upper_bound", ["null", "bytes"], isOptional: true),
                            ]),
                    ],
                ], isOptional: true),
            field(519, "key_metadata", ["null", "bytes"], isOptional: true),
        ])

    private static func record(_ name: String, _ fields: [JSON]) -> JSON {
        ["type": "record", "name": .string(name), "fields": .array(fields)]
    }

    private static func field(_ id: Int32, _ name: String, _ type: JSON, isOptional: Bool = false) -> JSON {
        var object: JSONObject = ["name": .string(name), "type": type]
        if isOptional { object["default"] = .null }
        object["field-id"] = .int(id)
        return .object(object)
    }

    /// A map whose keys are numbers: Avro knows text only, so it is an array of pairs.
    private static func map(_ id: Int32, _ name: String, _ keyID: Int32, _ valueID: Int32, _ value: JSON) -> JSON {
        let pair = record("k\(keyID)_v\(valueID)", [field(keyID, "key", "int"), field(valueID, "value", value)])
        return field(
            id, name, ["null", ["type": "array", "logicalType": "map", "items": pair]], isOptional: true)
    }

    private static func list(_ id: Int32, _ name: String, _ elementID: Int32, _ element: JSON) -> JSON {
        field(
            id, name, ["null", ["type": "array", "items": element, "element-id": .int(elementID)]], isOptional: true)
    }

    /// A name that Avro allows: letters, digits and underscores, no digit first. Other characters are spelled `_x1F`.
    static func avroName(_ name: String) -> String {
        var result = ""
        for (place, scalar) in name.unicodeScalars.enumerated() {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9": result += place == 0 ? "_\(scalar)" : "\(scalar)"
            default: result += "_x" + String(scalar.value, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

extension IcebergType {
    /// The Avro type of a partition's value.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#avro>
    fileprivate func avro(fieldID: Int32) -> JSON {
        switch self {
        case .boolean: "boolean"
        case .int: "int"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .date: ["type": "int", "logicalType": "date"]
        case .time: ["type": "long", "logicalType": "time-micros"]
        case .timestamp: ["type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": false]
        case .timestamptz: ["type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": true]
        case .string: "string"
        case .uuid: ["type": "fixed", "name": "uuid_fixed", "size": 16, "logicalType": "uuid"]
        case .fixed(let length): ["type": "fixed", "name": .string("fixed_\(length)"), "size": .int(length)]
        case .decimal(let precision, let scale):
            [
                "type": "fixed", "name": .string("decimal_\(precision)_\(scale)"),
                "size": .int(Self.decimalSize(precision)), "logicalType": "decimal", "precision": .int(precision),
                "scale": .int(scale),
            ]
        default: "bytes"
        }
    }

    /// The fewest bytes that hold every decimal of a precision.
    public static func decimalSize(_ precision: Int) -> Int {
        var limit: UInt128 = 1
        for _ in 0..<precision { limit *= 10 }
        var size = 1
        while size < 16, UInt128(1) << UInt128(8 * size - 1) < limit { size += 1 }
        return size
    }
}

extension IcebergValue {
    /// The value as Avro has it.
    func avro(as type: IcebergType) -> AvroValue {
        switch self {
        case .boolean(let value): return .boolean(value)
        case .int(let value): return .long(Int64(value))
        case .long(let value): return .long(value)
        case .float(let value): return .float(value)
        case .double(let value): return .double(value)
        case .string(let value): return .string(value)
        case .bytes(let value): return .bytes(value)
        case .decimal(let value):
            guard case .decimal(let precision, _) = type else { return .bytes(serialized) }
            let all = withUnsafeBytes(of: value.bigEndian) { Array($0) }
            return .bytes(Array(all.suffix(IcebergType.decimalSize(precision))))
        }
    }

    /// Reads a partition's value; nil for a null.
    init?(_ value: AvroValue, as type: IcebergType) {
        switch (value, type) {
        case (.boolean(let value), _): self = .boolean(value)
        case (.long(let value), .int), (.long(let value), .date): self = .int(Int32(truncatingIfNeeded: value))
        case (.long(let value), _): self = .long(value)
        case (.float(let value), .double): self = .double(Double(value))
        case (.float(let value), _): self = .float(value)
        case (.double(let value), _): self = .double(value)
        case (.string(let value), _): self = .string(value)
        case (.bytes(let bytes), .decimal): self.init(serialized: bytes, as: type)
        case (.bytes(let bytes), _): self = .bytes(bytes)
        default: return nil
        }
    }
}
