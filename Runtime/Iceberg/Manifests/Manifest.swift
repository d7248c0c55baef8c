internal import JSON

/// A file that lists files of a table, all of one partition spec.
/// - SeeAlso: <https://iceberg.apache.org/spec/#manifests>
public struct Manifest: Sendable {
    public let spec: PartitionSpec
    public let entries: [ManifestEntry]

    /// Reads a manifest.
    /// - Parameters:
    ///   - listed: the manifest's line in its list, whose numbers entries inherit.
    ///   - schema: has the types of the partition's values.
    ///   - statistics: those that the entries have.
    public init(
        _ bytes: [UInt8], listed: ManifestFile, spec: PartitionSpec, schema: IcebergSchema,
        keeping statistics: KeptStatistics = .all
    ) throws(IcebergError) {
        var container = try AvroContainer(bytes)
        let reader = EntryReader(
            fields: container.fields, listed: listed, types: try spec.types(in: schema), kept: statistics)
        var entries: [ManifestEntry] = []
        while var block = try container.nextBlock() {
            for _ in 0..<block.count { entries.append(try reader.entry(&block.decoder)) }
            try block.checkEnd()
        }
        self.spec = spec
        self.entries = entries
    }

    /// The bytes of a manifest.
    /// - Parameter schema: the table's schema when the manifest is written.
    public static func bytes(
        _ entries: [ManifestEntry], spec: PartitionSpec, schema: IcebergSchema, content: ManifestFile.Content = .data,
        sync: [UInt8]
    ) throws(IcebergError) -> [UInt8] {
        let types = try spec.types(in: schema)
        return try AvroContainer.bytes(
            schema: ManifestSchema.entry(spec, types: types),
            metadata: [
                ("schema", schema.json.text), ("schema-id", "\(schema.id)"),
                ("partition-spec", JSON.array(spec.fields.map(\.json)).text), ("partition-spec-id", "\(spec.id)"),
                ("format-version", "2"), ("content", content == .data ? "data" : "deletes"),
            ],
            recordCount: entries.count, sync: sync
        ) { block, schema in
            let writer = EntryWriter(schema: schema, types: types)
            for entry in entries { writer.write(entry, to: &block) }
        }
    }
}
