internal import Parquet
internal import ParquetRead

/// Row groups of other files as one local file. Small files of a table become one so, because each costs the file system and the engine
/// more than its rows do; a large file of rows in order becomes several.
final class PackedFile {
    /// All of its files have this one.
    let schema: ParquetSchema
    private var writer: ParquetWriter?
    private let output: LocalFile

    init(creating path: String, _ schema: ParquetSchema) throws {
        self.schema = schema
        writer = ParquetWriter(schema)
        output = try LocalFile(creating: path)
    }

    /// - Parameter columns: the places of the schema's columns in the file.
    func append(_ file: ParquetFile, columns: [Int]) throws {
        for (index, group) in file.metadata.rowGroups.enumerated() where group.rowCount > 0 {
            let chunks = try file.rawChunks(of: columns, inGroup: index, withIndexes: false)
            try writer?.append(RawRowGroup(rowCount: group.rowCount, chunks: chunks))
        }
        try writer?.drain { try output.append($0) }
    }

    /// Appends a row group of a file that has this schema, with its indexes.
    func append(rowGroup index: Int, of file: ParquetFile) throws {
        try writer?.append(try file.rawRowGroup(index))
        try writer?.drain { try output.append($0) }
    }

    /// Nothing can be appended any more.
    func finish() throws {
        guard let writer = writer.take() else { return }
        try writer.finish { try output.append($0) }
    }
}
