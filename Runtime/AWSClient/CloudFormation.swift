internal import XML

/// CloudFormation: the outputs of stacks.
public struct CloudFormation: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// The outputs of a stack, by name.
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>
    public func outputs(ofStack name: String) throws(AWSError) -> [String: String] {
        let operation = "cloudformation DescribeStacks"
        let request = HTTPRequest(
            form: [("Action", "DescribeStacks"), ("Version", "2010-05-15"), ("StackName", name)],
            to: client.configuration.origin(of: "cloudformation"))
        let response = try client.call(request, service: "cloudformation", operation: operation)
        guard let stack = (try? XMLElement(parsing: response.body))?["DescribeStacksResult"]?["Stacks"]?["member"]
        else {
            throw .unexpectedResponse(operation: operation, reason: "it contains no stack")
        }
        var outputs: [String: String] = [:]
        for output in stack["Outputs"]?.all("member") ?? [] {
            if let key = output["OutputKey"]?.text { outputs[key] = output["OutputValue"]?.text }
        }
        return outputs
    }
}
