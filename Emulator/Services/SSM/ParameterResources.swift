package import EmulatorCore
internal import JSON

/// Parameters in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html>
extension ParameterStore: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::SSM::Parameter"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["Name"]?.string ?? resource.logicalID
        let value = properties["Value"].map { $0.string ?? $0.text } ?? ""
        let type = properties["Type"]?.string ?? ""
        guard type == "String" || type == "StringList" else {
            throw AWSFault(
                "ValidationException", "Type is '\(type)'; a template's parameter is a String or StringList.")
        }
        _ = try await perform(
            "PutParameter",
            ["Name": .string(name), "Value": .string(value), "Type": .string(type), "Overwrite": true])
        return ProvisionedResource(ref: name, attributes: ["Type": type, "Value": value])
    }

    package func remove(_ type: String, _ name: String) async throws(AWSFault) {
        do throws(AWSFault) {
            _ = try await perform("DeleteParameter", ["Name": .string(name)])
        } catch {
            guard error.code == "ParameterNotFound" else { throw error }
        }
    }
}
