internal import EmulatorCore
internal import JSON

// Statistics of columns. See <https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateColumnStatisticsForTable.html>
//
// The operations for a partition differ from those for a table only in `PartitionValues`.

extension GlueService {
    func updateStatistics(_ input: JSON) async throws -> JSON {
        let list = try input.requiredList("ColumnStatisticsList")
        guard list.count <= 25 else { throw AWSFault.invalidInput("ColumnStatisticsList has more than 25 elements.") }
        var statistics: [(column: String, document: JSON)] = []
        for document in list {
            _ = try document.required("ColumnType")
            _ = try document.requiredObject("StatisticsData").required("Type")
            statistics.append((try document.required("ColumnName"), document))
        }
        let checked = statistics
        let errors = try await store.write { transaction in
            let (table, partition) = try Self.place(input, in: transaction.snapshot)
            var errors: [JSON] = []
            for (column, document) in checked {
                if table.hasColumn(column) {
                    try StoredStatistics.save(document, column, of: table, partition, in: transaction)
                } else {
                    let fault = AWSFault.notFound("Column \(column) not found.")
                    errors.append(["ColumnStatistics": document, "Error": fault.errorDetail])
                }
            }
            return errors
        }
        return ["Errors": .array(errors)]
    }

    func statistics(_ input: JSON) throws -> JSON {
        let columns = try input.requiredTexts("ColumnNames")
        var (found, errors): ([JSON], [JSON]) = ([], [])
        try store.read { snapshot in
            let (table, partition) = try Self.place(input, in: snapshot)
            for column in columns {
                if let document = try StoredStatistics.find(column, of: table, partition, in: snapshot) {
                    found.append(document)
                } else {
                    let fault = AWSFault.notFound("Statistics of column \(column) not found.")
                    errors.append(["ColumnName": .string(column), "Error": fault.errorDetail])
                }
            }
        }
        return ["ColumnStatisticsList": .array(found), "Errors": .array(errors)]
    }

    func deleteStatistics(_ input: JSON) async throws -> JSON {
        let column = try input.required("ColumnName")
        let wasThere = try await store.write { transaction in
            let (table, partition) = try Self.place(input, in: transaction.snapshot)
            return try StoredStatistics.delete(column, of: table, partition, in: transaction)
        }
        guard wasThere else { throw AWSFault.notFound("Statistics of column \(column) not found.") }
        return [:]
    }

    /// The table, and the key of the partition, which is empty for the whole table.
    private static func place(
        _ input: JSON, in snapshot: borrowing Snapshot
    ) throws -> (table: StoredTable, partition: String) {
        let table = try table(try input.required("DatabaseName"), try input.required("TableName"), in: snapshot)
        guard input.present("PartitionValues") != nil else { return (table, "") }
        let values = try input.requiredTexts("PartitionValues")
        guard let partition = try StoredPartition.find(values, of: table, in: snapshot) else {
            throw AWSFault.noPartition
        }
        return (table, partition.key)
    }
}

extension StoredTable {
    fileprivate func hasColumn(_ name: String) -> Bool {
        let columns = (input["StorageDescriptor"]?["Columns"]?.array ?? []) + (input["PartitionKeys"]?.array ?? [])
        return columns.contains { $0["Name"]?.string?.lowercased() == name.lowercased() }
    }
}
