internal import EmulatorCore
internal import JSON
internal import URLCoding

extension LambdaService {
    /// - Parameter id: the mapping that the path names.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html>
    func answerEventSources(_ request: HTTPRequest, _ id: String?) async throws -> HTTPResponse {
        switch (request.method, id) {
        case ("GET", nil):
            let found = try mappings.list(
                function: Self.parameter("FunctionName", of: request),
                source: Self.parameter("EventSourceArn", of: request))
            return Self.json(200, ["EventSourceMappings": .array(found)])
        case ("POST", nil):
            let declaration = try await input(request).object ?? [:]
            _ = try registry.function(declaration["FunctionName"]?.string ?? "")
            return Self.json(202, try await mappings.create(declaration))
        case ("GET", let id?): return Self.json(200, try mappings.document(of: id))
        case ("PUT", let id?):
            return Self.json(202, try await mappings.update(id, try await input(request).object ?? [:]))
        case ("DELETE", let id?): return Self.json(202, try await mappings.remove(id))
        default: throw AWSFault.notEmulated("Lambda's \(request.method) \(request.path)")
        }
    }

    private static func parameter(_ name: String, of request: HTTPRequest) -> String? {
        for pair in request.query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.first == name { return parts.count == 2 ? String(percentDecoding: parts[1]) : "" }
        }
        return nil
    }
}
