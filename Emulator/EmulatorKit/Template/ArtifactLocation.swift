internal import JSON

/// Where something lies that a template names and does not hold: code, a definition, a nested template.
///
/// Before `aws cloudformation package` it is a path beside the template, afterwards an object of S3.
enum ArtifactLocation: Sendable, Hashable {
    case file(String)
    case object(ObjectLocation)

    /// - Parameters:
    ///   - value: a path, a URL of S3, or an object with `Bucket`, `Key` and perhaps `Version`, as the resource's type
    ///     spells them.
    ///   - template: the path or the URL of the template that says so.
    /// - Returns: nil for anything else.
    init?(_ value: JSON, in template: String) {
        if let text = value.string {
            if let object = ObjectLocation(url: text) {
                self = .object(object)
                return
            }
            let folder = template.lastIndex(of: "/").map { String(template[...$0]) } ?? ""
            self = .file(text.hasPrefix("/") ? text : folder + text)
            return
        }
        guard let object = ObjectLocation(packaged: value) else { return nil }
        self = .object(object)
    }

    func contents(_ objects: (any ObjectReading)?) throws -> [UInt8] {
        switch self {
        case .file(let path): return try FileBytes.contents(of: path)
        case .object(let object):
            guard let objects else { throw AWSFault.notEmulated("Reading s3://\(object.bucket)/\(object.key) here") }
            return try objects.contents(of: object)
        }
    }
}

extension ObjectLocation {
    /// What `aws cloudformation package` writes for a state machine's definition or a function's code.
    init?(packaged value: JSON) {
        guard let bucket = (value["Bucket"] ?? value["S3Bucket"])?.string,
            let key = (value["Key"] ?? value["S3Key"])?.string
        else { return nil }
        self.init(bucket: bucket, key: key, version: (value["Version"] ?? value["S3ObjectVersion"])?.string)
    }

    /// `https://s3.us-east-1.amazonaws.com/bucket/key`, `https://bucket.s3.us-east-1.amazonaws.com/key`, or with an
    /// endpoint of one's own `http://127.0.0.1:4566/bucket/key`; `?versionId=` names a version.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
    init?(url text: String) {
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
            bucket: String(bucket), key: String(path).percentDecoded ?? String(path),
            version: version.map { String($0.dropFirst("versionId=".count)) })
    }
}
