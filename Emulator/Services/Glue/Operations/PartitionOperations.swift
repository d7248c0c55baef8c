internal import EmulatorCore
internal import JSON
internal import Time

// Partitions. See <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html>

extension GlueService {
    // MARK: Create

    func createPartition(_ input: JSON) async throws -> JSON {
        let partition = try input.requiredObject("PartitionInput")
        if let fault = try await create([partition], input)[0] { throw fault }
        return [:]
    }

    func createPartitions(_ input: JSON) async throws -> JSON {
        let list = try input.requiredList("PartitionInputList")
        guard list.count <= 100 else { throw AWSFault.invalidInput("PartitionInputList has more than 100 elements.") }
        let faults = try await create(list, input)
        return ["Errors": .array(zip(list, faults).compactMap { Self.partitionError($0["Values"], $1) })]
    }

    /// - Returns: for each partition its fault, or nil.
    private func create(_ list: [JSON], _ input: JSON) async throws -> [AWSFault?] {
        let inputs = try list.map { (try $0.requiredTexts("Values"), try CatalogInput.checked($0)) }
        let now = clock.now().milliseconds
        return try await store.write { transaction in
            let table = try Self.table(of: input, in: transaction.snapshot)
            return try inputs.map { values, document in
                guard values.count == table.partitionKeys.count else { return Self.wrongCount }
                guard try StoredPartition.find(values, of: table, in: transaction.snapshot) == nil else {
                    return .exists("Partition")
                }
                try StoredPartition(document, values: values, of: table.id, createdAt: now).save(in: transaction)
                return nil
            }
        }
    }

    // MARK: Read

    func partition(_ input: JSON) throws -> JSON {
        let values = try input.requiredTexts("PartitionValues")
        return try store.read { snapshot in
            let table = try Self.table(of: input, in: snapshot)
            guard let partition = try StoredPartition.find(values, of: table, in: snapshot) else {
                throw AWSFault.noPartition
            }
            return ["Partition": shown(partition, of: table)]
        }
    }

    /// Partitions that do not exist are left out.
    func somePartitions(_ input: JSON) throws -> JSON {
        let wanted = try input.requiredList("PartitionsToGet").map { try $0.requiredTexts("Values") }
        guard wanted.count <= 1000 else { throw AWSFault.invalidInput("PartitionsToGet has more than 1000 elements.") }
        let found = try store.read { snapshot in
            let table = try Self.table(of: input, in: snapshot)
            return try wanted.compactMap { values in
                try StoredPartition.find(values, of: table, in: snapshot).map { shown($0, of: table) }
            }
        }
        return ["Partitions": .array(found), "UnprocessedKeys": []]
    }

    func partitions(_ input: JSON) throws -> JSON {
        let limit = try input.pageSize(limit: 1000)
        let after = input.present("NextToken")?.string ?? ""
        let segment = try PartitionSegment(input.present("Segment"))
        let hidesColumns = input["ExcludeColumnSchema"]?.bool ?? false
        return try store.read { snapshot in
            let table = try Self.table(of: input, in: snapshot)
            let filter = try input.present("Expression")?.string.flatMap { text in
                text.allSatisfy(\.isWhitespace) ? nil : try PartitionFilter(text, keys: table.partitionKeys)
            }
            var (found, token): ([JSON], String?) = ([], nil)
            var last = ""
            try StoredPartition.scan(of: table, after: after, in: snapshot) { values in
                try segment.contains(values) && filter?.matches(values) ?? true
            } _: { partition in
                guard found.count < limit else {
                    token = last
                    return false
                }
                found.append(shown(partition, of: table, withoutColumns: hidesColumns))
                last = partition.key
                return true
            }
            var answer: JSONObject = ["Partitions": .array(found)]
            if let token { answer["NextToken"] = .string(token) }
            return .object(answer)
        }
    }

    // MARK: Update

    func updatePartition(_ input: JSON) async throws -> JSON {
        let entry: JSON = [
            "PartitionValueList": .array(try input.requiredList("PartitionValueList")),
            "PartitionInput": try input.requiredObject("PartitionInput"),
        ]
        if let fault = try await update([entry], input)[0] { throw fault }
        return [:]
    }

    func updatePartitions(_ input: JSON) async throws -> JSON {
        let entries = try input.requiredList("Entries")
        guard entries.count <= 100 else { throw AWSFault.invalidInput("Entries has more than 100 elements.") }
        let faults = try await update(entries, input)
        let errors = zip(entries, faults).compactMap { entry, fault in
            fault.map { fault -> JSON in
                ["PartitionValueList": entry["PartitionValueList"] ?? [], "ErrorDetail": fault.errorDetail]
            }
        }
        return ["Errors": .array(errors)]
    }

    /// The values of a partition may change too.
    /// - Returns: for each entry its fault, or nil.
    private func update(_ entries: [JSON], _ input: JSON) async throws -> [AWSFault?] {
        let changes = try entries.map { entry in
            let document = try entry.requiredObject("PartitionInput")
            let old = try entry.requiredTexts("PartitionValueList")
            let new = document.present("Values") == nil ? old : try document.requiredTexts("Values")
            return (old, new, try CatalogInput.checked(document))
        }
        return try await store.write { transaction in
            let table = try Self.table(of: input, in: transaction.snapshot)
            return try changes.map { old, new, document in
                guard new.count == table.partitionKeys.count else { return Self.wrongCount }
                guard let partition = try StoredPartition.find(old, of: table, in: transaction.snapshot) else {
                    return .noPartition
                }
                if new != old {
                    guard try StoredPartition.find(new, of: table, in: transaction.snapshot) == nil else {
                        return .exists("Partition")
                    }
                    try partition.remove(in: transaction)
                }
                try StoredPartition(document, values: new, of: table.id, createdAt: partition.createdAt)
                    .save(in: transaction)
                return nil
            }
        }
    }

    // MARK: Delete

    func deletePartition(_ input: JSON) async throws -> JSON {
        if let fault = try await delete([try input.requiredTexts("PartitionValues")], input)[0] { throw fault }
        return [:]
    }

    func deletePartitions(_ input: JSON) async throws -> JSON {
        let wanted = try input.requiredList("PartitionsToDelete").map { try $0.requiredTexts("Values") }
        guard wanted.count <= 25 else { throw AWSFault.invalidInput("PartitionsToDelete has more than 25 elements.") }
        let faults = try await delete(wanted, input)
        let errors = zip(wanted, faults).compactMap { values, fault in
            Self.partitionError(.array(values.map { .string($0) }), fault)
        }
        return ["Errors": .array(errors)]
    }

    /// - Returns: for each partition its fault, or nil.
    private func delete(_ wanted: [[String]], _ input: JSON) async throws -> [AWSFault?] {
        try await store.write(freesSpace: true) { transaction in
            let table = try Self.table(of: input, in: transaction.snapshot)
            return try wanted.map { values in
                guard let partition = try StoredPartition.find(values, of: table, in: transaction.snapshot) else {
                    return .noPartition
                }
                try partition.remove(in: transaction)
                return nil
            }
        }
    }

    // MARK: Parts

    private static let wrongCount = AWSFault.invalidInput(
        "The number of partition keys do not match the number of partition values")

    private static func table(of input: JSON, in snapshot: borrowing Snapshot) throws -> StoredTable {
        try table(try input.required("DatabaseName"), try input.required("TableName"), in: snapshot)
    }

    private static func partitionError(_ values: JSON?, _ fault: AWSFault?) -> JSON? {
        fault.map { ["PartitionValues": values ?? [], "ErrorDetail": $0.errorDetail] }
    }

    private func shown(_ partition: StoredPartition, of table: StoredTable, withoutColumns: Bool = false) -> JSON {
        var members = partition.input
        members["Values"] = .array(partition.values.map { .string($0) })
        members["DatabaseName"] = .string(table.name.database)
        members["TableName"] = .string(table.name.table)
        members["CreationTime"] = Timestamp.json(partition.createdAt)
        members["CatalogId"] = .string(account.id)
        if withoutColumns, var storage = members["StorageDescriptor"]?.object {
            storage["Columns"] = nil
            members["StorageDescriptor"] = .object(storage)
        }
        return .object(members)
    }
}

extension StoredTable {
    var partitionKeys: [PartitionKey] {
        (input["PartitionKeys"]?.array ?? []).map {
            PartitionKey(name: $0["Name"]?.string ?? "", type: $0["Type"]?.string ?? "string")
        }
    }
}
