public import AWSModels

/// Which content of a key is meant: the version id in a versioned bucket, else the entity tag.
public enum ObjectVersion: Sendable, Hashable {
    case versionID(String)
    /// Without quotes.
    case eTag(String)

    /// How the control record writes it: an entity tag keeps the quotes that HTTP gives it, which no version id has.
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

    /// The version id or the tag, without marks: what the control id is derived from.
    public var text: String {
        switch self {
        case .versionID(let text), .eTag(let text): text
        }
    }
}

extension ControlRecord {
    /// The object to read, by its version where the bucket keeps versions.
    public var object: S3Object {
        switch objectVersion {
        case .versionID(let id): S3Object(bucket: bucket, key: objectKey, versionID: id)
        case .eTag: S3Object(bucket: bucket, key: objectKey)
        }
    }

    /// The entity tag that the object must still have, where there is no version to ask for.
    public var expectedETag: String? {
        if case .eTag(let tag) = objectVersion { tag } else { nil }
    }
}
