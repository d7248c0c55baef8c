package import EmulatorCore
internal import JSON

extension SQSService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::SQS::Queue", Self.policyType] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.type == Self.policyType { return try await provisionPolicy(resource) }
        let properties = resource.properties
        let isFIFO = properties["FifoQueue"].map { $0.bool ?? ($0.string == "true") } ?? false
        let name = properties["QueueName"]?.string ?? resource.logicalID + (isFIFO ? ".fifo" : "")
        var attributes: JSONObject = [:]
        for attribute in QueueSettings.names {
            // A standard queue must not have the attribute FifoQueue.
            guard let value = properties[attribute], attribute != "FifoQueue" || isFIFO else { continue }
            attributes[attribute] = .string(value.string ?? value.text)
        }
        let tags = (properties["Tags"]?.array ?? []).compactMap { tag in
            tag["Key"]?.string.map { ($0, tag["Value"] ?? "") }
        }
        do {
            if let existing = try store.read({ try StoredQueue.find(name, in: $0) }) {
                try await update(existing, to: attributes)
            } else {
                _ = try await createQueue([
                    "QueueName": .string(name), "Attributes": .object(attributes), "tags": .object(JSONObject(tags)),
                ])
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
        let url = url(of: name)
        return ProvisionedResource(
            ref: url, attributes: ["Arn": arn(of: name), "QueueName": name, "QueueUrl": url])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == Self.policyType { return try await removePolicy(ref) }
        do {
            _ = try await deleteQueue(["QueueUrl": .string(ref)])
        } catch let fault as AWSFault {
            guard fault.code == AWSFault.noQueue.code else { throw fault }
        } catch {
            throw .internalFailure(error)
        }
    }

    /// Writes only changed attributes. Checking first saves a commit at every start.
    private func update(_ queue: StoredQueue, to attributes: JSONObject) async throws {
        var changes = JSONObject(
            attributes.filter { queue.settings[$0.name] != $0.value.string && $0.name != "FifoQueue" }
                .map { ($0.name, $0.value) })
        for (name, _) in queue.settings.given where attributes[name] == nil && name != "FifoQueue" {
            changes[name] = ""
        }
        guard !changes.isEmpty else { return }
        _ = try await setQueueAttributes(["QueueUrl": .string(url(of: queue.name)), "Attributes": .object(changes)])
    }
}
