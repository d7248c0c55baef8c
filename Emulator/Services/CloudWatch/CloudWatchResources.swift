package import EmulatorCore
internal import JSON

/// Alarms and dashboards in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html>
extension CloudWatchService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let properties = resource.properties
        if resource.type == "AWS::CloudWatch::Dashboard" {
            let name = properties["DashboardName"]?.string ?? resource.logicalID
            _ = try await perform(
                "PutDashboard", ["DashboardName": .string(name), "DashboardBody": properties["DashboardBody"] ?? .null])
            return ProvisionedResource(ref: name)
        }
        var request = properties.object ?? [:]
        let name = properties["AlarmName"]?.string ?? resource.logicalID
        request["AlarmName"] = .string(name)
        do {
            // Sixty alarms are made at each start. They are evaluated when their metrics come, and by the clock.
            try await keepAlarm(.object(request), isDeclared: true)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
        return ProvisionedResource(ref: name, attributes: ["Arn": account.arn("cloudwatch", "alarm:\(name)")])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == "AWS::CloudWatch::Alarm" {
            _ = try await perform("DeleteAlarms", ["AlarmNames": [.string(ref)]])
            return
        }
        do throws(AWSFault) {
            _ = try await perform("DeleteDashboards", ["DashboardNames": [.string(ref)]])
        } catch {
            guard error.code == "ResourceNotFound" else { throw error }
        }
    }
}
