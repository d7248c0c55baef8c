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
        guard !name.isEmpty, name.utf8.allSatisfy({ $0.isNamePart || $0 == UInt8(ascii: ".") }) else {
            throw .firehoseValidation(
                "deliveryStreamName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", found: name)
        }
        guard name.utf8.count <= 64 else {
            throw .firehoseValidation(
                "deliveryStreamName", "Member must have length less than or equal to 64", found: name)
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
                name: name, declaration: .object(declaration), tags: try Self.tags(input["Tags"]),
                createdAt: clock.now().milliseconds))
        return ["DeliveryStreamARN": .string(arn(of: name))]
    }

    func deleteDeliveryStream(_ input: JSON) async throws -> JSON {
        try await delete(try name(input))
        return [:]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html>
    func describeDeliveryStream(_ input: JSON) throws -> JSON {
        let name = try name(input)
        _ = try Self.limit(input, default: 1, in: 1...10_000)
        let stream = try stored(name)
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
                    "S3DestinationDescription": .object(Self.basic(destination)),
                ]
            ],
        ]
        if let encryption = DeliveryConfiguration.encryption(stream.declaration) {
            description["DeliveryStreamEncryptionConfiguration"] = encryption
        }
        if var source = stream.declaration["KinesisStreamSourceConfiguration"]?.object {
            source["DeliveryStartTimestamp"] = Timestamp.json(stream.createdAt)
            description["Source"] = ["KinesisStreamSourceDescription": .object(source)]
        }
        description["EmulatorProgress"] = try DeliveryProgress(try context(of: stream.name)).document
        return ["DeliveryStreamDescription": .object(description)]
    }

    /// What the older description of a destination has; the service shows both.
    private static func basic(_ destination: JSONObject) -> JSONObject {
        let members: Set = [
            "RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat",
            "EncryptionConfiguration", "CloudWatchLoggingOptions",
        ]
        var basic: JSONObject = [:]
        for (name, value) in destination where members.contains(name) { basic[name] = value }
        return basic
    }

    /// How many entries a request wants in the answer's list.
    static func limit(_ input: JSON, default: Int, in range: ClosedRange<Int>) throws(AWSFault) -> Int {
        let limit = input["Limit"]?.int ?? `default`
        guard limit >= range.lowerBound else {
            throw .firehoseValidation(
                "limit", "Member must have value greater than or equal to \(range.lowerBound)", found: String(limit))
        }
        guard limit <= range.upperBound else {
            throw .firehoseValidation(
                "limit", "Member must have value less than or equal to \(range.upperBound)", found: String(limit))
        }
        return limit
    }

    func listDeliveryStreams(_ input: JSON) throws -> JSON {
        let limit = try Self.limit(input, default: 10, in: 1...10_000)
        let type = input["DeliveryStreamType"]?.string
        let types = ["DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource"]
        guard type.map(types.contains) ?? true else {
            throw AWSFault.firehoseValidation(
                "deliveryStreamType", "Member must satisfy enum value set: [\(types.joined(separator: ", "))]",
                found: type)
        }
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
        _ = try stored(name)
        let update = try Self.update(input)
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

    /// The members that an update replaces.
    private static func update(_ input: JSON) throws(AWSFault) -> JSONObject {
        let updates = (input.object ?? [:]).filter { $0.name.hasSuffix("DestinationUpdate") }
        guard updates.count == 1, let update = updates.first else { throw .firehoseOneDestination }
        let type = update.name.dropLast("DestinationUpdate".count)
        guard ["S3", "ExtendedS3"].contains(type) else {
            throw .firehoseArgument(
                "Changing the destination type to or from \(type) is not supported at this time.")
        }
        guard let members = update.value.object else {
            throw AWSFault("SerializationException", "\(update.name): expected a structure")
        }
        return members
    }

    func stored(_ name: String) throws -> StoredDeliveryStream {
        guard let stream = try store.read({ try StoredDeliveryStream.find(name, in: $0) }) else {
            throw AWSFault.noDeliveryStream(name, account)
        }
        return stream
    }
}
