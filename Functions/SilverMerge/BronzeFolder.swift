internal import AWSClient
internal import AWSModels
internal import Control
internal import ParquetRead

/// All bronze files of a table, as a reload takes them: those too that newer versions of their raw files have replaced.
///
/// What the bucket has counts, not the control records, which may have expired. A file's metadata says its place in the order,
/// its footer the raw file that it was made of.
struct BronzeFolder {
    /// In the order of their versions; each names the one that it took the place of.
    private(set) var files: [BronzeFile] = []
    /// Why files are left out.
    private(set) var faults: [SilverError] = []
    /// How the changes are taken; nil if they fit into memory together.
    private(set) var parts: KeyParts?
    /// The entity tags of the files, by their places: what is read later is the same.
    private(set) var pins: [String: String] = [:]

    /// - Parameter checkpoint: called between files.
    init(of table: SilverTable, _ settings: Settings, _ checkpoint: () throws -> Void) throws {
        let reader = BatchReader(table: table, objects: settings.objects, memoryLimit: settings.batchMemory)
        var versions: [String: [(order: VersionOrder, file: BronzeFile)]] = [:]
        var (size, rowCount) = (0, 0)
        for listed in try Self.objects(of: table.name, settings) {
            try checkpoint()
            let object = S3Object(bucket: settings.lakeBucket, key: listed.key)
            do {
                let (order, file) = try Self.file(object, listed, of: table.name, settings.objects)
                let parquet = try BronzeFile.open(
                    object, file.place, settings.objects, pinnedTo: &pins[file.place])
                size += try reader.sizeInMemory(of: parquet, file.place)
                rowCount += parquet.metadata.rowCount
                let source = parquet.metadata.keyValues.first { $0.key == "cupel.source" }?.value
                versions[source ?? listed.key, default: []].append((order, file))
            } catch let fault as SilverError where fault.isOfFile {
                faults.append(fault)
            } catch let fault as ParquetReadError {
                faults.append(.bronze(place: "\(object)", reason: "\(fault)"))
            }
        }
        for (_, group) in versions.sorted(by: { $0.key < $1.key }) {
            var former: String?
            for (_, file) in group.sorted(by: { $0.order < $1.order }) {
                var record = file.record
                record.supersededKey = former
                files.append(BronzeFile(record: record))
                former = record.objectKey
            }
        }
        let count = (size + settings.batchMemory - 1) / settings.batchMemory
        guard count > 1 else { return }
        // One file at a time is open: many small ones together would not fit into memory either.
        var sample = KeySample(rowCount: rowCount)
        for file in files {
            try checkpoint()
            let parquet = try BronzeFile.open(
                file.record.object, file.place, settings.objects, pinnedTo: &pins[file.place])
            try sample.add(parquet, try reader.keyPlaces(in: parquet, file.place))
        }
        parts = sample.parts(count)
    }

    /// Bytes of Parquet of a table's bronze files.
    static func size(of table: String, _ settings: Settings) throws -> (files: Int, bytes: Int) {
        let objects = try objects(of: table, settings)
        return (objects.count, objects.reduce(0) { $0 + $1.sizeInBytes })
    }

    private static func objects(of table: String, _ settings: Settings) throws(AWSError) -> [ListedObject] {
        var found: [ListedObject] = []
        for prefix in ["bronze", "superseded"] {
            found += try settings.objects.listAll(bucket: settings.lakeBucket, prefix: "\(prefix)/\(table)/")
        }
        return found.filter { $0.key.hasSuffix(".parquet") }
    }

    /// A file as silver's record of it would say.
    private static func file(
        _ object: S3Object, _ listed: ListedObject, of table: String, _ objects: ObjectStore
    ) throws -> (VersionOrder, BronzeFile) {
        let head: ObjectHead
        do throws(AWSError) { head = try objects.head(object) } catch {
            // Leaving it out would lose the rows of a file that was only moved.
            if error.isNotFound { throw SilverError.conflict("\(object) was moved or deleted while it was listed") }
            throw error
        }
        guard let order = VersionOrder(head.metadata) else {
            throw SilverError.bronze(
                place: "\(object)",
                reason: "its metadata does not say of which raw file it is; convert that again: cupel replay --force")
        }
        var record = ControlRecord(
            controlID: ControlID(
                bucket: object.bucket, key: object.key, version: order.controlID.text, schema: .silver),
            schema: .silver, table: table, bucket: object.bucket, objectKey: object.key,
            objectVersion: .eTag(listed.eTag ?? ""), fileFormat: .parquet, fileSizeInBytes: listed.sizeInBytes,
            createdAt: order.createdAt)
        record.sequencer = order.sequencer
        return (order, BronzeFile(record: record))
    }
}
