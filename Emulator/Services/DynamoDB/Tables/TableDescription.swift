internal import EmulatorCore
internal import JSON

extension Table {
    /// The description in its wire form, with the given counts.
    func shown(status: String, count: Int, bytes: Int, indexCounts: [Int64: Int]) -> JSON {
        var description = definition.description
        description["TableStatus"] = .string(status)
        description["TableSizeBytes"] = .int(bytes)
        description["ItemCount"] = .int(count)
        for (member, isGlobal) in [("LocalSecondaryIndexes", false), ("GlobalSecondaryIndexes", true)] {
            guard let described = description[member]?.array else { continue }
            description[member] = .array(
                described.map { index in
                    guard var document = index.object else { return index }
                    let id = definition.indexIDs[index["IndexName"]?.string ?? ""] ?? 0
                    let entries = indexCounts[id] ?? 0
                    if isGlobal, status == "CREATING" { document["IndexStatus"] = "CREATING" }
                    document["ItemCount"] = .int(entries)
                    document["IndexSizeBytes"] = .int(count == 0 ? 0 : bytes / count * entries)
                    return .object(document)
                })
        }
        return .object(description)
    }

    /// The description with the current counts.
    func shown(status: String, in snapshot: borrowing Snapshot) throws -> JSON {
        let extent = try snapshot.extent(of: self)
        var indexCounts: [Int64: Int] = [:]
        for index in indexes { indexCounts[index.id] = try snapshot.entryCount(of: index) }
        return shown(status: status, count: extent.count, bytes: extent.bytes, indexCounts: indexCounts)
    }
}
