import Foundation
import JSON
import Parquet
import Testing

/// Runs `body` with a new folder and removes the folder afterwards.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cupel-parquet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}

/// The file that the writer makes of `columns` in batches of `batchSize` rows.
func parquetFile(
    _ columns: [TestColumn], _ options: WriterOptions, batchSize: Int = .max, sortedBy: [SortingColumn] = []
) throws -> [UInt8] {
    var file: [UInt8] = []
    var writer = ParquetWriter(try ParquetSchema(columns.map(\.column), sortedBy: sortedBy), options)
    let rowCount = columns[0].rowCount
    var start = 0
    while start < rowCount {
        let end = min(rowCount, start + min(batchSize, rowCount))
        try writer.append(rowCount: end - start, columns: columns.map { $0.batch(start..<end) })
        writer.drain { file.append(contentsOf: $0) }
        start = end
    }
    writer.finish { file.append(contentsOf: $0) }
    return file
}

/// Writes `name`.parquet and the description that the referee checks it against.
func write(
    _ columns: [TestColumn], _ options: WriterOptions, name: String, batchSize: Int = .max, to folder: URL
) throws {
    let file = try parquetFile(columns, options, batchSize: batchSize)
    try Data(file).write(to: folder.appending(path: "\(name).parquet"))
    try describe(columns, as: name, in: folder)
}

/// Writes the description of files with these columns for the referee.
/// - Parameter files: The expected layout of each file, by file name; nil for one file `name` of any layout.
func describe(_ columns: [TestColumn], as name: String, files: JSONObject? = nil, in folder: URL) throws {
    var description = JSONObject()
    if let files { description["files"] = .object(files) }
    description["rows"] = .int(columns[0].rowCount)
    description["columns"] = .array(
        columns.map { column in
            [
                "name": .string(column.column.name), "required": .bool(column.column.isRequired),
                "values": .array(column.expected), "encodings": .array(column.encodings.map(JSON.string)),
                "bloom": .bool(column.column.bloomFilter != nil),
            ]
        })
    try Data(JSON.object(description).bytes).write(to: folder.appending(path: "\(name).json"))
}
