package import EmulatorCore
internal import JSON
internal import Time

/// The API of EventBridge Pipes.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_Operations.html>
extension PipeService {
    private static let requestLimit = 1 << 20

    /// When a pipe was created and changed, in milliseconds since 1970.
    static let timesSchema = """
        CREATE TABLE IF NOT EXISTS pipe_times (
            name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL) STRICT;
        """

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return Self.answer(200, try await answer(to: request))
        } catch {
            let fault = error as? AWSFault ?? .internalFailure(error)
            return Self.answer(fault.status, ["message": .string(fault.message)], type: fault.code)
        }
    }

    private func answer(to request: HTTPRequest) async throws -> JSON {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts[0] == "v1", parts[1] == "pipes" else { throw Self.notEmulated(request) }
        switch (request.method, parts.count) {
        case ("GET", 2): return try list(request.query)
        case ("GET", 3): return try describe(try pipe(named: parts[2]))
        case ("POST", 3): return try await create(parts[2], try await Self.members(of: request))
        case ("PUT", 3): return try await update(parts[2], try await Self.members(of: request))
        case ("DELETE", 3):
            let pipe = try pipe(named: parts[2])
            let answer = try changed(pipe, "DELETING")
            try await remove("AWS::Pipes::Pipe", pipe.name)
            return answer
        case ("POST", 4) where parts[3] == "start":
            return try await set(parts[2], ["DesiredState": "RUNNING"], "STARTING")
        case ("POST", 4) where parts[3] == "stop":
            return try await set(parts[2], ["DesiredState": "STOPPED"], "STOPPING")
        default: throw Self.notEmulated(request)
        }
    }

    private static func notEmulated(_ request: HTTPRequest) -> AWSFault {
        .notEmulated("Pipes' \(request.method) \(request.path)")
    }

    private static func members(of request: HTTPRequest) async throws -> JSONObject {
        let bytes = try await request.body.collect(upTo: requestLimit)
        guard let members = (try? JSON(parsing: bytes))?.object else {
            throw AWSFault("ValidationException", "The request is not a JSON object.")
        }
        return members
    }

    private func pipe(named name: String) throws(AWSFault) -> Pipe {
        guard let pipe = pipes[name] else {
            throw AWSFault("NotFoundException", "Pipe \(name) does not exist.", status: 404)
        }
        return pipe
    }

    // MARK: Changes

    private func create(_ name: String, _ members: JSONObject) async throws -> JSON {
        let isName =
            (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { $0.isNamePart || $0 == UInt8(ascii: ".") }
        guard isName else {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value '\(name)' at 'name' failed to satisfy constraint: Member must satisfy "
                    + "regular expression pattern: [\\.\\-_A-Za-z0-9]+")
        }
        guard pipes[name] == nil else {
            throw AWSFault("ConflictException", "Pipe \(name) already exists.", status: 409)
        }
        for member in ["Source", "Target", "RoleArn"] where members[member]?.string?.isEmpty != false {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value null at '\(member.prefix(1).lowercased() + member.dropFirst())' failed to "
                    + "satisfy constraint: Member must not be null")
        }
        for member in ["Source", "Target"] {
            guard let text = members[member]?.string, ARN(text) == nil else { continue }
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value '\(text)' at '\(member.lowercased())' failed to satisfy constraint: expected "
                    + "an ARN")
        }
        return try await set(name, members, "CREATING")
    }

    private func update(_ name: String, _ members: JSONObject) async throws -> JSON {
        let pipe = try pipe(named: name)
        if let source = members["Source"], source.string != pipe.source {
            throw AWSFault("ValidationException", "The source of a pipe cannot be changed.")
        }
        return try await set(name, members, "UPDATING")
    }

    /// - Parameter state: that in which the pipe is on AWS at first.
    private func set(_ name: String, _ members: JSONObject, _ state: String) async throws -> JSON {
        var declaration = state == "CREATING" ? [:] : try pipe(named: name).declaration
        for (member, value) in members { declaration[member] = value }
        declaration["Name"] = .string(name)
        let resource = DeclaredResource(
            logicalID: name, type: "AWS::Pipes::Pipe", properties: .object(declaration))
        _ = try await provision(resource)
        return try changed(try pipe(named: name), state)
    }

    private func changed(_ pipe: Pipe, _ state: String) throws -> JSON {
        var summary = try times(of: pipe.name)
        summary["Arn"] = .string(arn(of: pipe.name))
        summary["Name"] = .string(pipe.name)
        summary["DesiredState"] = state == "DELETING" ? "DELETED" : pipe.declaration["DesiredState"] ?? "RUNNING"
        summary["CurrentState"] = .string(state)
        return .object(summary)
    }

    func saveTimes(of name: String, in transaction: borrowing Transaction) throws {
        let now = clock.now().milliseconds
        try transaction.execute(
            """
            INSERT INTO pipe_times VALUES (?1, ?2, ?2) ON CONFLICT (name) DO UPDATE SET changed_at = excluded.changed_at
            """, .text(name), .integer(now))
    }

    private func times(of name: String) throws -> JSONObject {
        try store.read { snapshot in
            try snapshot.first("SELECT created_at, changed_at FROM pipe_times WHERE name = ?", .text(name)) { row in
                ["CreationTime": Timestamp.json(row.integer(0)), "LastModifiedTime": Timestamp.json(row.integer(1))]
            } ?? [:]
        }
    }

    // MARK: Reads

    private func describe(_ pipe: Pipe) throws -> JSON {
        var document = try summary(of: pipe)
        for (name, value) in pipe.declaration where document[name] == nil { document[name] = value }
        return .object(document)
    }

    private func summary(of pipe: Pipe) throws -> JSONObject {
        var summary: JSONObject = [
            "Arn": .string(arn(of: pipe.name)), "Name": .string(pipe.name), "Source": .string(pipe.source),
            "Target": pipe.declaration["Target"] ?? "", "DesiredState": pipe.declaration["DesiredState"] ?? "RUNNING",
            "CurrentState": .string(currentState(of: pipe)),
        ]
        summary["Enrichment"] = pipe.enrichment.map { .string($0) }
        for (name, value) in try times(of: pipe.name) { summary[name] = value }
        return summary
    }

    private func list(_ query: String) throws -> JSON {
        let query = FormBody(Array(query.utf8))
        let limit = query["Limit"].map { Int($0) ?? 0 } ?? 100
        guard (1...100).contains(limit) else {
            throw AWSFault(
                "ValidationException", "Limit: expected a number from 1 to 100, not \(query["Limit"] ?? "").")
        }
        let matching = pipes.values.filter { pipe in
            pipe.name.hasPrefix(query["NamePrefix"] ?? "") && pipe.source.hasPrefix(query["SourcePrefix"] ?? "")
                && (pipe.declaration["Target"]?.string ?? "").hasPrefix(query["TargetPrefix"] ?? "")
                && pipe.name > query["NextToken"] ?? ""
                && (query["CurrentState"] ?? currentState(of: pipe)) == currentState(of: pipe)
                && (query["DesiredState"] ?? currentState(of: pipe)) == currentState(of: pipe)
        }.sorted { $0.name < $1.name }
        var answer: JSONObject = ["Pipes": .array(try matching.prefix(limit).map { .object(try summary(of: $0)) })]
        if matching.count > limit { answer["NextToken"] = .string(matching[limit - 1].name) }
        return .object(answer)
    }

    private static func answer(_ status: Int, _ document: JSON, type: String? = nil) -> HTTPResponse {
        var headers = HTTPHeaders([("Content-Type", "application/json")])
        if let type { headers.append("x-amzn-ErrorType", type) }
        return HTTPResponse(status: status, headers: headers, body: .bytes(document.bytes))
    }
}
