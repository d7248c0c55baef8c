internal import EmulatorCore
internal import JSON
internal import Time

// Executions of queries. See <https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html>

extension AthenaService {
    /// In bytes, as Athena has it.
    private static let statementLimit = 262_144

    func startQueryExecution(_ input: JSON) async throws -> JSON {
        let text = try input.required("QueryString")
        guard text.utf8.count <= Self.statementLimit else {
            throw AWSFault.invalidRequest("The query string has more than \(Self.statementLimit) bytes")
        }
        let token = input.present("ClientRequestToken")?.string
        if let token, token.count < 32 || token.count > 128 {
            throw AWSFault.invalidRequest("ClientRequestToken has \(token.count) characters; expected 32 to 128")
        }
        let groupName = input.present("WorkGroup")?.string ?? StoredWorkGroup.primary
        guard let group = try store.read({ try StoredWorkGroup.find(groupName, in: $0) }) else {
            throw AWSFault.noWorkGroup(groupName)
        }
        guard group.isEnabled else { throw AWSFault.invalidRequest("WorkGroup \(groupName) is disabled.") }
        var request = input.object ?? [:]
        request["ClientRequestToken"] = nil
        let fingerprint = JSON.object(request).text
        if let token, let earlier = try store.read({ try StoredExecution.find(token: token, in: $0) }) {
            return try Self.repeated(earlier, fingerprint)
        }
        let context = try Self.context(input)
        let parameters = try Self.parameters(input)
        let statement = try statement(
            text, database: context["Database"]?.string ?? "default", parameters, of: groupName)
        let id = clock.uuid()
        let results = try Self.results(input, group, id + statement.suffix)
        var execution = StoredExecution(
            id: id, workGroup: groupName, token: token, request: fingerprint, query: text,
            statementType: statement.type,
            substatementType: statement.subtype, context: context, parameters: parameters,
            results: results, now: clock.now().milliseconds)
        if let age = results.reuseAge, statement.isRepeatable, let earlier = try reusable(execution, age) {
            execution.succeed(reusing: earlier, at: clock.now().milliseconds)
        }
        let started = execution
        let other: StoredExecution? = try await store.write(waitsForDisk: token != nil) { transaction in
            if let token, let earlier = try StoredExecution.find(token: token, in: transaction.snapshot) {
                return earlier
            }
            try started.insert(in: transaction)
            return nil
        }
        if let other { return try Self.repeated(other, fingerprint) }
        guard !started.isDone else { return ["QueryExecutionId": .string(id)] }
        runner.start(QueryRunner.Job(execution: started, statement: statement, scanLimit: group.scanLimit))
        return ["QueryExecutionId": .string(id)]
    }

    /// An execution whose results a new one may have, and whose file is still there.
    private func reusable(_ execution: StoredExecution, _ age: Int64) throws -> StoredExecution? {
        let since = clock.now().milliseconds - age * 60_000
        guard let earlier = try store.read({ try execution.reusable(since: since, in: $0) }),
            let object = ObjectLocation(s3: earlier.outputLocation), (try? peers.objects?.headObject(object)) != nil
        else { return nil }
        return earlier
    }

    private static func repeated(_ earlier: StoredExecution, _ fingerprint: String) throws(AWSFault) -> JSON {
        guard earlier.request == fingerprint else {
            throw .invalidRequest("Idempotent parameters do not match")
        }
        return ["QueryExecutionId": .string(earlier.id)]
    }

    private static func context(_ input: JSON) throws(AWSFault) -> JSONObject {
        var context: JSONObject = [:]
        if let database = input["QueryExecutionContext"]?.present("Database")?.string {
            context["Database"] = .string(database.lowercased())
        }
        if let catalog = input["QueryExecutionContext"]?.present("Catalog")?.string {
            guard catalog.lowercased() == "awsdatacatalog" else {
                throw .notEmulated("The data catalog \(catalog)")
            }
            context["Catalog"] = .string(catalog.lowercased())
        }
        return context
    }

    private static func parameters(_ input: JSON) throws(AWSFault) -> [String] {
        guard let list = input.present("ExecutionParameters")?.array else { return [] }
        let texts = list.compactMap(\.string)
        guard texts.count == list.count, !texts.isEmpty else {
            throw .invalidRequest("ExecutionParameters: expected one or more strings")
        }
        return texts
    }

    /// Reads a statement. EXECUTE becomes the prepared statement that it names.
    private func statement(
        _ text: String, database: String, _ parameters: [String], of workGroup: String
    ) throws -> QueryStatement {
        let now = clock.now().milliseconds
        var read = text
        do throws(SQLProblem) {
            let (name, own) = try QueryStatement.prepared(text) ?? (nil, [])
            guard let name else {
                return try QueryStatement(text, database: database, parameters: parameters, now: now)
            }
            let saved = try? store.read { try StoredQueries.find(.prepared, name, of: workGroup, in: $0) }
            guard let saved = saved?["QueryStatement"]?.string else {
                throw .semantic("NOT_FOUND", "Prepared statement not found: \(name)", at: nil)
            }
            read = saved
            return try QueryStatement(saved, database: database, parameters: own + parameters, now: now)
        } catch {
            throw AWSFault.invalidRequest(error.message(in: read), code: "MALFORMED_QUERY")
        }
    }

    /// Where results go. A group that enforces its configuration knows no other.
    private static func results(
        _ input: JSON, _ group: StoredWorkGroup, _ name: String
    ) throws(AWSFault) -> ResultSettings {
        let given = input.present("ResultConfiguration") ?? [:]
        let groups = group.configuration["ResultConfiguration"] ?? [:]
        let settings = group.enforcesConfiguration && group.outputLocation != nil ? groups : given
        return try ResultSettings(
            settings, reuse: input.present("ResultReuseConfiguration"),
            location: try outputLocation(input, group) + name)
    }

    /// The folder of results, with a slash at its end.
    private static func outputLocation(_ input: JSON, _ group: StoredWorkGroup) throws(AWSFault) -> String {
        let own = input["ResultConfiguration"]?.present("OutputLocation")?.string
        let location = group.enforcesConfiguration ? group.outputLocation ?? own : own ?? group.outputLocation
        guard let location, !location.isEmpty else {
            throw .invalidRequest(
                "No output location provided. An output location is required either through the Workgroup result "
                    + "configuration setting or as an API input.")
        }
        guard ObjectLocation(s3: location.hasSuffix("/") ? location : location + "/") != nil else {
            throw .invalidRequest("outputLocation is not a valid S3 path.")
        }
        return location.hasSuffix("/") ? location : location + "/"
    }

    // MARK: Reading

    func execution(_ id: String) throws -> StoredExecution {
        guard let execution = try store.read({ try StoredExecution.find(id, in: $0) }) else {
            throw AWSFault.noExecution(id)
        }
        return execution
    }

    func queryExecution(_ input: JSON) throws -> JSON {
        ["QueryExecution": try execution(try input.required("QueryExecutionId")).shown]
    }

    func queryExecutions(_ input: JSON) throws -> JSON {
        let ids = (input["QueryExecutionIds"]?.array ?? []).compactMap(\.string)
        guard (1...50).contains(ids.count) else {
            throw AWSFault.invalidRequest("QueryExecutionIds has \(ids.count) elements; expected 1 to 50")
        }
        return try store.read { snapshot in
            var found: [JSON] = []
            var missing: [JSON] = []
            for id in ids {
                if let execution = try StoredExecution.find(id, in: snapshot) {
                    found.append(execution.shown)
                } else {
                    missing.append([
                        "QueryExecutionId": .string(id), "ErrorCode": "INVALID_QUERY_EXECUTION_ID",
                        "ErrorMessage": .string("QueryExecution \(id) was not found"),
                    ])
                }
            }
            return ["QueryExecutions": .array(found), "UnprocessedQueryExecutionIds": .array(missing)]
        }
    }

    func listQueryExecutions(_ input: JSON) throws -> JSON {
        let group = input.present("WorkGroup")?.string ?? StoredWorkGroup.primary
        let size = try input.pageSize(limit: 50)
        var before = Int64.max
        if let token = input.present("NextToken")?.string {
            guard let number = Int64(token) else {
                throw AWSFault.invalidRequest("NextToken is not one of this operation's")
            }
            before = number
        }
        let found = try store.read { snapshot in
            guard try StoredWorkGroup.find(group, in: snapshot) != nil else { throw AWSFault.noWorkGroup(group) }
            return try StoredExecution.ids(of: group, before: before, limit: size + 1, in: snapshot)
        }
        var answer: JSONObject = ["QueryExecutionIds": .array(found.prefix(size).map { .string($0.id) })]
        if found.count > size { answer["NextToken"] = .string("\(found[size - 1].number)") }
        return .object(answer)
    }

    func queryRuntimeStatistics(_ input: JSON) throws -> JSON {
        let execution = try execution(try input.required("QueryExecutionId"))
        return [
            "QueryRuntimeStatistics": [
                "Timeline": execution.statistics,
                "Rows": ["InputBytes": execution.statistics["DataScannedInBytes"] ?? 0],
            ]
        ]
    }

    func stopQueryExecution(_ input: JSON) async throws -> JSON {
        let execution = try execution(try input.required("QueryExecutionId"))
        guard !execution.isDone else { return [:] }
        runner.stop(execution.id)
        // One that waits for its turn has no engine that would end.
        let now = clock.now().milliseconds
        try await store.write { transaction in
            guard var waiting = try StoredExecution.find(execution.id, in: transaction.snapshot),
                waiting.state == .queued
            else { return }
            let time = JSON.int(now - waiting.submittedAt)
            waiting.cancel(
                "Query cancelled by user",
                [
                    "EngineExecutionTimeInMillis": 0, "DataScannedInBytes": 0, "TotalExecutionTimeInMillis": time,
                    "QueryQueueTimeInMillis": time,
                ], at: now)
            try waiting.save(in: transaction)
        }
        return [:]
    }
}
