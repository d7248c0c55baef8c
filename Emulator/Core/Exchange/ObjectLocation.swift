package import JSON
internal import URLCoding

/// The location of an object.
package struct ObjectLocation: Sendable, Hashable {
    package var bucket: String
    package var key: String
    /// Nil for the latest version.
    package var version: String?

    package init(bucket: String, key: String, version: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.version = version
    }
}

extension ObjectLocation {
    /// Reads `s3://bucket/key`, whose key may be empty; `s3a` and `s3n` are names of other clients for the same.
    package init?(s3 text: String) {
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, ["s3:", "s3a:", "s3n:"].contains(parts[0]), parts[1].isEmpty, !parts[2].isEmpty else {
            return nil
        }
        self.init(bucket: String(parts[2]), key: String(parts[3]))
    }

    /// Reads the location that `aws cloudformation package` writes for a state machine's definition or a function's
    /// code.
    package init?(packaged value: JSON) {
        guard let bucket = (value["Bucket"] ?? value["S3Bucket"])?.string,
            let key = (value["Key"] ?? value["S3Key"])?.string
        else { return nil }
        self.init(bucket: bucket, key: key, version: (value["Version"] ?? value["S3ObjectVersion"])?.string)
    }

    /// Reads `https://s3.us-east-1.amazonaws.com/bucket/key`, `https://bucket.s3.us-east-1.amazonaws.com/key`, or with
    /// another endpoint `http://127.0.0.1:4566/bucket/key`; `?versionId=` names a version.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
    package init?(url text: String) {
        guard let scheme = text.firstRange(of: "://"), ["http", "https"].contains(text[..<scheme.lowerBound]) else {
            return nil
        }
        let parts = text[scheme.upperBound...].split(separator: "?", maxSplits: 1)
        guard let slash = parts.first?.firstIndex(of: "/") else { return nil }
        let host = parts[0][..<slash]
        var path = parts[0][parts[0].index(after: slash)...]
        let bucket: Substring
        if let service = host.firstRange(of: ".s3") {
            bucket = host[..<service.lowerBound]
        } else {
            bucket = path.prefix { $0 != "/" }
            path = path.dropFirst(bucket.count + 1)
        }
        guard !bucket.isEmpty, !path.isEmpty else { return nil }
        let version = parts.dropFirst().first?.split(separator: "&").first { $0.hasPrefix("versionId=") }
        self.init(
            bucket: String(bucket), key: String(percentDecoding: String(path)) ?? String(path),
            version: version.map { String($0.dropFirst("versionId=".count)) })
    }
}
