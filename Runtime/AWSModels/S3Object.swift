public import Time

/// An object in S3, or one version of it.
public struct S3Object: Sendable, Hashable {
    public let bucket: String
    public let key: String
    /// The version; nil for the current one.
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

/// The metadata of an object.
public struct ObjectHead: Sendable, Hashable {
    /// The size of the whole object, also if the request was for a range.
    public let sizeInBytes: Int
    /// The entity tag without its quotes.
    public let eTag: String?
    public let versionID: String?
    public let contentType: String?
    /// The value of the `Last-Modified` header.
    public let lastModified: String?
    /// The user-defined metadata: names in lower case, without `x-amz-meta-`.
    public let metadata: [String: String]

    public init(
        sizeInBytes: Int, eTag: String? = nil, versionID: String? = nil, contentType: String? = nil,
        lastModified: String? = nil, metadata: [String: String] = [:]
    ) {
        self.metadata = metadata
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
    /// The groups of keys with a common prefix up to the delimiter, if the request has one.
    public let commonPrefixes: [String]
    /// The token that requests the next page; nil on the last page.
    public let continuationToken: String?

    public init(objects: [ListedObject], commonPrefixes: [String] = [], continuationToken: String? = nil) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.continuationToken = continuationToken
    }
}

/// The result of a write to S3.
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
    /// The part's number, from 1 to 10,000.
    public let number: Int
    /// The entity tag without its quotes.
    public let eTag: String

    public init(number: Int, eTag: String) {
        self.number = number
        self.eTag = eTag
    }
}
