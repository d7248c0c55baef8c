package import EmulatorCore
internal import JSON

extension LambdaService: ResourcePolicyKeeping {
    package var policyService: String { "lambda" }

    /// The policy that permissions make.
    /// - Parameter arn: of a function, with or without a qualifier.
    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        guard arn.resource.hasPrefix("function:"), let function = try? registry.function(arn.text),
            let statements = function.declaration["Policy"]?.array, !statements.isEmpty
        else { return nil }
        return JSON.object(["Version": "2012-10-17", "Id": "default", "Statement": .array(statements)]).text
    }
}
