internal import EmulatorCore

/// A bucket in the index.
struct Bucket: Sendable {
    enum Versioning: String, Sendable {
        case never = ""
        case enabled = "Enabled"
        case suspended = "Suspended"
    }

    var name: String
    /// Milliseconds since 1970.
    var createdAt: Int64
    var versioning: Versioning

    /// Whether responses have version headers.
    var hasVersions: Bool { versioning != .never }

    init(_ row: borrowing Row) {
        name = row.text(0)
        createdAt = row.integer(1)
        versioning = Versioning(rawValue: row.text(2)) ?? .never
    }

    /// The version header of a response about an object.
    func versionHeader(_ version: String) -> [(String, String)] {
        hasVersions ? [("x-amz-version-id", version)] : []
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    static func isValid(name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count) else { return false }
        let isWord = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard isWord(bytes[0]), isWord(bytes[bytes.count - 1]), !name.contains("..") else { return false }
        guard bytes.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) else {
            return false
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return !isAddress && !name.hasPrefix("xn--") && !name.hasSuffix("-s3alias") && !name.hasSuffix("--ol-s3")
    }
}

extension Snapshot {
    /// Sorted by name.
    func buckets(after start: String) throws -> [Bucket] {
        try all("SELECT name, created_at, versioning FROM s3_bucket WHERE name > ? ORDER BY name", .text(start)) {
            Bucket($0)
        }
    }

    /// - Throws: `NoSuchBucket`.
    func bucket(_ name: String) throws -> Bucket {
        let found = try first(
            "SELECT name, created_at, versioning FROM s3_bucket WHERE name = ?", .text(name)
        ) { Bucket($0) }
        guard let found else { throw S3Fault.noSuchBucket(name) }
        return found
    }
}
