public import AWSModels

/// Identifies one content of a key: the version ID in a versioned bucket, otherwise the entity tag.
public enum ObjectVersion: Sendable, Hashable {
    case versionID(String)
    /// Without quotes.
    case eTag(String)

    /// The form in the control record: an entity tag keeps its quotes from HTTP, which no version ID has.
    public var wireText: String {
        switch self {
        case .versionID(let id): id
        case .eTag(let tag): "\"\(tag)\""
        }
    }

    public init(wireText text: String) {
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
            self = .eTag(String(text.dropFirst().dropLast()))
        } else {
            self = .versionID(text)
        }
    }

    /// The version ID or the tag without quotes, from which the control ID derives.
    public var text: String {
        switch self {
        case .versionID(let text), .eTag(let text): text
        }
    }
}

extension ControlRecord {
    /// The object to read, with its version if the bucket is versioned.
    public var object: S3Object {
        switch objectVersion {
        case .versionID(let id): S3Object(bucket: bucket, key: objectKey, versionID: id)
        case .eTag: S3Object(bucket: bucket, key: objectKey)
        }
    }

    /// The entity tag that the object must still have, if it has no version ID.
    public var expectedETag: String? {
        if case .eTag(let tag) = objectVersion { tag } else { nil }
    }
}
