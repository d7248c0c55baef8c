internal import EmulatorCore
internal import JSON

/// The name of a metadata file: `<location>/metadata/00003-<uuid>.metadata.json`.
///
/// The number counts the table's versions; nobody reads the order of commits from it.
/// - SeeAlso: <https://iceberg.apache.org/spec/#naming-for-gzip-compressed-metadata-json-files>
struct MetadataFile {
    /// The file after `previous`; nil for a table's first.
    static func next(for metadata: TableMetadata, after previous: String?, uuid: String) -> String {
        let version = previous.map { (number(in: $0) ?? -1) + 1 } ?? 0
        let digits = String(version)
        let padding = String(repeating: "0", count: max(0, 5 - digits.count))
        let folder =
            metadata.properties["write.metadata.path"]?.string?.trimmingSlash ?? metadata.location + "/metadata"
        return "\(folder)/\(padding)\(digits)-\(uuid).metadata.json"
    }

    private static func number(in location: String) -> Int? {
        let name = location.split(separator: "/").last ?? ""
        // A longer number is no count of versions.
        return name.split(separator: "-", maxSplits: 1).first.flatMap { $0.utf8.count <= 9 ? Int($0) : nil }
    }

    /// The object of an `s3://` address.
    /// - Throws: ``AWSFault`` if it is another address.
    static func object(at location: String) throws(AWSFault) -> ObjectLocation {
        guard location.hasPrefix("s3://"), let object = ObjectLocation(s3: location), !object.key.isEmpty else {
            throw .badRequest("Invalid S3 URI: \(location); expected s3://<bucket>/<key>")
        }
        return object
    }
}
