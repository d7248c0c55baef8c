internal import EmulatorCore
internal import JSON
internal import Time

/// Switches point-in-time recovery on or off. The emulator stores the setting but keeps no history.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html>
struct UpdateContinuousBackups: WritingOperation {
    private let tableName: String
    private let isEnabled: Bool
    private let days: Int?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let name = try request.string("TableName")
        constraints.tableName("tableName", name)
        tableName = name ?? ""
        let path = "pointInTimeRecoverySpecification"
        let specification = try request.structure(
            "PointInTimeRecoverySpecification", type: "PointInTimeRecoverySpecification")
        constraints.notNull(path, isPresent: specification != nil)
        let enabled = try specification?.boolean("PointInTimeRecoveryEnabled")
        if specification != nil {
            constraints.notNull("\(path).pointInTimeRecoveryEnabled", isPresent: enabled != nil)
        }
        days = try specification?.integer("RecoveryPeriodInDays")
        constraints.value("\(path).recoveryPeriodInDays", days, 1...35)
        try constraints.check()
        isEnabled = enabled ?? false
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        guard let table = try state.catalog.table(named: tableName, in: transaction.snapshot) else {
            throw DynamoDBFault.tableNotFound("Table not found: \(tableName)")
        }
        var definition = table.definition
        definition.recoverySince = isEnabled ? definition.recoverySince ?? state.clock.now().milliseconds : nil
        definition.recoveryDays = isEnabled ? days ?? definition.recoveryDays : nil
        _ = try state.catalog.save(definition, id: table.id, in: transaction)
        return ["ContinuousBackupsDescription": definition.continuousBackups(at: state.clock.now().milliseconds)]
    }
}

/// Returns whether point-in-time recovery is on.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeContinuousBackups.html>
struct DescribeContinuousBackups: ReadingOperation {
    private let tableName: String

    init(_ request: WireStructure) throws(DynamoDBFault) { tableName = try request.requiredTableName() }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        guard let table = try state.catalog.table(named: tableName, in: snapshot) else {
            throw DynamoDBFault.tableNotFound("Table not found: \(tableName)")
        }
        return ["ContinuousBackupsDescription": table.definition.continuousBackups(at: state.clock.now().milliseconds)]
    }
}

extension TableDefinition {
    fileprivate func continuousBackups(at now: Int64) -> JSON {
        var recovery: JSONObject = ["PointInTimeRecoveryStatus": recoverySince == nil ? "DISABLED" : "ENABLED"]
        if let recoverySince {
            recovery["EarliestRestorableDateTime"] = Timestamp(milliseconds: recoverySince).json
            recovery["LatestRestorableDateTime"] = Timestamp(milliseconds: now).json
            recovery["RecoveryPeriodInDays"] = .int(recoveryDays ?? 35)
        }
        return ["ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": .object(recovery)]
    }
}
