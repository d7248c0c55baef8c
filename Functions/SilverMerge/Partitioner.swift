internal import Columns
internal import Iceberg

/// Says in which partition a row belongs.
struct Partitioner {
    typealias Partition = [IcebergValue?]

    private let fields: [SilverTable.Partition]
    private let columns: [SilverColumn]
    private let isPartitionImmutable: Bool
    private let changes: Changes

    init(_ table: SilverTable, _ changes: Changes) {
        fields = table.partitions
        columns = table.columns
        isPartitionImmutable = table.isPartitionImmutable
        self.changes = changes
    }

    /// Whether the table is parted at all.
    var isActive: Bool { !fields.isEmpty }

    /// Whether a row can move to another partition: not if keys make the partitions.
    var mayMove: Bool { fields.contains { !columns[$0.column].isKey } }

    /// - Parameter former: the partition that the row is in; nil for a row that is new.
    func partition(of state: RowState, from former: Partition?) -> Partition {
        fields.enumerated().map { place, field in
            switch state.source(of: field.column) {
            case .change(let row): value(of: field, row)
            case .stored: former?[place]
            case .none: nil
            }
        }
    }

    /// The partitions that can hold a key of the batch; nil if any can.
    func reach() -> Set<Partition>? {
        guard isActive, isPartitionImmutable || !mayMove else { return nil }
        var reach: Set<Partition> = []
        for key in 0..<changes.keys.count {
            var isKnown = false
            for row in changes.rows(of: key)
            where fields.allSatisfy({ changes.carries(row, $0.column, isKey: columns[$0.column].isKey) }) {
                reach.insert(fields.map { value(of: $0, row) })
                isKnown = true
            }
            // A delete may carry the key alone.
            guard isKnown else { return nil }
        }
        return reach
    }

    private func value(of field: SilverTable.Partition, _ row: Int) -> IcebergValue? {
        let type = columns[field.column].type
        return field.transform.apply(IcebergValue(changes.columns[field.column], row, type), of: type)
    }
}

extension IcebergValue {
    /// The value of a row; nil for a null.
    init?(_ rows: ColumnRows, _ row: Int, _ type: IcebergType) {
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
