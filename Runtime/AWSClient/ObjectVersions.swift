public import AWSModels
internal import URLCoding
internal import XML

extension ObjectStore {
    /// A version of an object, or the mark that a deletion left.
    public struct Version: Sendable, Hashable {
        /// With its version, which is `null` for one that was written while the bucket had no versions.
        public let object: S3Object
        public let isDeletion: Bool
        public let isLatest: Bool
    }

    /// Lists all versions of the objects whose keys start with `prefix`, and the marks of deletions.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
    public func versions(bucket: String, prefix: String) throws(AWSError) -> [Version] {
        let operation = "s3 ListObjectVersions \(bucket)/\(prefix)"
        var versions: [Version] = []
        var marker: (key: String, version: String)?
        repeat {
            var query = [
                HTTPRequest.QueryItem("versions", ""), .init("encoding-type", "url"), .init("prefix", prefix),
            ]
            if let marker { query += [.init("key-marker", marker.key), .init("version-id-marker", marker.version)] }
            let request = try self.request(.get, bucket: bucket, query: query, operation)
            let response = try client.call(request, service: "s3", operation: operation)
            guard let answer = try? XMLElement(parsing: response.body), answer.name == "ListVersionsResult" else {
                throw .unexpectedResponse(operation: operation, reason: "ListVersionsResult is missing")
            }
            func decoded(_ text: String) throws(AWSError) -> String {
                guard answer["EncodingType"]?.text == "url" else { return text }
                guard let decoded = String(formURLDecoding: text) else {
                    throw .unexpectedResponse(operation: operation, reason: "the key \(text) is not URL-encoded UTF-8")
                }
                return decoded
            }
            for (name, isDeletion) in [("Version", false), ("DeleteMarker", true)] {
                for entry in answer.all(name) {
                    guard let key = entry["Key"]?.text else {
                        throw .unexpectedResponse(operation: operation, reason: "an entry has no Key")
                    }
                    let id = entry["VersionId"]?.text
                    versions.append(
                        Version(
                            object: S3Object(
                                bucket: bucket, key: try decoded(key), versionID: id),
                            isDeletion: isDeletion, isLatest: entry["IsLatest"]?.text == "true"))
                }
            }
            marker = nil
            if answer["IsTruncated"]?.text == "true", let key = answer["NextKeyMarker"]?.text {
                marker = (try decoded(key), answer["NextVersionIdMarker"]?.text ?? "")
            }
        } while marker != nil
        return versions
    }
}
