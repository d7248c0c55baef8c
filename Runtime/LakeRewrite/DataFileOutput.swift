internal import Columns
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// A data file that is being written, from its first row on.
struct DataFileOutput {
    private var writer: OpenWriter?

    /// A class, since a writer cannot be copied.
    private final class OpenWriter {
        var parquet: ParquetWriter?
        let file: LakeFileWriter

        init(_ form: TableForm, _ storage: LakeStorage, _ location: String) throws {
            parquet = ParquetWriter(form.parquet, WriterOptions(codec: .zstd(level: 1)))
            file = try LakeFileWriter(storage, to: location)
        }

        func drain() throws {
            let file = file
            try parquet?.drain { (bytes) throws in try file.write(bytes) }
        }
    }

    private mutating func open(_ form: TableForm, _ storage: LakeStorage, _ location: String) throws -> OpenWriter {
        if let writer { return writer }
        let made = try OpenWriter(form, storage, location)
        writer = made
        return made
    }

    mutating func append(
        _ rowCount: Int, _ columns: [ColumnArray], _ form: TableForm, _ storage: LakeStorage, _ location: String
    ) throws {
        let writer = try open(form, storage, location)
        try writer.parquet?.append(rowCount: rowCount, columns: columns)
        try writer.drain()
    }

    /// Copies a row group as bytes.
    mutating func copy(
        _ file: ParquetFile, _ group: Int, _ form: TableForm, _ storage: LakeStorage, _ location: String
    ) throws {
        let writer = try open(form, storage, location)
        if file.matches(form.parquet) {
            try writer.parquet?.append(rowGroup: group, of: file)
        } else {
            try writer.parquet?.append(rowGroup: group, ofOlder: file)
        }
        try writer.drain()
    }

    /// - Returns: what a manifest says of the file; nil if no row was written.
    mutating func finish(
        _ form: TableForm, _ storage: LakeStorage, _ partition: [IcebergValue?]
    ) throws -> DataFile? {
        guard let open = writer, let parquet = open.parquet.take() else { return nil }
        let file = open.file
        try parquet.finish { (bytes) throws in try file.write(bytes) }
        try file.finish()
        writer = nil
        guard let object = LakeStorage.object(at: file.location) else { return nil }
        let footer = try ParquetFile(reading: ObjectRanges(storage.objects, object, size: file.sizeInBytes)).metadata
        var made = try DataFile(footer, at: file.location, sizeInBytes: file.sizeInBytes, form.schema)
        made.partition = partition
        return made
    }

    mutating func abort() {
        writer?.file.abort()
        writer = nil
    }
}
