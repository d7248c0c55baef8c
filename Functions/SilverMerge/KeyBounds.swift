internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// Which files can hold a key of a batch, by the bounds of the key's first column.
struct KeyBounds {
    private let fieldID: Int32
    private let type: IcebergType
    /// The keys of the batch in their order, or only the first and the last of them.
    private let keys: [[UInt8]]
    private let areAll: Bool
    private let integers: IntegerKeys?

    /// More keys than this are not sorted for it: they are spread over all files as a rule.
    private static let sortingLimit = 100_000

    init(_ keys: ChangedKeys, fieldID: Int32, _ type: IcebergType) {
        self.fieldID = fieldID
        self.type = type
        let table: KeyTable
        switch keys {
        case .bytes(let keys): (table, integers) = (keys, nil)
        case .integers(let keys): (table, integers) = (KeyTable(expecting: 0), keys)
        }
        let numbers = (0..<Int32(table.count)).map { $0 }
        areAll = table.count <= Self.sortingLimit
        if areAll {
            self.keys = table.sorted(numbers).map { Array(table.key(Int($0))) }
        } else {
            var (first, last) = (table.key(0), table.key(0))
            for number in 1..<table.count {
                let key = table.key(number)
                if key.lexicographicallyPrecedes(first) { first = key }
                if last.lexicographicallyPrecedes(key) { last = key }
            }
            self.keys = [Array(first), Array(last)]
        }
    }

    /// False only if no key of the batch is in the file.
    func mayHold(_ file: DataFile) -> Bool { mayHold(file.lowerBounds[fieldID], file.upperBounds[fieldID]) }

    /// False only if no key of the batch is in the row group.
    func mayHold(_ group: Int, of file: ParquetFile) -> Bool {
        guard let column = file.metadata.column(fieldID: fieldID) else { return true }
        let statistics = file.metadata.rowGroups[group].chunks[column.index].statistics
        let bounds = [statistics.minimum, statistics.maximum].map { bound in
            bound.flatMap { IcebergValue(parquet: $0, column.physicalType, type)?.serialized }
        }
        return mayHold(bounds[0], bounds[1])
    }

    private func mayHold(_ lower: [UInt8]?, _ upper: [UInt8]?) -> Bool {
        if let integers {
            guard let lower = lower.flatMap(number), let upper = upper.flatMap(number) else {
                return !integers.values.isEmpty
            }
            return integers.hasKey(from: lower, through: upper)
        }
        guard !keys.isEmpty else { return false }
        guard let lower = lower.flatMap({ bytes(of: $0, isUpper: false) }),
            let upper = upper.flatMap({ bytes(of: $0, isUpper: true) })
        else { return true }
        // The first key that is not below the file's least.
        var (start, end) = (0, keys.count)
        while start < end {
            let middle = (start + end) / 2
            if keys[middle].lexicographicallyPrecedes(lower) { start = middle + 1 } else { end = middle }
        }
        guard start < keys.count else { return false }
        guard areAll else { return !upper.lexicographicallyPrecedes(keys[0].prefix(upper.count)) }
        return !upper.lexicographicallyPrecedes(keys[start].prefix(upper.count))
    }

    private func number(_ bound: [UInt8]) -> Int64? {
        switch IcebergValue(serialized: bound, as: type) {
        case .int(let value): Int64(value)
        case .long(let value): value
        default: nil
        }
    }

    /// The beginning that a key with this value in its first column has. A text's bound may be cut: then more keys begin so.
    private func bytes(of bound: [UInt8], isUpper: Bool) -> [UInt8]? {
        guard let value = IcebergValue(serialized: bound, as: type) else { return nil }
        var key = KeyBytes()
        switch value {
        case .boolean(let value): key.append(value ? 1 : 0)
        case .int(let value): key.append(Int64(value))
        case .long(let value): key.append(value)
        case .string(let text):
            key.append(text: text.utf8)
            // Without the mark of the end: a lower bound is the beginning of the least text.
            return isUpper ? key.bytes : Array(key.bytes.dropLast(2))
        case .bytes(let value) where type == .uuid: key.append(fixed: value, isSigned: false)
        case .float, .double, .decimal, .bytes: return nil
        }
        return key.bytes
    }
}
