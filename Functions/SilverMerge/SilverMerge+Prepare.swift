internal import Contracts
internal import Iceberg
internal import JSON
internal import Lake
internal import LambdaRuntime

extension SilverMerge {
    /// Makes a table what its contract says, without rows, and says what another engine needs of the contract to merge into it
    /// as this one does: `infra/spark/silver_merge.py`.
    /// - Returns: the outcome: `prepared` with the plan, `notForSpark` with the reason, or `heldByAnother`.
    func prepare(_ name: String, owner: String, log: Log) throws -> JSON {
        let outcome = try planned(name, owner: owner, log: log)
        // A state machine reads it in any case.
        guard outcome["plan"] == nil, case .object(var members) = outcome else { return outcome }
        members["plan"] = [:]
        return .object(members)
    }

    private func planned(_ name: String, owner: String, log: Log) throws -> JSON {
        try holding(name, owner: owner, log: log) { contract, held in
            let catalog = try LakeCatalog(settings.aws)
            let found = try catalog.table(
                name, in: SilverTable.namespace, history: held.batch == nil ? .referenced : .all)
            let table = try SilverTable(contract, found?.metadata)
            let stored = try found ?? create(table, in: catalog)
            let schema = try table.evolved(stored.metadata)
            try table.checkPartitions(stored.metadata, schema)
            try settle(stored, contract, held, log)
            try evolve(stored.metadata, table, to: schema, catalog, held)
            let plan = table.plan(contract, schema)
            if let obstacle = table.obstacleForSpark(plan) {
                log.warning("not merged on Spark", ["table": .string(name), "reason": .string(obstacle)])
                return ["outcome": "notForSpark", "table": .string(name), "reason": .string(obstacle)]
            }
            return ["outcome": "prepared", "table": .string(name), "plan": plan]
        }
    }

    private func evolve(
        _ metadata: TableMetadata, _ table: SilverTable, to schema: IcebergSchema, _ catalog: LakeCatalog,
        _ held: HeldTable
    ) throws {
        let ids = TableFields(metadata).property(of: table.columns, in: schema)
        guard schema.id != metadata.currentSchema.id || ids != nil else { return }
        try held.renew()
        var change = TableChange(of: metadata)
        change.evolve(metadata, to: schema)
        if let ids { change.set([TableFields.property: ids]) }
        switch try catalog.commit(change, to: table.name, in: SilverTable.namespace) {
        case .committed: return
        case .conflict(let reason): throw SilverError.conflict(reason)
        case .unknown(let error): throw SilverError.conflict("\(error)")
        }
    }
}

extension SilverTable {
    /// An argument of a job run has at most 10,280 characters.
    /// - SeeAlso: <https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_SparkSubmit.html>
    private static let planLimit = 10_280

    /// Why silver_merge.py cannot merge the table; nil if it can.
    fileprivate func obstacleForSpark(_ plan: JSON) -> String? {
        let size = plan.bytes.count
        return size > Self.planLimit
            ? "its \(columns.count) columns take \(size) characters, more than an argument of a job run has" : nil
    }

    /// What another engine needs of the contract: the columns in the order in which notes of their orders have them.
    fileprivate func plan(_ contract: Contract, _ schema: IcebergSchema) -> JSON {
        let columns = columns.filter(\.isFirst).map { column -> JSON in
            var members: JSONObject = [
                "name": .string(column.name), "id": .int(Int(schema.field(named: column.name)?.id ?? 0)),
                "key": .bool(column.isKey),
            ]
            if let id = column.contractID { members["bronzeID"] = .int(Int(id)) }
            if let derivation = column.derivation {
                members["derived"] = [
                    "part": .string(derivation.part.rawValue), "source": .string(derivation.source),
                    "perDay": .int(Int(derivation.perDay)),
                ]
            }
            return .object(members)
        }
        return [
            "mode": .string(mode.rawValue), "contractVersion": .string(contract.version), "columns": .array(columns),
        ]
    }
}
