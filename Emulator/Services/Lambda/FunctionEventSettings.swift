internal import EmulatorCore
internal import JSON
internal import Time

/// What becomes of events that a function fails on, and how many invocations of it may run side by side.
///
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionEventInvokeConfig.html>
extension LambdaService {
    /// - Parameter isList: whether the answer is a list, which is empty where the function has no settings.
    func eventSettings(of name: String, isList: Bool) throws -> HTTPResponse {
        let function = try registry.function(name)
        guard let config = function.declaration["EventInvokeConfig"] else {
            guard !isList else { return Self.json(200, ["FunctionEventInvokeConfigs": []]) }
            throw noEventSettings(function.name)
        }
        let document = eventDocument(config, of: function.name)
        return Self.json(200, isList ? ["FunctionEventInvokeConfigs": [document]] : document)
    }

    func removeEventSettings(of name: String) async throws -> HTTPResponse {
        var function = try registry.function(name)
        guard function.declaration["EventInvokeConfig"] != nil else { throw noEventSettings(function.name) }
        function.declaration["EventInvokeConfig"] = nil
        try await registry.save(function)
        return HTTPResponse(status: 204)
    }

    func eventDocument(_ config: JSON, of name: String) -> JSON {
        var document = config.object ?? [:]
        document["FunctionArn"] = .string(registry.arn(of: name) + ":$LATEST")
        document["LastModified"] = Timestamp.json(options.clock.now().milliseconds)
        if document["DestinationConfig"] == nil {
            document["DestinationConfig"] = ["OnSuccess": [:], "OnFailure": [:]]
        }
        return .object(document)
    }

    private func noEventSettings(_ name: String) -> AWSFault {
        AWSFault(
            "ResourceNotFoundException",
            "The function \(registry.arn(of: name)):$LATEST doesn't have an EventInvokeConfig", status: 404)
    }

    func removeConcurrency(of name: String) async throws -> HTTPResponse {
        var function = try registry.function(name)
        function.declaration["ReservedConcurrentExecutions"] = nil
        try await registry.save(function)
        await discardWorkers(of: function.name)
        return HTTPResponse(status: 204)
    }
}
