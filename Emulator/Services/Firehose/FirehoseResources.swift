package import EmulatorCore
internal import JSON
internal import Time

extension FirehoseService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::KinesisFirehose::DeliveryStream"] }

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisfirehose-deliverystream.html>
    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var properties = resource.properties.object ?? [:]
        let name = properties["DeliveryStreamName"]?.string ?? resource.logicalID
        let tags = try Self.tags(properties["Tags"]?.array?.isEmpty == true ? nil : properties["Tags"])
        properties["DeliveryStreamName"] = nil
        properties["Tags"] = nil
        let declaration = JSON.object(properties)
        do {
            let existing = try store.read { try StoredDeliveryStream.find(name, in: $0) }
            if existing == nil {
                try await create(
                    StoredDeliveryStream(
                        name: name, declaration: declaration, tags: tags, createdAt: clock.now().milliseconds))
            } else if existing?.declaration != declaration || existing?.tags != tags {
                try await reconfigure(name) { stream in
                    stream.declaration = declaration
                    stream.tags = tags
                }
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
        return ProvisionedResource(ref: name, attributes: ["Arn": arn(of: name)])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        do {
            try await delete(ref)
        } catch let fault as AWSFault {
            guard fault.code == "ResourceNotFoundException" else { throw fault }
        } catch {
            throw .internalFailure(error)
        }
    }
}
