internal import YAML

/// What a contract says of the layout of its silver table.
public struct SilverLayout: Sendable, Hashable {
    /// A column that silver computes from another, such as `review_year = year(review_time)`, in UTC.
    public struct DerivedColumn: Sendable, Hashable {
        public let name: String
        public let part: TimePart
        public let source: String
        /// What an integer counts since 1970; nil for a date or timestamp.
        public let unit: CountedUnit?
    }

    public enum CountedUnit: String, Sendable, CaseIterable {
        case seconds, milliseconds, microseconds
    }

    /// A part of a date or timestamp, as people write it: a year such as 2026, a month from 1 to 12.
    public enum TimePart: String, Sendable, CaseIterable {
        case year, month, day, hour, date
    }

    /// A field of the table's partitions.
    public struct Partition: Sendable, Hashable {
        /// `identity`, or a transform of Iceberg such as `month` or `bucket[16]`.
        public let transform: String
        /// Of the contract, or derived.
        public let column: String
    }

    /// What the rows of silver are.
    public enum Mode: String, Sendable, CaseIterable {
        /// The current state of each key.
        case upsert
        /// Every record, once.
        case append
        /// Every version of each key, with the time from and to which it was valid.
        case history
    }

    public let mode: Mode
    public let derived: [DerivedColumn]
    /// Outermost first.
    public let partitions: [Partition]
    /// Whether a key's rows are always in one partition, so that no other is searched for it.
    public let isPartitionImmutable: Bool
    /// Days after its deletion from which on a row may leave the table for good; nil keeps it.
    public let deletedRetentionInDays: Int?
}

extension SilverLayout {
    /// - Parameter partitioned: the columns that the contract marks as partitioned.
    init(noting contract: ContractKey, _ columns: [Contract.Column], partitioned: [String]) {
        mode =
            contract.noting { () throws(ContractError) in
                try contract.customProperty("silverMode")?.choice(Mode.self)
            } ?? nil ?? .upsert
        var types: [String: ColumnType] = [:]
        for column in columns { types[column.name] = column.type }
        var derived: [DerivedColumn] = []
        for key in contract.customProperties("derived") {
            let column = key.noting { () throws(ContractError) in try key.derivedColumn(of: types) }
            guard let column else { continue }
            derived.append(column)
            types[column.name] = column.part == .date ? .date : .int32
        }
        self.derived = derived
        var partitions: [Partition] = []
        let declared = contract.customProperties("silverPartition")
        for key in declared {
            let partition = key.noting { () throws(ContractError) in try key.partition(of: types) }
            guard let partition else { continue }
            if partitions.contains(partition) { key.faults.note(key.fault("it is listed twice; keep one")) }
            partitions.append(partition)
        }
        if let key = declared.first, !partitioned.isEmpty {
            key.faults.note(
                key.fault("the column \(partitioned[0]) is 'partitioned' too; list all in silverPartition, or none"))
        }
        if declared.isEmpty { partitions = partitioned.map { Partition(transform: "identity", column: $0) } }
        self.partitions = partitions
        let immutable = contract.noting { () throws(ContractError) in
            try contract.customProperty("immutablePartition").map { key throws(ContractError) in (key, try key.bool()) }
        }
        if case (let key, true)? = immutable, partitions.isEmpty {
            key.faults.note(key.fault("the table has no partitions; name them in silverPartition"))
        }
        isPartitionImmutable = immutable?.1 ?? false
        deletedRetentionInDays =
            contract.noting { () throws(ContractError) in
                try contract.customProperty("deletedRetention")?.int(in: 1...36_500)
            } ?? nil
    }
}

extension ContractKey {
    /// The values of a custom property that is one text or a list of them.
    fileprivate func customProperties(_ name: String) -> [ContractKey] {
        noting { () throws(ContractError) in
            guard let key = try customProperty(name) else { return [] }
            return key.node.sequence == nil ? [key] : try key.elements()
        } ?? []
    }

    /// Reads `review_year = year(review_time)`, or `year(seconds(review_time))` of a number.
    fileprivate func derivedColumn(
        of types: [String: ColumnType]
    ) throws(ContractError) -> SilverLayout.DerivedColumn {
        let text = try string()
        let sides = text.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
        guard sides.count == 2, !sides[0].isEmpty, let (function, source) = Self.call(sides[1]),
            let part = SilverLayout.TimePart(rawValue: function)
        else {
            let parts = SilverLayout.TimePart.allCases.map(\.rawValue).joined(separator: ", ")
            throw fault("'\(text)' is no derived column; write name = part(column), with one of \(parts)")
        }
        let name = sides[0]
        guard types[name] == nil, !BronzeColumn.systemNames.contains(name.lowercased()) else {
            throw fault("the table has a column \(name) already; choose another name")
        }
        let counted = Self.call(source).flatMap { function, column in
            SilverLayout.CountedUnit(rawValue: function).map { (unit: $0, column: column) }
        }
        guard let type = types[counted?.column ?? source] else { throw fault("the contract has no column \(source)") }
        switch (type, part, counted?.unit) {
        case (.timestamp, _, nil), (.date, .year, nil), (.date, .month, nil), (.date, .day, nil): break
        case (.int32, _, .seconds?), (.int64, _, .some): break
        case (.int32, _, nil), (.int64, _, nil):
            throw fault("\(source) is \(type): say what it counts since 1970, as in \(part)(seconds(\(source)))")
        default: throw fault("\(source) is \(type), which has no \(part)")
        }
        return SilverLayout.DerivedColumn(
            name: name, part: part, source: counted?.column ?? source, unit: counted?.unit)
    }

    /// Reads `state`, `month(review_time)` or `bucket[16](user_id)`.
    fileprivate func partition(of types: [String: ColumnType]) throws(ContractError) -> SilverLayout.Partition {
        let text = try string().filter { $0 != " " }
        let (transform, column) = Self.call(text) ?? ("identity", text)
        guard let type = types[column] else {
            throw fault("the contract has no column \(column), and derives none of that name")
        }
        let name = transform.prefix { $0 != "[" }
        let width = transform.dropFirst(name.count)
        let hasWidth = ["bucket", "truncate"].contains(name)
        let number = Int32(width.dropFirst().dropLast())
        guard hasWidth ? width.hasSuffix("]") && number.map({ $0 > 0 }) == true : width.isEmpty else {
            throw fault(
                "'\(text)' is no partition; write a column, month(column), bucket[16](column) or truncate[4](column)")
        }
        guard type.hasTransform(String(name)) else {
            throw fault("\(column) is \(type), which has no partitions by \(transform)")
        }
        return SilverLayout.Partition(transform: transform, column: column)
    }

    /// `f(x)` as its parts.
    private static func call(_ text: String) -> (function: String, argument: String)? {
        guard text.hasSuffix(")"), let open = text.firstIndex(of: "(") else { return nil }
        return (String(text[..<open]), String(text[text.index(after: open)...].dropLast()))
    }
}

extension ColumnType {
    /// Whether Iceberg makes partitions of the type's values in this way.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#partition-transforms>
    fileprivate func hasTransform(_ name: String) -> Bool {
        switch (name, self) {
        case ("identity", .structure), ("identity", .list), ("identity", .float), ("identity", .double): false
        case ("identity", _): true
        case ("year", .date), ("month", .date), ("day", .date): true
        case ("year", .timestamp), ("month", .timestamp), ("day", .timestamp), ("hour", .timestamp): true
        case ("bucket", .structure), ("bucket", .list), ("bucket", .float), ("bucket", .double), ("bucket", .boolean):
            false
        case ("bucket", _): true
        case ("truncate", .int8), ("truncate", .int16), ("truncate", .int32), ("truncate", .int64): true
        case ("truncate", .uint8), ("truncate", .uint16), ("truncate", .uint32): true
        case ("truncate", .string), ("truncate", .decimal): true
        default: false
        }
    }
}
