package import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding

// The REST API. Paths begin with the date on which their operation was introduced, which has no other meaning.
// See <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>

extension LambdaService {
    private static let requestLimit = 70 << 20

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let parts = request.path.split(separator: "/").map { String(percentDecoding: String($0)) ?? String($0) }
            return try await answer(request, parts)
        } catch let fault as AWSFault {
            return Self.answer(fault)
        } catch {
            return Self.answer(AWSFault.internalFailure(error))
        }
    }

    /// - Parameter parts: the decoded parts of the path, the first of which is a date.
    func answer(_ request: HTTPRequest, _ parts: [String]) async throws -> HTTPResponse {
        switch (parts.count, parts.dropFirst().first) {
        case (2, "functions"):
            return request.method == "GET" ? listFunctions() : try await createFunction(try await input(request))
        case (3..., "functions"):
            return try await answer(request, function: parts[2], Array(parts[3...]))
        case (2...3, "event-source-mappings"):
            return try await answerEventSources(request, parts.count == 3 ? parts[2] : nil)
        case (2..., "layers"):
            return try await answerLayers(request, Array(parts.dropFirst(2)))
        case (2, "account-settings"):
            return Self.json(200, ["AccountLimit": ["ConcurrentExecutions": .int(options.concurrency)]])
        case (3, "tags") where request.method == "GET":
            return Self.json(200, ["Tags": [:]])
        default: throw AWSFault.notEmulated("Lambda's \(request.method) \(request.path)")
        }
    }

    private func answer(_ request: HTTPRequest, function name: String, _ rest: [String]) async throws -> HTTPResponse {
        switch (request.method, rest.first ?? "", rest.count) {
        case ("POST", "invocations", 1): return try await invoke(name, request)
        case ("GET", "", 0): return Self.json(200, fullDocument(of: try registry.function(name)))
        case ("DELETE", "", 0):
            let function = try registry.function(name)
            try await registry.remove(function.name)
            await discardWorkers(of: function.name)
            await urls.close(function.name)
            return HTTPResponse(status: 204)
        case (_, "url", 1), ("GET", "urls", 1):
            return try await answerURL(request, function: name, isList: rest[0] == "urls")
        case ("GET", "configuration", 1): return Self.json(200, document(of: try registry.function(name)))
        case ("PUT", "code", 1):
            let name = try registry.function(name).name
            let code = try unpacked(["FunctionName": .string(name), "Code": try await input(request)], isArchive: true)
            return try await update(name, merging: .object(code), whole: true)
        case ("PUT", "configuration", 1), ("PUT", "concurrency", 1):
            let changes = try await input(request)
            try checkLayers(changes["Layers"])
            return try await update(name, merging: changes, whole: rest[0] == "configuration")
        case ("GET", "concurrency", 1):
            let concurrency = try registry.function(name).reservedConcurrency
            return Self.json(200, concurrency.map { ["ReservedConcurrentExecutions": .int($0)] } ?? [:])
        case ("GET", "versions", 1):
            return Self.json(200, ["Versions": [document(of: try registry.function(name))]])
        case ("GET", "aliases", 1): return Self.json(200, ["Aliases": []])
        case ("GET", "policy", 1): return try getPolicy(name)
        case ("POST", "policy", 1): return try await addPermission(name, try await input(request))
        case ("DELETE", "policy", 2): return try await removePermission(name, rest[1])
        case ("PUT", "event-invoke-config", 1), ("POST", "event-invoke-config", 1):
            let config = try await input(request)
            try await configureEvents(of: name, config)
            return Self.json(200, eventDocument(config, of: try registry.function(name).name))
        case ("GET", "event-invoke-config", 1...2): return try eventSettings(of: name, isList: rest.count == 2)
        case ("DELETE", "event-invoke-config", 1): return try await removeEventSettings(of: name)
        case ("DELETE", "concurrency", 1): return try await removeConcurrency(of: name)
        default: throw AWSFault.notEmulated("Lambda's \(request.method) \(request.path)")
        }
    }

    // MARK: Invoke

    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
    private func invoke(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let function = try registry.function(name)
        let type = request.headers["X-Amz-Invocation-Type"] ?? "RequestResponse"
        let limit = type == "Event" ? PayloadLimit.event : PayloadLimit.request
        let payload: [UInt8]
        do {
            payload = try await request.body.collect(upTo: limit)
        } catch is AWSFault {
            throw Self.requestTooLarge(limit)
        }
        do { if !payload.isEmpty { _ = try JSON(parsing: payload) } } catch {
            throw AWSFault("InvalidRequestContentException", "Could not parse request body into json: \(error)")
        }
        let event = payload.isEmpty ? Array("{}".utf8) : payload
        switch type {
        case "DryRun":
            _ = try code(of: function)
            return HTTPResponse(status: 204)
        case "Event":
            let requestID = try await queue.store.write { [queue] transaction in
                try queue.add(function: function.name, payload: event, in: transaction)
            }
            return HTTPResponse(status: 202, headers: HTTPHeaders([("x-amzn-RequestId", requestID)]))
        case "RequestResponse":
            return try await invokeAndWait(function, event, request.headers)
        default:
            throw AWSFault.validation("InvocationType must be RequestResponse, Event or DryRun, not \(type).")
        }
    }

    private func invokeAndWait(
        _ function: FunctionConfiguration, _ event: [UInt8], _ headers: HTTPHeaders
    ) async throws -> HTTPResponse {
        let context = headers["X-Amz-Client-Context"].flatMap { [UInt8](base64: $0) }
        let invocation = Invocation(
            requestID: options.clock.uuid(), payload: event,
            clientContext: context.map { String(decoding: $0, as: UTF8.self) }, traceID: headers["X-Amzn-Trace-Id"],
            functionARN: registry.arn(of: function.name))
        let outcome = try await run(function, invocation)
        var answer = HTTPHeaders([
            ("Content-Type", "application/json"), ("x-amzn-RequestId", invocation.requestID),
            ("X-Amz-Executed-Version", "$LATEST"),
        ])
        if let functionError = outcome.functionError { answer.append("X-Amz-Function-Error", functionError) }
        if headers["X-Amz-Log-Type"] == "Tail" { answer.append("X-Amz-Log-Result", outcome.logTail.base64) }
        return HTTPResponse(status: 200, headers: answer, body: .bytes(outcome.payload))
    }

    // MARK: Functions

    private func listFunctions() -> HTTPResponse {
        Self.json(200, ["Functions": .array(registry.all.map { document(of: $0) })])
    }

    private func createFunction(_ input: JSON) async throws -> HTTPResponse {
        guard case .object(let members) = input else { throw AWSFault.validation("The request is not a JSON object.") }
        let function = try FunctionConfiguration(stamped(try unpacked(members, isArchive: true)))
        if (try? registry.function(function.name)) != nil {
            throw AWSFault(
                "ResourceConflictException", "Function already exist: \(function.name)", status: 409)
        }
        _ = try code(of: function)
        try checkLayers(function.declaration["Layers"])
        try await registry.save(function)
        return Self.json(201, document(of: function))
    }

    private func update(_ name: String, merging input: JSON, whole: Bool) async throws -> HTTPResponse {
        var function = try registry.function(name)
        for (name, value) in input.object ?? [:] where name != "FunctionName" { function.declaration[name] = value }
        function.declaration = stamped(function.declaration)
        try await registry.save(function)
        await discardWorkers(of: function.name)
        return Self.json(200, whole ? document(of: function) : input)
    }

    /// - Parameter config: the members of `PutFunctionEventInvokeConfig`.
    func configureEvents(of name: String, _ config: JSON) async throws(AWSFault) {
        var function = try registry.function(name)
        guard function.declaration["EventInvokeConfig"] != config else { return }
        function.declaration["EventInvokeConfig"] = config
        try await registry.save(function)
    }

    // MARK: Permissions, which are stored but not checked

    private func getPolicy(_ name: String) throws -> HTTPResponse {
        let function = try registry.function(name)
        guard let statements = function.declaration["Policy"]?.array, !statements.isEmpty else {
            throw AWSFault("ResourceNotFoundException", "The resource you requested does not exist.", status: 404)
        }
        let policy: JSON = ["Version": "2012-10-17", "Id": "default", "Statement": .array(statements)]
        return Self.json(
            200, ["Policy": .string(policy.text), "RevisionId": function.declaration["RevisionId"] ?? ""])
    }

    private func addPermission(_ name: String, _ input: JSON) async throws -> HTTPResponse {
        let statement = try await grant(name, input)
        return Self.json(201, ["Statement": .string(statement.text)])
    }

    /// - Parameter input: the members of `AddPermission`.
    func grant(_ name: String, _ input: JSON) async throws(AWSFault) -> JSON {
        var function = try registry.function(name)
        let id = input["StatementId"]?.string ?? options.clock.uuid()
        var statement: JSONObject = [
            "Sid": .string(id), "Effect": "Allow", "Principal": ["Service": input["Principal"] ?? ""],
            "Action": input["Action"] ?? "lambda:InvokeFunction", "Resource": .string(registry.arn(of: function.name)),
        ]
        var conditions: JSONObject = [:]
        if let account = input["SourceAccount"] { conditions["StringEquals"] = ["AWS:SourceAccount": account] }
        if let source = input["SourceArn"] { conditions["ArnLike"] = ["AWS:SourceArn": source] }
        if !conditions.isEmpty { statement["Condition"] = .object(conditions) }
        let statements = function.declaration["Policy"]?.array ?? []
        guard !statements.contains(.object(statement)) else { return .object(statement) }
        let others = statements.filter { $0["Sid"]?.string != id }
        function.declaration["Policy"] = .array(others + [.object(statement)])
        try await registry.save(function)
        return .object(statement)
    }

    private func removePermission(_ name: String, _ id: String) async throws -> HTTPResponse {
        var function = try registry.function(name)
        let statements = function.declaration["Policy"]?.array ?? []
        function.declaration["Policy"] = .array(statements.filter { $0["Sid"]?.string != id })
        try await registry.save(function)
        return HTTPResponse(status: 204)
    }

    // MARK: Documents

    func input(_ request: HTTPRequest) async throws -> JSON {
        let body = try await request.body.collect(upTo: Self.requestLimit)
        do { return body.isEmpty ? [:] : try JSON(parsing: body) } catch {
            throw AWSFault("InvalidRequestContentException", "Could not parse request body into json: \(error)")
        }
    }

    static func json(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }

    private static func answer(_ fault: AWSFault) -> HTTPResponse {
        var document = fault.details
        document["Type"] = fault.status < 500 ? "User" : "Server"
        document["Message"] = .string(fault.message)
        var response = json(fault.status, .object(document))
        response.headers.append("x-amzn-ErrorType", fault.code)
        return response
    }
}
