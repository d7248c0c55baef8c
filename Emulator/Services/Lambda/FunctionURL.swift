internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// The address of a function for plain HTTP requests.
///
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>
struct FunctionURL: Sendable {
    /// The first label of the host name that the URL would have on AWS.
    let id: String
    /// Of its listener on 127.0.0.1.
    var port: Int
    var requiresSignature: Bool
    var cors: JSON?
    let createdAt: String
    var changedAt: String

    /// - Throws: ``AWSFault`` for what AWS refuses, and for responses that stream.
    init(_ input: JSON, id: String, port: Int, at now: String) throws(AWSFault) {
        let authentication = try Self.choice("AuthType", in: input, of: ["NONE", "AWS_IAM"])
        guard let authentication else {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value null at 'authType' failed to satisfy constraint: Member must not "
                    + "be null")
        }
        try Self.checkMode(of: input)
        self.id = id
        self.port = port
        requiresSignature = authentication == "AWS_IAM"
        cors = input["Cors"]
        createdAt = now
        changedAt = now
    }

    /// Reads what ``stored`` made.
    init?(stored: JSON?) {
        guard let stored, let id = stored["Id"]?.string, let port = stored["Port"]?.int else { return nil }
        self.id = id
        self.port = port
        requiresSignature = stored["AuthType"] == "AWS_IAM"
        cors = stored["Cors"]
        createdAt = stored["CreationTime"]?.string ?? ""
        changedAt = stored["LastModifiedTime"]?.string ?? ""
    }

    var url: String { "http://127.0.0.1:\(port)/" }

    var stored: JSON {
        var members: JSONObject = [
            "Id": .string(id), "Port": .int(port), "AuthType": .string(authentication),
            "CreationTime": .string(createdAt), "LastModifiedTime": .string(changedAt),
        ]
        members["Cors"] = cors
        return .object(members)
    }

    private var authentication: String { requiresSignature ? "AWS_IAM" : "NONE" }

    /// The answer of the operations.
    func document(functionARN: String) -> JSON {
        var document: JSONObject = [
            "FunctionUrl": .string(url), "FunctionArn": .string(functionARN), "AuthType": .string(authentication),
            "CreationTime": .string(createdAt), "LastModifiedTime": .string(changedAt), "InvokeMode": "BUFFERED",
        ]
        document["Cors"] = cors
        return .object(document)
    }

    mutating func update(_ input: JSON, at now: String) throws(AWSFault) {
        try Self.checkMode(of: input)
        if let authentication = try Self.choice("AuthType", in: input, of: ["NONE", "AWS_IAM"]) {
            requiresSignature = authentication == "AWS_IAM"
        }
        cors = input["Cors"] ?? cors
        changedAt = now
    }

    private static func checkMode(of input: JSON) throws(AWSFault) {
        guard try choice("InvokeMode", in: input, of: ["BUFFERED", "RESPONSE_STREAM"]) == "RESPONSE_STREAM" else {
            return
        }
        throw .notEmulated("The InvokeMode RESPONSE_STREAM of function URLs")
    }

    private static func choice(
        _ name: String, in input: JSON, of values: [String]
    ) throws(AWSFault) -> String? {
        guard let value = input[name] else { return nil }
        guard let text = value.string, values.contains(text) else {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value '\(value.string ?? value.text)' at "
                    + "'\(name.prefix(1).lowercased() + name.dropFirst())' failed to satisfy constraint: Member must "
                    + "satisfy enum value set: [\(values.joined(separator: ", "))]")
        }
        return text
    }
}

/// The open listeners of function URLs, by function.
actor FunctionURLListeners {
    private let listening: any Listening
    private var listeners: [String: any Listener] = [:]

    init(_ listening: any Listening) { self.listening = listening }

    /// Opens the function's listener, where it can on the port that it had.
    /// - Returns: the port.
    /// - Parameter grants: what pages of other origins may do.
    func open(
        _ function: String, port: Int, grants: @escaping BrowserGuard.Grants, respond: @escaping Responder
    ) async throws(AWSFault) -> Int {
        if let open = listeners[function] { return open.port }
        let listening =
            (self.listening as? GuardedListening)?.granting(grants)
            ?? GuardedListening(self.listening, by: BrowserGuard(grants: grants))
        let listener: any Listener
        do {
            if port != 0, let same = try? await listening.listen(port: port, respond: respond) {
                listener = same
            } else {
                listener = try await listening.listen(port: 0, respond: respond)
            }
        } catch { throw .internalFailure(error) }
        listeners[function] = listener
        return listener.port
    }

    func close(_ function: String) async { await listeners.removeValue(forKey: function)?.close() }

    func closeAll() async {
        for function in Array(listeners.keys) { await close(function) }
    }
}

// MARK: Operations

extension LambdaService {
    func answerURL(
        _ request: HTTPRequest, function name: String, isList: Bool
    ) async throws -> HTTPResponse {
        let function = try registry.function(name)
        let arn = registry.arn(of: function.name)
        let url = FunctionURL(stored: function.declaration["UrlConfig"])
        switch request.method {
        case "GET" where isList:
            return Self.json(200, ["FunctionUrlConfigs": .array(url.map { [$0.document(functionARN: arn)] } ?? [])])
        case "POST":
            return Self.json(201, try await createURL(of: function.name, try await input(request)))
        case "GET": return Self.json(200, try Self.found(url).document(functionARN: arn))
        case "PUT":
            var changed = try Self.found(url)
            try changed.update(try await input(request), at: options.clock.now().rfc3339)
            try await save(changed, of: function.name)
            return Self.json(200, changed.document(functionARN: arn))
        case "DELETE":
            _ = try Self.found(url)
            try await removeURL(of: function.name)
            return HTTPResponse(status: 204)
        default: throw AWSFault.notEmulated("Lambda's \(request.method) \(request.path)")
        }
    }

    private static func found(_ url: FunctionURL?) throws(AWSFault) -> FunctionURL {
        guard let url else {
            throw AWSFault("ResourceNotFoundException", "The resource you requested does not exist.", status: 404)
        }
        return url
    }

    /// Creates the function's URL and opens its listener.
    private func createURL(of name: String, _ input: JSON) async throws(AWSFault) -> JSON {
        let function = try registry.function(name)
        let arn = registry.arn(of: function.name)
        guard function.declaration["UrlConfig"] == nil else {
            throw AWSFault(
                "ResourceConflictException",
                "Failed to create function url config for [functionArn = \(arn)]. Error "
                    + "message:  FunctionUrlConfig exists for this Lambda function", status: 409)
        }
        let id = options.clock.uuid().filter { $0 != "-" }
        var url = try FunctionURL(input, id: id, port: 0, at: options.clock.now().rfc3339)
        url.port = try await openURL(of: function.name, port: 0)
        try await save(url, of: function.name)
        return url.document(functionARN: arn)
    }

    private func save(_ url: FunctionURL, of name: String) async throws(AWSFault) {
        var function = try registry.function(name)
        function.declaration["UrlConfig"] = url.stored
        try await registry.save(function)
    }

    private func openURL(of name: String, port: Int) async throws(AWSFault) -> Int {
        let grants: BrowserGuard.Grants = { [weak self] page, _ in
            guard let function = try? self?.registry.function(name) else { return nil }
            return FunctionURL(stored: function.declaration["UrlConfig"])?.grant(to: page)
        }
        return try await urls.open(name, port: port, grants: grants) { [weak self] request in
            await self?.answer(request, atURLOf: name) ?? HTTPResponse(status: 503)
        }
    }

    /// Opens the listeners of all functions that have a URL, after a start.
    func openURLs() async throws(AWSFault) {
        for function in registry.all {
            guard var url = FunctionURL(stored: function.declaration["UrlConfig"]) else { continue }
            let port = try await openURL(of: function.name, port: url.port)
            guard port != url.port else { continue }
            url.port = port
            try await save(url, of: function.name)
        }
    }

    /// - Parameter reference: a name or an ARN.
    func removeURL(of reference: String) async throws(AWSFault) {
        let name = FunctionReference(reference).name
        await urls.close(name)
        guard var function = try? registry.function(name) else { return }
        function.declaration["UrlConfig"] = nil
        try await registry.save(function)
    }

    /// `AWS::Lambda::Url`: the URL is created once, and keeps its address while its settings change.
    func provisionURL(_ properties: JSON) async throws(AWSFault) -> ProvisionedResource {
        guard let target = properties["TargetFunctionArn"]?.string else {
            throw .validation("An AWS::Lambda::Url has no TargetFunctionArn.")
        }
        let name = try registry.function(target).name
        let arn = registry.arn(of: name)
        var url = FunctionURL(stored: try registry.function(name).declaration["UrlConfig"])
        if url == nil {
            _ = try await createURL(of: name, properties)
            url = FunctionURL(stored: try registry.function(name).declaration["UrlConfig"])
        } else {
            try url?.update(properties, at: options.clock.now().rfc3339)
            if let url { try await save(url, of: name) }
        }
        return ProvisionedResource(
            ref: arn, attributes: ["FunctionArn": arn, "FunctionUrl": url?.url ?? ""])
    }
}
