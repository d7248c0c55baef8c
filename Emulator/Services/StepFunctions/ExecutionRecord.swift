internal import EmulatorCore
internal import JSON
internal import Time

/// An execution in the store.
struct ExecutionRecord: Sendable {
    let id: Int64
    let arn: String
    let name: String
    let machineARN: String
    let versionARN: String?
    let aliasARN: String?
    let revision: Int64
    let status: String
    let input: String
    let output: String?
    let error: String?
    let cause: String?
    let startedAt: Int64
    let stoppedAt: Int64?
    let redriveCount: Int64
    let redrivenAt: Int64?

    static let columns =
        "id, arn, name, machine_arn, version_arn, alias_arn, revision, status, input, output, error, cause, started_at, "
        + "stopped_at, (SELECT COUNT(*) FROM execution_redrives WHERE execution = executions.id), "
        + "(SELECT MAX(at) FROM execution_redrives WHERE execution = executions.id)"

    init(_ row: borrowing Row) {
        id = row.integer(0)
        arn = row.text(1)
        name = row.text(2)
        machineARN = row.text(3)
        versionARN = row.textOrNil(4)
        aliasARN = row.textOrNil(5)
        revision = row.integer(6)
        status = row.text(7)
        input = row.text(8)
        output = row.textOrNil(9)
        error = row.textOrNil(10)
        cause = row.textOrNil(11)
        startedAt = row.integer(12)
        stoppedAt = row.integerOrNil(13)
        redriveCount = row.integer(14)
        redrivenAt = row.integerOrNil(15)
    }

    /// The form of ListExecutions.
    var summary: JSONObject {
        var summary: JSONObject = [
            "executionArn": .string(arn), "stateMachineArn": .string(machineARN), "name": .string(name),
            "status": .string(status), "startDate": Timestamp.json(startedAt), "redriveCount": .int(redriveCount),
        ]
        summary["redriveDate"] = redrivenAt.map { Timestamp.json($0) }
        summary["stateMachineVersionArn"] = .text(versionARN)
        summary["stateMachineAliasArn"] = .text(aliasARN)
        summary["stopDate"] = stoppedAt.map { Timestamp.json($0) }
        return summary
    }
}

extension Snapshot {
    func execution(_ arn: String) throws -> ExecutionRecord? {
        try first("SELECT \(ExecutionRecord.columns) FROM executions WHERE arn = ?", .text(arn)) { ExecutionRecord($0) }
    }

    func execution(row: Int64) throws -> ExecutionRecord? {
        try first("SELECT \(ExecutionRecord.columns) FROM executions WHERE id = ?", .integer(row)) {
            ExecutionRecord($0)
        }
    }
}
