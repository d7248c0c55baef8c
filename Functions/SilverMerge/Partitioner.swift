internal import Columns
internal import Iceberg
internal import Lake

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
        // A value that comes later may be the one that the partition is made of.
        guard isActive, !mayMove || isPartitionImmutable && !changes.areDonations else { return nil }
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
