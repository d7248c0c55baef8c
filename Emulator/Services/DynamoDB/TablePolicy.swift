package import EmulatorCore

extension DynamoDB: ResourcePolicyKeeping {
    package var policyService: String { "dynamodb" }

    /// - Parameter arn: of a table, its stream, or an index, which has the policy of its table.
    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        let name = arn.text.parts(separatedBy: "/index/")[0]
        do {
            return try store.read { snapshot in
                try? state.describedTable(named: name, in: snapshot).definition.policies[name]?.text
            }
        } catch { throw .internalFailure(error) }
    }
}
