package import EmulatorCore
internal import ASL
internal import JSON

/// `AWS::StepFunctions::StateMachine` in templates.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html>
extension StepFunctionsService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::StepFunctions::StateMachine", "AWS::StepFunctions::Activity"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let properties = resource.properties
        if resource.type == "AWS::StepFunctions::Activity" {
            let created = try await perform(
                "CreateActivity", ["name": properties["Name"] ?? .string(resource.logicalID)])
            let arn = created["activityArn"]?.string ?? ""
            return ProvisionedResource(ref: arn, attributes: ["Arn": arn, "Name": properties["Name"]?.string ?? ""])
        }
        let name = properties["StateMachineName"]?.string ?? resource.logicalID
        let arn = account.arn("states", "stateMachine:\(name)")
        var input: JSONObject = [
            "definition": .string(try Self.definition(of: resource)),
            "roleArn": properties["RoleArn"] ?? .string("arn:aws:iam::\(account.id):role/\(resource.logicalID)"),
        ]
        if (try? store.read { try $0.stateMachine(StateMachineARN(arn)) }) != nil {
            let described = try await perform("DescribeStateMachine", ["stateMachineArn": .string(arn)])
            if described["definition"] != input["definition"] || described["roleArn"] != input["roleArn"] {
                input["stateMachineArn"] = .string(arn)
                _ = try await perform("UpdateStateMachine", .object(input))
            }
        } else {
            input["name"] = .string(name)
            input["type"] = properties["StateMachineType"] ?? "STANDARD"
            _ = try await perform("CreateStateMachine", .object(input))
        }
        return ProvisionedResource(ref: arn, attributes: ["Arn": arn, "Name": name])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == "AWS::StepFunctions::Activity" {
            _ = try await perform("DeleteActivity", ["activityArn": .string(ref)])
        } else {
            _ = try await perform("DeleteStateMachine", ["stateMachineArn": .string(ref)])
        }
    }

    /// The text of the definition, with `${name}` replaced by `DefinitionSubstitutions`.
    private static func definition(of resource: DeclaredResource) throws(AWSFault) -> String {
        let properties = resource.properties
        guard let text = properties["DefinitionString"]?.string ?? properties["Definition"]?.text else {
            throw .stepFunctionsValidation(
                "\(resource.logicalID) has no definition: give DefinitionString, Definition or DefinitionS3Location")
        }
        return substituting(properties["DefinitionSubstitutions"]?.object ?? [:], in: text)
    }

    private static func substituting(_ values: JSONObject, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            result += rest[..<start.lowerBound]
            let name = String(rest[start.upperBound..<end])
            if let value = values[name] {
                // Inside a JSON string the text must be escaped.
                let quoted = JSON.string(value.string ?? value.text).text
                result += quoted.dropFirst().dropLast()
            } else {
                result += rest[start.lowerBound...end]
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
