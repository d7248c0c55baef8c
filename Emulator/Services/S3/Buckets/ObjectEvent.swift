internal import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding

/// A change of an object, as S3 reports it to functions.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
struct ObjectEvent: Sendable {
    /// Such as `ObjectCreated:Put`.
    var name: String
    var key: String
    /// Milliseconds since 1970.
    var time: Int64
    /// Increases from event to event.
    var sequence: Int64
    var requestID: String
    /// In bytes; nil without content.
    var size: Int?
    var etag: String?
    /// Nil in a bucket without versioning.
    var version: String?

    func payload(bucket: String, rule: String, account: Account, owner: String) -> TargetEvent {
        var object: JSONObject = ["key": .string(Self.formEncoded(key))]
        if let size { object["size"] = .int(size) }
        if let etag { object["eTag"] = .string(etag) }
        if let version { object["versionId"] = .string(version) }
        object["sequencer"] = .string(Self.sequencer(sequence))
        let record: JSON = [
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": .string(account.region),
            "eventTime": .string(Timestamp(milliseconds: time).rfc3339), "eventName": .string(name),
            "userIdentity": ["principalId": .string("AWS:\(account.id)")],
            "requestParameters": ["sourceIPAddress": "127.0.0.1"],
            "responseElements": [
                "x-amz-request-id": .string(requestID), "x-amz-id-2": .string(S3.hostID(requestID)),
            ],
            "s3": [
                "s3SchemaVersion": "1.0", "configurationId": .string(rule),
                "bucket": [
                    "name": .string(bucket), "ownerIdentity": ["principalId": .string(owner)],
                    "arn": .string("arn:aws:s3:::\(bucket)"),
                ],
                "object": .object(object),
            ],
        ]
        return TargetEvent(["Records": [record]])
    }

    /// The event as EventBridge has it.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    func busEvent(bucket: String, id: String, account: Account) -> TargetEvent {
        var object: JSONObject = ["key": .string(key)]
        if let size { object["size"] = .int(size) }
        if let etag, !etag.isEmpty { object["etag"] = .string(etag) }
        if let version { object["version-id"] = .string(version) }
        object["sequencer"] = .string(Self.sequencer(sequence))
        let isCreated = name.hasPrefix("ObjectCreated:")
        var detail: JSONObject = [
            "version": "0", "bucket": ["name": .string(bucket)], "object": .object(object),
            "request-id": .string(requestID), "requester": .string(account.id), "source-ip-address": "127.0.0.1",
        ]
        switch name {
        case "ObjectCreated:Put": detail["reason"] = "PutObject"
        case "ObjectCreated:Post": detail["reason"] = "POST Object"
        case "ObjectCreated:Copy": detail["reason"] = "CopyObject"
        case "ObjectCreated:CompleteMultipartUpload": detail["reason"] = "CompleteMultipartUpload"
        default:
            detail["reason"] = "DeleteObject"
            detail["deletion-type"] =
                name.hasSuffix("DeleteMarkerCreated") ? "Delete Marker Created" : "Permanently Deleted"
        }
        let moment = Timestamp(milliseconds: time).rfc3339.dropLast(5) + "Z"
        return TargetEvent([
            "version": "0", "id": .string(id), "detail-type": isCreated ? "Object Created" : "Object Deleted",
            "source": "aws.s3", "account": .string(account.id), "time": .string(String(moment)),
            "region": .string(account.region), "resources": [.string("arn:aws:s3:::\(bucket)")],
            "detail": .object(detail),
        ])
    }

    /// Hexadecimal digits of a fixed length, so that they sort as text.
    private static func sequencer(_ sequence: Int64) -> String {
        let digits = String(sequence, radix: 16, uppercase: true)
        return String(repeating: "0", count: 18 - digits.utf8.count) + digits
    }

    /// The key in form encoding: a space becomes a plus sign, and a slash stays.
    private static func formEncoded(_ key: String) -> String {
        key.percentEncoded(keeping: .path.removing("~").adding("* ")).replacing(" ", with: "+")
    }
}

extension S3 {
    /// Queues `event` for every target with a matching rule, and for EventBridge if the bucket sends to it, in the
    /// transaction of the change.
    func announce(_ event: ObjectEvent, in bucket: String, _ transaction: borrowing Transaction) throws {
        let bus = account.arn("events", "event-bus/default")
        if try transaction.snapshot.configuration(NotificationRule.eventBridge, of: bucket) != nil,
            peers.acceptsEvents(for: bus)
        {
            let sent = event.busEvent(bucket: bucket, id: clock.uuid(), account: account)
            try peers.deliver(sent, to: bus, in: transaction)
        }
        for rule in try transaction.snapshot.notificationRules(bucket) where rule.matches(event.name, key: event.key) {
            let notification = event.payload(bucket: bucket, rule: rule.id, account: account, owner: canonicalUser)
            do {
                let sender = EventSender("s3.amazonaws.com", for: "arn:aws:s3:::\(bucket)")
                try peers.deliver(notification, to: rule.function, from: sender, in: transaction)
            } catch let fault as AWSFault
                where fault.code == "ResourceNotFoundException" || rule.service != "lambda" && fault.status < 500
            {
                // The target was deleted after the bucket was configured: S3 drops the event.
            } catch let fault as AWSFault where fault.code == "AccessDeniedException" {
                peers.write(
                    "An event of \(bucket) was dropped: \(fault.message)\n", group: "/emulator/s3", stream: bucket)
            }
        }
    }
}

extension Transaction {
    /// The next number of the sequence of objects, for a change that adds no object.
    func nextObjectSequence() throws -> Int64 {
        try execute(
            "INSERT OR IGNORE INTO sqlite_sequence SELECT 's3_object', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 's3_object')"
        )
        try execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 's3_object'")
        return try snapshot.first("SELECT seq FROM sqlite_sequence WHERE name = 's3_object'") { $0.integer(0) } ?? 0
    }
}
