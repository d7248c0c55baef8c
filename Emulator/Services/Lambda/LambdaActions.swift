package import EmulatorCore
package import JSON
internal import URLCoding

/// Lambda as the SDK integrations of state machines call it: a document instead of a path, headers and a body.
///
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>
extension LambdaService: ActionPerforming {
    package var actionService: String { "lambda" }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        guard let route = Self.routes[action] else { throw .notEmulated("Lambda's \(action)") }
        do {
            return try await answer(to: action, by: route, input)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    /// The method of an operation, and its path, in which `{Name}` is a member of the input.
    private struct Route: Sendable {
        let method: String
        let path: String

        init(_ text: String) {
            let words = text.split(separator: " ").map(String.init)
            (method, path) = (words[0], words[1])
        }
    }

    private static let routes: [String: Route] = [
        "Invoke": "POST functions/{FunctionName}/invocations", "GetFunction": "GET functions/{FunctionName}",
        "CreateFunction": "POST functions", "DeleteFunction": "DELETE functions/{FunctionName}",
        "ListFunctions": "GET functions", "GetFunctionConfiguration": "GET functions/{FunctionName}/configuration",
        "UpdateFunctionConfiguration": "PUT functions/{FunctionName}/configuration",
        "UpdateFunctionCode": "PUT functions/{FunctionName}/code",
        "PutFunctionConcurrency": "PUT functions/{FunctionName}/concurrency",
        "GetFunctionConcurrency": "GET functions/{FunctionName}/concurrency",
        "ListVersionsByFunction": "GET functions/{FunctionName}/versions",
        "ListAliases": "GET functions/{FunctionName}/aliases", "GetPolicy": "GET functions/{FunctionName}/policy",
        "AddPermission": "POST functions/{FunctionName}/policy",
        "RemovePermission": "DELETE functions/{FunctionName}/policy/{StatementId}",
        "PutFunctionEventInvokeConfig": "PUT functions/{FunctionName}/event-invoke-config",
        "ListEventSourceMappings": "GET event-source-mappings",
        "CreateEventSourceMapping": "POST event-source-mappings",
        "GetEventSourceMapping": "GET event-source-mappings/{UUID}",
        "UpdateEventSourceMapping": "PUT event-source-mappings/{UUID}",
        "DeleteEventSourceMapping": "DELETE event-source-mappings/{UUID}", "GetAccountSettings": "GET account-settings",
        "ListTags": "GET tags/{Resource}", "ListLayers": "GET layers",
        "PublishLayerVersion": "POST layers/{LayerName}/versions",
        "ListLayerVersions": "GET layers/{LayerName}/versions",
        "CreateFunctionUrlConfig": "POST functions/{FunctionName}/url",
        "GetFunctionUrlConfig": "GET functions/{FunctionName}/url",
        "UpdateFunctionUrlConfig": "PUT functions/{FunctionName}/url",
        "DeleteFunctionUrlConfig": "DELETE functions/{FunctionName}/url",
        "ListFunctionUrlConfigs": "GET functions/{FunctionName}/urls",
    ].mapValues { Route($0) }

    private func answer(to action: String, by route: Route, _ input: JSON) async throws -> JSON {
        var rest = input.object ?? [:]
        var parts = ["2015-03-31"]
        for part in route.path.split(separator: "/").map(String.init) {
            guard part.hasPrefix("{") else {
                parts.append(part)
                continue
            }
            let name = String(part.dropFirst().dropLast())
            guard let value = rest[name]?.string else {
                let field = name.prefix(1).lowercased() + name.dropFirst()
                throw AWSFault(
                    "ValidationException",
                    "1 validation error detected: Value null at '\(field)' failed to satisfy constraint: Member must "
                        + "not be null")
            }
            parts.append(value)
            rest[name] = nil
        }
        var request = HTTPRequest(method: route.method, path: "/" + parts.joined(separator: "/"))
        if action == "Invoke" {
            for (name, header) in [("InvocationType", "X-Amz-Invocation-Type"), ("LogType", "X-Amz-Log-Type")] {
                if let value = rest[name]?.string { request.headers.append(header, value) }
            }
            let payload = rest["Payload"]
            request.body = RequestBody(payload?.string.map { Array($0.utf8) } ?? payload?.bytes ?? [])
        } else if route.method == "GET" {
            request.query = rest.compactMap { name, value in
                value.string.map { "\(name)=\($0.percentEncoded())" }
            }.joined(separator: "&")
        } else {
            request.body = RequestBody(JSON.object(rest).bytes)
        }
        let response = try await answer(request, parts)
        guard case .bytes(let body) = response.body else { return [:] }
        if action == "Invoke" { return Self.invocation(response, body) }
        return body.isEmpty ? [:] : try JSON(parsing: body)
    }

    private static func invocation(_ response: HTTPResponse, _ body: [UInt8]) -> JSON {
        var answer: JSONObject = ["StatusCode": .int(response.status)]
        for (member, header) in [
            ("ExecutedVersion", "X-Amz-Executed-Version"), ("FunctionError", "X-Amz-Function-Error"),
            ("LogResult", "X-Amz-Log-Result"),
        ] {
            if let value = response.headers[header] { answer[member] = .string(value) }
        }
        answer["Payload"] = .string(String(decoding: body, as: UTF8.self))
        return .object(answer)
    }
}
