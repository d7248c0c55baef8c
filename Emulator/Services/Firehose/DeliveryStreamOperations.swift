internal import EmulatorCore
internal import JSON
internal import Time

// Operations on delivery streams. See <https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html>

extension FirehoseService {
    private static let destinationID = "destinationId-000000000001"

    func name(_ input: JSON) throws(AWSFault) -> String {
        guard let name = input["DeliveryStreamName"]?.string else {
            throw .firehoseValidation("deliveryStreamName", "Member must not be null")
        }
        guard (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({ $0.isNamePart || $0 == UInt8(ascii: ".") })
        else {
            throw .firehoseValidation(
                "deliveryStreamName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
        }
        return name
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html>
    func createDeliveryStream(_ input: JSON) async throws -> JSON {
        let name = try name(input)
        var declaration = input.object ?? [:]
        declaration["DeliveryStreamName"] = nil
        declaration["Tags"] = nil
        try await create(
            StoredDeliveryStream(
                name: name, declaration: .object(declaration), tags: Self.tags(input["Tags"]),
                createdAt: clock.now().milliseconds))
        return ["DeliveryStreamARN": .string(arn(of: name))]
    }

    func deleteDeliveryStream(_ input: JSON) async throws -> JSON {
        try await delete(try name(input))
        return [:]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html>
    func describeDeliveryStream(_ input: JSON) throws -> JSON {
        let stream = try stored(try name(input))
        var destination = try DeliveryConfiguration.destination(stream.declaration).object ?? [:]
        destination["EncryptionConfiguration"] =
            destination["EncryptionConfiguration"] ?? ["NoEncryptionConfig": "NoEncryption"]
        if let backup = destination["S3BackupConfiguration"] {
            destination["S3BackupConfiguration"] = nil
            destination["S3BackupDescription"] = backup
        }
        var description: JSONObject = [
            "DeliveryStreamName": .string(stream.name), "DeliveryStreamARN": .string(arn(of: stream.name)),
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": stream.declaration["DeliveryStreamType"] ?? "DirectPut",
            "VersionId": .string(String(stream.version)), "CreateTimestamp": Timestamp.json(stream.createdAt),
            "LastUpdateTimestamp": Timestamp.json(stream.updatedAt), "HasMoreDestinations": false,
            "Destinations": [
                [
                    "DestinationId": .string(Self.destinationID),
                    "ExtendedS3DestinationDescription": .object(destination),
                ]
            ],
        ]
        if var source = stream.declaration["KinesisStreamSourceConfiguration"]?.object {
            source["DeliveryStartTimestamp"] = Timestamp.json(stream.createdAt)
            description["Source"] = ["KinesisStreamSourceDescription": .object(source)]
        }
        description["EmulatorProgress"] = try DeliveryProgress(try context(of: stream.name)).document
        return ["DeliveryStreamDescription": .object(description)]
    }

    func listDeliveryStreams(_ input: JSON) throws -> JSON {
        let limit = input["Limit"]?.int ?? 10
        guard 1...10_000 ~= limit else {
            throw AWSFault.firehoseValidation("limit", "Member must have value between 1 and 10000")
        }
        let type = input["DeliveryStreamType"]?.string
        let start = input["ExclusiveStartDeliveryStreamName"]?.string ?? ""
        let streams = try store.read { try StoredDeliveryStream.all(after: start, in: $0) }.filter { stream in
            type.map { $0 == stream.declaration["DeliveryStreamType"]?.string ?? "DirectPut" } ?? true
        }
        return [
            "DeliveryStreamNames": .array(streams.prefix(limit).map { .string($0.name) }),
            "HasMoreDeliveryStreams": .bool(streams.count > limit),
        ]
    }

    /// Replaces those members of the destination that the request has.
    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_UpdateDestination.html>
    func updateDestination(_ input: JSON) async throws -> JSON {
        let name = try name(input)
        guard let update = (input["ExtendedS3DestinationUpdate"] ?? input["S3DestinationUpdate"])?.object else {
            throw AWSFault.firehoseArgument("UpdateDestination needs an ExtendedS3DestinationUpdate.")
        }
        let (version, destination) = (input["CurrentDeliveryStreamVersionId"]?.string, input["DestinationId"]?.string)
        guard destination == Self.destinationID else {
            throw AWSFault.firehoseArgument("Destination Id \(destination ?? "") not found")
        }
        try await reconfigure(name) { stream in
            guard version == String(stream.version) else {
                throw AWSFault(
                    "ConcurrentModificationException",
                    "Cannot update firehose: \(name) since the current version id: \(stream.version) and specified "
                        + "version id: \(version ?? "") do not match")
            }
            var declaration = stream.declaration.object ?? [:]
            var merged = try DeliveryConfiguration.destination(stream.declaration).object ?? [:]
            let before = try DeliveryConfiguration(stream.declaration)
            for (member, value) in update {
                // The update of a backup has the name of an update.
                merged[member == "S3BackupUpdate" ? "S3BackupConfiguration" : member] = value
            }
            declaration["S3DestinationConfiguration"] = nil
            declaration["ExtendedS3DestinationConfiguration"] = .object(merged)
            stream.declaration = .object(declaration)
            let after = try DeliveryConfiguration(stream.declaration)
            guard before.isPartitioned == after.isPartitioned else {
                throw AWSFault.firehoseArgument(
                    "Dynamic partitioning can be neither enabled nor disabled after the delivery stream was created.")
            }
            guard before.backup == nil || after.backup != nil else {
                throw AWSFault.firehoseArgument("The backup of source records cannot be disabled once it is enabled.")
            }
        }
        return [:]
    }

    func stored(_ name: String) throws -> StoredDeliveryStream {
        guard let stream = try store.read({ try StoredDeliveryStream.find(name, in: $0) }) else {
            throw AWSFault.noDeliveryStream(name, account)
        }
        return stream
    }

    // MARK: Tags

    static func tags(_ list: JSON?) -> JSONObject {
        var tags: JSONObject = [:]
        for tag in list?.array ?? [] {
            if let key = tag["Key"]?.string { tags[key] = tag["Value"] ?? "" }
        }
        return tags
    }

    func tagDeliveryStream(_ input: JSON) async throws -> JSON {
        let added = Self.tags(input["Tags"])
        return try await changeTags(input) { tags in
            for (key, value) in added { tags[key] = value }
        }
    }

    func untagDeliveryStream(_ input: JSON) async throws -> JSON {
        let removed = (input["TagKeys"]?.array ?? []).compactMap(\.string)
        return try await changeTags(input) { tags in
            for key in removed { tags[key] = nil }
        }
    }

    private func changeTags(
        _ input: JSON, _ change: @escaping @Sendable (inout JSONObject) -> Void
    ) async throws -> JSON {
        let name = try name(input)
        try await store.write { [account] transaction in
            guard var stream = try StoredDeliveryStream.find(name, in: transaction.snapshot) else {
                throw AWSFault.noDeliveryStream(name, account)
            }
            change(&stream.tags)
            try stream.update(in: transaction)
        }
        return [:]
    }

    func listTags(_ input: JSON) throws -> JSON {
        let tags = try stored(try name(input)).tags
        return [
            "Tags": .array(tags.map { ["Key": .string($0.name), "Value": $0.value] }), "HasMoreTags": false,
        ]
    }
}
