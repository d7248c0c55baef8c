internal import EmulatorCore
internal import JSON

/// The capacity units that a request consumes on AWS, for the table and for each index.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
struct ConsumedCapacity: Sendable {
    enum Kind: Sendable { case read, write }

    let table: Table
    private let kind: Kind
    private(set) var tableUnits = 0.0
    private var indexUnits: [(index: SecondaryIndex, units: Double)] = []
    /// Transactions consume twice the units, and report their kind.
    private var isTransactional = false

    /// A write: a unit per KB of the larger item, and one per index entry that is added or removed.
    init(writing table: Table, from old: Item?, to new: Item?) {
        self.table = table
        kind = .write
        tableUnits = Self.units(max(old?.sizeInBytes ?? 0, new?.sizeInBytes ?? 0), per: 1024)
        for index in table.indexes {
            let before = old.flatMap { item in
                index.keys.entry(of: item).map { ($0, index.part(of: item, tableKeys: table.keys)) }
            }
            let after = new.flatMap { item in
                index.keys.entry(of: item).map { ($0, index.part(of: item, tableKeys: table.keys)) }
            }
            var units = 0.0
            switch (before, after) {
            case (nil, nil): continue
            case (let before?, let after?) where before.0 == after.0:
                if before.1 == after.1 { continue }
                units = Self.units(max(before.1.sizeInBytes, after.1.sizeInBytes), per: 1024)
            default:
                for part in [before?.1, after?.1] {
                    if let part { units += Self.units(part.sizeInBytes, per: 1024) }
                }
            }
            indexUnits.append((index, units))
        }
    }

    /// A read of `bytes` in total: half a unit per 4 KB, or a whole unit if it is consistent.
    init(reading table: Table, index: SecondaryIndex? = nil, bytes: Int, consistent: Bool, transactional: Bool = false)
    {
        self.table = table
        kind = .read
        isTransactional = transactional
        let units = Self.units(bytes, per: 4096) * (transactional ? 2 : consistent ? 1 : 0.5)
        if let index { indexUnits = [(index, units)] } else { tableUnits = units }
    }

    private static func units(_ bytes: Int, per size: Int) -> Double {
        Double(max(1, (bytes + size - 1) / size))
    }

    /// The same write inside a transaction.
    var doubled: ConsumedCapacity {
        var doubled = self
        doubled.tableUnits *= 2
        doubled.indexUnits = indexUnits.map { ($0.index, $0.units * 2) }
        doubled.isTransactional = true
        return doubled
    }

    mutating func add(_ other: ConsumedCapacity) {
        tableUnits += other.tableUnits
        for (index, units) in other.indexUnits {
            if let position = indexUnits.firstIndex(where: { $0.index.id == index.id }) {
                indexUnits[position].units += units
            } else {
                indexUnits.append((index, units))
            }
        }
    }

    private func units(_ value: Double) -> JSONObject {
        let number = JSONNumber(value).map { JSON.number($0) } ?? 0
        var document: JSONObject = ["CapacityUnits": number]
        if isTransactional { document[kind == .read ? "ReadCapacityUnits" : "WriteCapacityUnits"] = number }
        return document
    }

    /// Nil if the request did not ask for it.
    func document(_ detail: ReturnConsumedCapacity) -> JSON? {
        guard detail != .none else { return nil }
        var document: JSONObject = ["TableName": .string(table.name)]
        for (name, value) in units(indexUnits.reduce(tableUnits) { $0 + $1.units }) { document[name] = value }
        guard detail == .indexes else { return .object(document) }
        document["Table"] = .object(units(tableUnits))
        for (member, isGlobal) in [("LocalSecondaryIndexes", false), ("GlobalSecondaryIndexes", true)] {
            let used = indexUnits.filter { $0.index.isGlobal == isGlobal }
            if used.isEmpty { continue }
            document[member] = .object(JSONObject(used.map { ($0.index.name, .object(units($0.units))) }))
        }
        return .object(document)
    }
}
