internal import JSON

/// AWS Systems Manager's Parameter Store: values by name.
/// - SeeAlso: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
public struct ParameterStore: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// The value of a parameter, decrypted if it is a `SecureString`.
    ///
    /// - Parameter name: The parameter's name or ARN, optionally with a colon and a version or label.
    public func value(of name: String) throws(AWSError) -> String {
        let answer = try client.jsonCall(
            service: "ssm", target: "AmazonSSM", action: "GetParameter",
            input: ["Name": .string(name), "WithDecryption": true], version: "1.1", isRepeatable: true)
        guard let value = answer["Parameter"]?["Value"]?.string else {
            throw .unexpectedResponse(operation: "ssm GetParameter", reason: "Parameter.Value is missing")
        }
        return value
    }
}
