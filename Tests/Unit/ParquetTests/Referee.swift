import Foundation
import JSON
import Parquet
import Testing

/// Python with pyarrow, DuckDB and Polars: reads what we wrote and compares it value by value.
///
/// `CUPEL_PYTHON` names the interpreter; else `.venv/bin/python3` at the package root. A missing referee fails the test.
struct Referee {
    private let root: URL
    private let interpreter: String

    init(file: String = #filePath) {
        root = URL(fileURLWithPath: file).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
        interpreter =
            ProcessInfo.processInfo.environment["CUPEL_PYTHON"] ?? root.appending(path: ".venv/bin/python3").path
    }

    /// Fails the test with what the referee says unless every file in `folder` is as its `.json` says.
    func check(_ folder: URL) throws { try run("parquet/referee.py", folder.path) }

    /// Fails the test with what a script of the fixtures says unless it is content.
    func run(_ script: String, _ arguments: String...) throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: interpreter),
            "no referee at \(interpreter): run `make test`, or set CUPEL_PYTHON")
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: interpreter)
        process.arguments = [root.appending(path: "Tests/Fixtures/\(script)").path] + arguments
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
    }
}

/// A folder of its own for one test, removed at the end.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cupel-parquet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}

/// The whole file that `columns` make, handed to the writer in batches of `batchSize` rows.
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

/// Writes `name`.parquet and what the referee must find in it.
func write(
    _ columns: [TestColumn], _ options: WriterOptions, name: String, batchSize: Int = .max, to folder: URL
) throws {
    let file = try parquetFile(columns, options, batchSize: batchSize)
    try Data(file).write(to: folder.appending(path: "\(name).parquet"))
    try describe(columns, as: name, in: folder)
}

/// Writes what the referee must find in the files of these columns.
/// - Parameter files: by name, how each must be laid out; nil for one file `name` of any layout.
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
