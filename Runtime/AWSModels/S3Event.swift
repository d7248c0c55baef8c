public import JSON
public import Time
internal import URLCoding

/// S3's notification of created objects: one or more records, possibly repeated, in any order.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
public struct S3Event: Sendable, Hashable {
    public let records: [S3EventRecord]

    public init(records: [S3EventRecord]) { self.records = records }

    /// Reads an event. S3's own test message (`"Event": "s3:TestEvent"`) is an event without records.
    /// - Throws: ``ModelError`` that names the missing or invalid member.
    public init(_ json: JSON) throws(ModelError) {
        if json["Event"]?.string == "s3:TestEvent" {
            records = []
            return
        }
        guard let entries = json["Records"]?.array else { throw ModelError("Records", "expected an array") }
        var records: [S3EventRecord] = []
        for (position, entry) in entries.enumerated() {
            records.append(try S3EventRecord(entry, at: "Records[\(position)]"))
        }
        self.records = records
    }
}

/// One object version that an S3 event reports.
public struct S3EventRecord: Sendable, Hashable {
    /// For example `ObjectCreated:Put`.
    public let eventName: String
    public let eventTime: Timestamp
    public let bucket: String
    /// The object's key, decoded. S3 sends it form-URL-encoded.
    public let key: String
    public let sizeInBytes: Int?
    /// The entity tag without its quotes.
    public let eTag: String?
    /// Present in a versioned bucket.
    public let versionID: String?
    /// Orders the events of one key. Of two sequencers, padded on the right with zeros, the greater is the later.
    public let sequencer: String?

    public init(
        eventName: String, eventTime: Timestamp, bucket: String, key: String, sizeInBytes: Int? = nil,
        eTag: String? = nil, versionID: String? = nil, sequencer: String? = nil
    ) {
        self.eventName = eventName
        self.eventTime = eventTime
        self.bucket = bucket
        self.key = key
        self.sizeInBytes = sizeInBytes
        self.eTag = eTag
        self.versionID = versionID
        self.sequencer = sequencer
    }

    public var isObjectCreated: Bool { eventName.hasPrefix("ObjectCreated:") }

    init(_ json: JSON, at path: String) throws(ModelError) {
        guard let eventName = json["eventName"]?.string else {
            throw ModelError("\(path).eventName", "expected a string")
        }
        guard let time = json["eventTime"]?.string, let eventTime = Timestamp(rfc3339: time) else {
            throw ModelError("\(path).eventTime", "expected an RFC 3339 time")
        }
        guard let bucket = json["s3"]?["bucket"]?["name"]?.string, !bucket.isEmpty else {
            throw ModelError("\(path).s3.bucket.name", "expected a string")
        }
        guard let encodedKey = json["s3"]?["object"]?["key"]?.string, !encodedKey.isEmpty else {
            throw ModelError("\(path).s3.object.key", "expected a string")
        }
        guard let key = String(formURLDecoding: encodedKey) else {
            throw ModelError("\(path).s3.object.key", "\(encodedKey) is not form-URL-encoded UTF-8")
        }
        let object = json["s3"]?["object"]
        self.init(
            // S3 sends ObjectCreated:Put; other sources of the same shape send s3:ObjectCreated:Put.
            eventName: eventName.hasPrefix("s3:") ? String(eventName.dropFirst(3)) : eventName,
            eventTime: eventTime, bucket: bucket, key: key, sizeInBytes: object?["size"]?.int,
            eTag: object?["eTag"]?.string, versionID: object?["versionId"]?.string,
            sequencer: object?["sequencer"]?.string)
    }
}
