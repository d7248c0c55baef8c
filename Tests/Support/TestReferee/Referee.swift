internal import Foundation
internal import TestProcess

/// An independent judge: Python with pyarrow, DuckDB, and Polars, as set-up installs them, which runs scripts of
/// `Tests/Fixtures`.
public enum Referee {
    /// The folder of this package.
    public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// `CUPEL_PYTHON`, or else the environment that set-up creates.
    public static var python: String {
        ProcessInfo.processInfo.environment["CUPEL_PYTHON"] ?? "\(packageRoot)/.venv/bin/python3"
    }

    /// The Python environment with Spark 3.5.5, as set-up creates it.
    public static var sparkPython: String { "\(packageRoot)/.venv-spark/bin/python3" }

    /// The Python environment with awswrangler, as set-up creates it.
    public static var wranglerPython: String { "\(packageRoot)/.venv-wrangler/bin/python3" }

    /// The Python environment with dbt and its adapter for Athena, as set-up creates it.
    public static var dbtPython: String { "\(packageRoot)/.venv-dbt/bin/python3" }

    /// The Python environment with clients of Iceberg catalogs, as set-up creates it.
    public static var icebergPython: String { "\(packageRoot)/.venv-iceberg/bin/python3" }

    /// The Python environment with OpenLineage's client, as set-up creates it.
    public static var lineagePython: String { "\(packageRoot)/.venv-lineage/bin/python3" }

    /// A referee's objection, or the reason why there is no referee. Either fails the test.
    public struct Objection: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs `script`, a path below `Tests/Fixtures`, to its end.
    ///
    /// - Parameter python: the environment's interpreter; nil for ``python``.
    /// - Returns: its standard output.
    /// - Throws: ``Objection`` with its whole output if its exit status is not 0.
    @discardableResult
    public static func run(_ script: String, _ arguments: [String], by python: String? = nil) throws -> String {
        let python = python ?? Self.python
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Objection(description: "no referee at \(python): run `make test`, or set CUPEL_PYTHON")
        }
        return try output(of: python, ["\(packageRoot)/Tests/Fixtures/\(script)"] + arguments)
    }

    @discardableResult
    public static func run(_ script: String, _ arguments: String...) throws -> String { try run(script, arguments) }

    /// Runs any program to its end, as ``run(_:_:by:)`` does a script.
    @discardableResult
    public static func output(of program: String, _ arguments: [String]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cupel-referee-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let process = try ChildProcess(program, arguments, output: "\(folder)/output", errors: "\(folder)/errors")
        let status = process.wait()
        let text = try String(decoding: Data(contentsOf: URL(filePath: "\(folder)/output")), as: UTF8.self)
        guard status == 0 else {
            let complaint = try String(decoding: Data(contentsOf: URL(filePath: "\(folder)/errors")), as: UTF8.self)
            throw Objection(description: "\(program) \(arguments) ended with \(status)\n\(text)\(complaint)")
        }
        return text
    }
}
