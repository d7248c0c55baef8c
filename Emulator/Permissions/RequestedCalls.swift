internal import EmulatorCore
internal import JSON
internal import URLCoding

/// The calls of a request, by the protocol of its service.
struct RequestedCalls: Sendable {
    var calls: [ServiceCall] = []
    /// The call without which S3 does not say that an object is missing.
    var listing: ServiceCall?

    /// The largest body in bytes that any service but S3 takes.
    private static let largestBody = 70 << 20

    /// - Parameter request: gets its body back where it was read.
    init(_ request: inout HTTPRequest, _ service: String, _ permissions: Permissions) async throws {
        switch service {
        case "s3":
            let call = S3Calls(request)
            calls = call.needsBody ? call.deletions(try await Self.body(&request)) : call.calls
            listing = call.listing
            for (use, bucket) in call.keyUses {
                calls += await permissions.keyCalls(use, bucket: bucket, call.headers)
            }
        case "iceberg.glue":
            calls = IcebergCalls(request, try await Self.body(&request), permissions.account).calls
        default:
            guard let (operation, input) = try await Self.operation(&request, service) else { return }
            calls = await permissions.calls(operation, of: service, input)
        }
    }

    private static func body(_ request: inout HTTPRequest) async throws -> [UInt8] {
        let bytes = try await request.body.collect(upTo: largestBody)
        request.body = RequestBody(bytes)
        return bytes
    }

    /// The operation with its members; nil where the request names none, which the service refuses.
    private static func operation(
        _ request: inout HTTPRequest, _ service: String
    ) async throws -> (String, JSON)? {
        if let target = request.headers["X-Amz-Target"], let dot = target.lastIndex(of: ".") {
            let input = try? JSON(parsing: try await body(&request))
            return (String(target[target.index(after: dot)...]), input ?? [:])
        }
        let path = request.path.split(separator: "/").map { String(percentDecoding: String($0)) ?? String($0) }
        switch service {
        case "lambda": return LambdaPaths.operation(request, path)
        case "emr-serverless":
            let input = request.method == "GET" ? nil : try? JSON(parsing: try await body(&request))
            return ApplicationPaths.operation(request, path, input ?? [:])
        case "scheduler", "pipes": return ResourcePaths.operation(request, path, service)
        // CloudWatch takes CBOR at a path with the operation's name.
        case "monitoring" where path.first == "service": return (path.last ?? "", [:])
        default:
            let form = FormBody(try await body(&request))
            return form["Action"].map { ($0, form.document) }
        }
    }
}

/// Lambda's paths, which begin with the date of an operation.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>
private enum LambdaPaths {
    static func operation(_ request: HTTPRequest, _ path: [String]) -> (String, JSON)? {
        guard path.count > 1 else { return nil }
        let name = path.count > 2 ? path[2] : ""
        let input: JSON = ["FunctionName": .string(name)]
        switch path[1] {
        case "functions":
            guard path.count > 2 else { return (request.method == "GET" ? "ListFunctions" : "CreateFunction", [:]) }
            return (function(request.method, path.count > 3 ? path[3] : "", path.count), input)
        case "event-source-mappings":
            let verb = ["GET": "Get", "POST": "Create", "PUT": "Update", "DELETE": "Delete"][request.method] ?? "Get"
            let isList = request.method == "GET" && path.count == 2
            return (isList ? "ListEventSourceMappings" : verb + "EventSourceMapping", [:])
        case "layers": return (request.method == "GET" ? "GetLayerVersion" : "PublishLayerVersion", [:])
        case "account-settings": return ("GetAccountSettings", [:])
        case "tags": return ("ListTags", ["FunctionName": .string(path.count > 2 ? path[2] : "")])
        default: return nil
        }
    }

    private static func function(_ method: String, _ part: String, _ count: Int) -> String {
        switch (method, part) {
        case (_, "invocations"), (_, "response-streaming-invocations"): "Invoke"
        case ("GET", ""): "GetFunction"
        case ("DELETE", ""): "DeleteFunction"
        case ("GET", "configuration"): "GetFunctionConfiguration"
        case (_, "configuration"): "UpdateFunctionConfiguration"
        case (_, "code"): "UpdateFunctionCode"
        case ("GET", "policy"): "GetPolicy"
        case ("POST", "policy"): "AddPermission"
        case (_, "policy"): "RemovePermission"
        case ("GET", "concurrency"): "GetFunctionConcurrency"
        case ("PUT", "concurrency"): "PutFunctionConcurrency"
        case (_, "concurrency"): "DeleteFunctionConcurrency"
        case ("GET", "event-invoke-config"):
            count > 4 ? "ListFunctionEventInvokeConfigs" : "GetFunctionEventInvokeConfig"
        case ("PUT", "event-invoke-config"): "PutFunctionEventInvokeConfig"
        case ("POST", "event-invoke-config"): "UpdateFunctionEventInvokeConfig"
        case (_, "event-invoke-config"): "DeleteFunctionEventInvokeConfig"
        case ("GET", "url"): "GetFunctionUrlConfig"
        case ("GET", "urls"): "ListFunctionUrlConfigs"
        case ("POST", "url"): "CreateFunctionUrlConfig"
        case ("PUT", "url"): "UpdateFunctionUrlConfig"
        case (_, "url"): "DeleteFunctionUrlConfig"
        case (_, "aliases"): "ListAliases"
        default: "ListVersionsByFunction"
        }
    }
}

/// EMR Serverless's paths.
private enum ApplicationPaths {
    static func operation(_ request: HTTPRequest, _ path: [String], _ input: JSON) -> (String, JSON)? {
        var input = input.object ?? [:]
        if path.first == "tags" {
            input["resourceArn"] = .string(path.dropFirst().joined(separator: "/"))
            let verbs = ["GET": "ListTagsForResource", "POST": "TagResource"]
            return (verbs[request.method] ?? "UntagResource", .object(input))
        }
        guard path.count > 1 else {
            return (request.method == "POST" ? "CreateApplication" : "ListApplications", .object(input))
        }
        input["applicationId"] = .string(path[1])
        if path.count > 3 { input["jobRunId"] = .string(path[3]) }
        let operation: String
        switch (request.method, path.count > 2 ? path[2] : "", path.count) {
        case ("GET", "", _): operation = "GetApplication"
        case ("PATCH", "", _): operation = "UpdateApplication"
        case ("DELETE", "", _): operation = "DeleteApplication"
        case (_, "start", _): operation = "StartApplication"
        case (_, "stop", _): operation = "StopApplication"
        case ("POST", "jobruns", _): operation = "StartJobRun"
        case ("GET", "jobruns", 3): operation = "ListJobRuns"
        case ("GET", "jobruns", _): operation = "GetJobRun"
        default: operation = "CancelJobRun"
        }
        return (operation, .object(input))
    }
}

/// The paths of Pipes and Scheduler: `/v1/pipes/<name>`, `/schedules/<name>`.
private enum ResourcePaths {
    static func operation(_ request: HTTPRequest, _ path: [String], _ service: String) -> (String, JSON)? {
        let parts = path.first == "v1" ? Array(path.dropFirst()) : path
        guard let kind = parts.first else { return nil }
        let noun = ["pipes": "Pipe", "schedules": "Schedule", "schedule-groups": "ScheduleGroup"][kind] ?? "Resource"
        guard parts.count > 1 else { return ("List\(noun)s", [:]) }
        var input: JSONObject = ["Name": .string(parts[1])]
        input["GroupName"] = Query(request.query)["groupName"].map { .string($0) }
        if parts.count > 2 { return ((parts[2] == "start" ? "Start" : "Stop") + noun, .object(input)) }
        let reading = service == "pipes" ? "Describe" : "Get"
        let verb = ["GET": reading, "POST": "Create", "PUT": "Update", "DELETE": "Delete"][request.method] ?? reading
        return (verb + noun, .object(input))
    }
}
