internal import EmulatorCore
internal import JSON

// Results. See <https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html>

extension AthenaService {
    private static let pageLimit = 1000
    /// A row that is longer is read in another go.
    private static let pieceSize = 1 << 20

    func queryResults(_ input: JSON) throws -> JSON {
        let execution = try execution(try input.required("QueryExecutionId"))
        let size = try input.pageSize(limit: Self.pageLimit)
        switch execution.state {
        case .succeeded: break
        case .queued, .running:
            throw AWSFault.invalidRequest(
                "Query has not yet finished. Current state: \(execution.state.rawValue)", code: "INVALID_QUERY_STATE")
        case .failed, .cancelled:
            throw AWSFault.invalidRequest(
                "Query did not finish successfully. Final query state: \(execution.state.rawValue)",
                code: "INVALID_QUERY_STATE")
        }
        var start = 0
        if let token = input.present("NextToken")?.string {
            guard let number = Int(token), number >= 0 else {
                throw AWSFault.invalidRequest("NextToken is not one of this operation's")
            }
            start = number
        }
        let (rows, next) = try page(of: execution, from: start, size: size)
        var answer: JSONObject = [
            "ResultSet": [
                "Rows": .array(
                    rows.map { row in
                        ["Data": .array(row.map { value in value.map { ["VarCharValue": .string($0)] } ?? [:] })]
                    }),
                "ResultSetMetadata": ["ColumnInfo": .array(execution.columns.map(\.info))],
            ]
        ]
        answer["UpdateCount"] = execution.updateCount.map { .int($0) } ?? (execution.statementType == "DML" ? 0 : nil)
        if let next { answer["NextToken"] = .string("\(next)") }
        return .object(answer)
    }

    private static func noResults(of execution: StoredExecution, _ fault: AWSFault) -> AWSFault {
        .invalidRequest("Could not find results. Query result at \(execution.outputLocation): \(fault.message)")
    }

    /// Some rows of the result's file, and the byte where the next ones begin; nil at the end.
    private func page(
        of execution: StoredExecution, from start: Int, size: Int
    ) throws -> (rows: [[String?]], next: Int?) {
        guard !execution.columns.isEmpty else { return ([], nil) }
        guard let objects = peers.objects, let object = ObjectLocation(s3: execution.outputLocation) else {
            throw AWSFault.notEmulated("Athena without S3")
        }
        let length: Int
        do throws(AWSFault) {
            length = try objects.headObject(object).size
        } catch {
            throw Self.noResults(of: execution, error)
        }
        guard start <= length else { throw AWSFault.invalidRequest("NextToken is not one of this operation's") }
        do throws(AWSFault) {
            var end = start
            var bytes: [UInt8] = []
            while true {
                let piece = try objects.getObject(
                    object, range: end..<min(length, end + max(Self.pieceSize, bytes.count)))
                end += piece.count
                bytes += piece
                let isWhole = end >= length
                let (rows, used) =
                    execution.statementType == "DML"
                    ? ResultText.rows(of: bytes, limit: size, isWhole: isWhole)
                    : ResultText.lines(of: bytes, limit: size, isWhole: isWhole)
                guard rows.count == size || isWhole else { continue }
                return (rows, start + used < length ? start + used : nil)
            }
        } catch {
            throw Self.noResults(of: execution, error)
        }
    }
}
