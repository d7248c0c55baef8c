/// An object in S3, or one version of it.
public struct S3Object: Sendable, Hashable {
    public let bucket: String
    public let key: String
    /// Nil means the current version.
    public let versionID: String?

    public init(bucket: String, key: String, versionID: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }
}

extension S3Object: CustomStringConvertible {
    public var description: String {
        let location = "s3://\(bucket)/\(key)"
        return versionID.map { "\(location) (version \($0))" } ?? location
    }
}

/// What S3 says about an object beside its bytes.
public struct ObjectHead: Sendable, Hashable {
    /// The size of the whole object, also when only a range of it was asked for.
    public let sizeInBytes: Int
    /// The entity tag without its quotes.
    public let eTag: String?
    public let versionID: String?
    public let contentType: String?
    /// As the HTTP header writes it.
    public let lastModified: String?

    public init(
        sizeInBytes: Int, eTag: String? = nil, versionID: String? = nil, contentType: String? = nil,
        lastModified: String? = nil
    ) {
        self.sizeInBytes = sizeInBytes
        self.eTag = eTag
        self.versionID = versionID
        self.contentType = contentType
        self.lastModified = lastModified
    }
}

/// One entry of a bucket's listing.
public struct ListedObject: Sendable, Hashable {
    public let key: String
    public let sizeInBytes: Int
    /// The entity tag without its quotes.
    public let eTag: String?
    public let lastModified: Timestamp?

    public init(key: String, sizeInBytes: Int, eTag: String? = nil, lastModified: Timestamp? = nil) {
        self.key = key
        self.sizeInBytes = sizeInBytes
        self.eTag = eTag
        self.lastModified = lastModified
    }
}

/// One page of a bucket's listing.
public struct ObjectPage: Sendable, Hashable {
    public let objects: [ListedObject]
    /// The groups of keys that share a beginning up to the delimiter, when one was given.
    public let commonPrefixes: [String]
    /// Asks for the next page; nil on the last one.
    public let continuationToken: String?

    public init(objects: [ListedObject], commonPrefixes: [String] = [], continuationToken: String? = nil) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.continuationToken = continuationToken
    }
}

/// What S3 answers to a write.
public struct StoredObject: Sendable, Hashable {
    /// The entity tag without its quotes.
    public let eTag: String
    public let versionID: String?

    public init(eTag: String, versionID: String? = nil) {
        self.eTag = eTag
        self.versionID = versionID
    }
}

/// One part of a multipart upload that S3 has accepted.
public struct UploadedPart: Sendable, Hashable {
    /// From 1 to 10,000.
    public let number: Int
    /// The entity tag without its quotes.
    public let eTag: String

    public init(number: Int, eTag: String) {
        self.number = number
        self.eTag = eTag
    }
}
