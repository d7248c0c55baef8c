import Iceberg
import JSON

/// A metadata document, a manifest list or a manifest of any bytes is read or refused. What is read can be written, and then
/// names the same files.
struct IcebergTarget: FuzzTarget {
    private static let schema = IcebergSchema(
        id: 0,
        fields: [
            IcebergField(id: 1, name: "id", isRequired: true, type: .long),
            IcebergField(id: 3, name: "at", type: .timestamptz),
        ])
    private static let spec = PartitionSpec(
        id: 0,
        fields: [
            PartitionSpec.Field(sourceID: 1, fieldID: 1000, name: "id", transform: .identity),
            PartitionSpec.Field(sourceID: 3, fieldID: 1001, name: "at_day", transform: .day),
        ])
    private static let sync = [UInt8](repeating: 7, count: 16)

    func take(_ bytes: [UInt8]) throws {
        if bytes.first == UInt8(ascii: "{") {
            if let document = try? JSON(parsing: bytes) { takeMetadata(document) }
            return
        }
        if let lines = try? ManifestFile.list(bytes) {
            let written = try ManifestFile.bytes(
                of: lines, snapshotID: 1, parentID: nil, sequenceNumber: 1, sync: Self.sync)
            require((try? ManifestFile.list(written)) == lines, "another list after it was written")
        }
        let line = ManifestFile(
            path: "m", sizeInBytes: Int64(bytes.count), entries: [], spec: Self.spec, sequenceNumber: 3, snapshotID: 1)
        guard let manifest = try? Manifest(bytes, listed: line, spec: Self.spec, schema: Self.schema) else { return }
        // Bounds and counts of what is listed, as a writer makes them.
        _ = ManifestFile(
            path: "m", sizeInBytes: 1, entries: manifest.entries, spec: Self.spec, sequenceNumber: 3, snapshotID: 1)
        let written = try Manifest.bytes(manifest.entries, spec: Self.spec, schema: Self.schema, sync: Self.sync)
        let again = try? Manifest(written, listed: line, spec: Self.spec, schema: Self.schema)
        require(
            again?.entries.map(\.file) == manifest.entries.map(\.file),
            "other files in the manifest after it was written")
    }

    private func takeMetadata(_ document: JSON) {
        guard let metadata = try? TableMetadata(document) else { return }
        require(metadata.schemas.contains(metadata.currentSchema), "the current schema is none of the table's")
        require(metadata.specs.contains(metadata.defaultSpec), "the default spec is none of the table's")
        for schema in metadata.schemas {
            let again = try? IcebergSchema(schema.json, at: "schema")
            require(again == schema, "another schema after it was written")
        }
        for spec in metadata.specs {
            require((try? PartitionSpec(spec.json, at: "spec")) == spec, "another spec after it was written")
        }
    }
}
