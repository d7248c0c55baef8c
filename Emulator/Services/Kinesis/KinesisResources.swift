package import EmulatorCore
internal import JSON
internal import Time

extension KinesisService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::Kinesis::Stream"] }

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html>
    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["Name"]?.string ?? resource.logicalID
        let shardCount = properties["ShardCount"]?.looseInt
        var declared = StoredStream(
            name: name, createdAt: clock.now().milliseconds,
            mode: properties["StreamModeDetails"]?["StreamMode"]?.string.flatMap { StoredStream.Mode(rawValue: $0) }
                ?? .provisioned)
        declared.retentionHours = properties["RetentionPeriodHours"]?.looseInt ?? 24
        guard (24...8760).contains(declared.retentionHours) else {
            throw .kinesisArgument("RetentionPeriodHours of the stream \(name): expected 24 to 8760")
        }
        declared.keyID = properties["StreamEncryption"]?["KeyId"]?.string
        let metrics = (properties["DesiredShardLevelMetrics"]?.array ?? []).compactMap(\.string)
        declared.metrics = Self.metrics.filter { metrics.contains($0) || metrics.contains("ALL") }
        for tag in properties["Tags"]?.array ?? [] {
            if let key = tag["Key"]?.string { declared.tags[key] = tag["Value"] ?? "" }
        }
        do {
            if let existing = try store.read({ try StoredStream.find(name, in: $0) }) {
                try await update(existing, to: declared, shards: shardCount)
            } else {
                let count = declared.mode == .onDemand ? Self.onDemandShards : max(1, shardCount ?? 1)
                try await create(declared, shards: count)
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

    /// Only what differs is written: looking first spares every start a commit.
    private func update(_ stream: StoredStream, to declared: StoredStream, shards: Int?) async throws {
        let isSame =
            stream.mode == declared.mode && stream.retentionHours == declared.retentionHours
            && stream.keyID == declared.keyID && stream.metrics == declared.metrics && stream.tags == declared.tags
        if !isSame {
            _ = try await change(stream.name) { stream in
                stream.mode = declared.mode
                stream.retentionHours = declared.retentionHours
                stream.keyID = declared.keyID
                stream.metrics = declared.metrics
                stream.tags = declared.tags
            }
        }
        let open = try store.read { try StoredShard.open(of: stream, in: $0).count }
        if declared.mode == .provisioned, let shards, shards != open {
            _ = try await setShardCount(of: stream.name, to: shards)
        }
    }
}
