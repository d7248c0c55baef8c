package import EmulatorCore
internal import JSON
internal import Synchronization

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
            let alarm = try PutAlarm(.object(request))
            declared.withLock { $0.append(alarm) }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
        return ProvisionedResource(ref: name, attributes: ["Arn": account.arn("cloudwatch", "alarm:\(name)")])
    }

    /// Puts the alarms of templates at once: there are many, and each start declares them again. They are evaluated when
    /// their metrics come, and by the clock. One that is the same is no update.
    package func keepProvisioned() async throws(AWSFault) {
        let alarms = declared.withLock { declared in
            defer { declared = [] }
            return declared
        }
        do {
            let changed = try store.read { snapshot in
                try alarms.filter { try StoredAlarm.find($0.name, in: snapshot)?.document != $0.document }
            }
            if !changed.isEmpty { try await keep(changed) }
        } catch {
            throw .internalFailure(error)
        }
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
