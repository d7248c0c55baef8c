internal import EmulatorCore
internal import JSON

/// What requests have in common: members with few values, limits, tags, roles.
extension StepFunctionsService {
    /// - Throws: ``AWSFault`` for a member that is there and has none of `values`.
    static func check(_ member: String, of input: JSON, at place: String? = nil, in values: [String]) throws(AWSFault) {
        guard let value = input[member], !value.isNull else { return }
        guard let text = value.string, values.contains(text) else {
            throw .constraint(
                value.string ?? value.text, at: place ?? member,
                "satisfy enum value set: [\(values.joined(separator: ", "))]")
        }
    }

    static let workflowTypes = ["STANDARD", "EXPRESS"]

    /// Whether an answer has inputs, outputs and definitions.
    static func includesData(_ input: JSON) throws(AWSFault) -> Bool {
        try check("includedData", of: input, in: ["METADATA_ONLY", "ALL_DATA"])
        return input["includedData"] != "METADATA_ONLY"
    }

    /// The lengths of an error and its cause.
    static func checkFailure(_ input: JSON) throws(AWSFault) {
        for (member, limit) in [("error", 256), ("cause", 32_768)] {
            guard (input[member]?.string?.unicodeScalars.count ?? 0) <= limit else {
                throw .tooLong(member, limit: limit)
            }
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
    static func checkRole(_ arn: String) throws(AWSFault) {
        guard let role = ARN(arn), role.service == "iam", role.resource.hasPrefix("role/") else {
            throw AWSFault("InvalidArn", "Invalid Role Arn: '\(arn)'")
        }
    }

    /// Keys of customers are not emulated.
    static func checkEncryption(_ input: JSON) throws(AWSFault) {
        guard let configuration = input["encryptionConfiguration"] else { return }
        try check(
            "type", of: configuration, at: "encryptionConfiguration.type",
            in: ["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"])
        if configuration["type"] == "CUSTOMER_MANAGED_KMS_KEY" {
            throw .notEmulated("Step Functions' encryption with a key of the customer")
        }
    }

    /// The child executions of a map run, of which the emulator has none: items are not executions of their own.
    func listExecutions(ofMapRun arn: String, _ input: JSON) throws -> JSON {
        guard input["stateMachineArn"] == nil else {
            throw AWSFault.stepFunctionsValidation("Must specify exactly one of stateMachineArn and mapRunArn")
        }
        _ = try Page(input)
        let isKnown = try store.read { snapshot in
            try snapshot.first("SELECT 1 FROM map_runs WHERE arn = ?", .text(arn)) { _ in true }
        }
        guard isKnown == true else { throw AWSFault("ResourceNotFound", "Map Run Does Not Exist: '\(arn)'") }
        return ["executions": []]
    }
}
