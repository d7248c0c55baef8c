import Foundation
import TestEmulator

/// Files from `cupel generate`.
enum Sample {
    /// - Returns: the file's path.
    static func generate(
        table: String, rows: Int, seed: Int, format: String, into folder: TemporaryDirectory
    ) async throws -> String {
        let target = "\(folder.path)/seed-\(seed)"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        let run = try await Command.run(
            Programs.cupel,
            [
                "generate", "--table", table, "--rows", "\(rows)", "--seed", "\(seed)", "--format", format, "-o",
                target,
            ])
        guard run.status == 0 else { throw Command.Failure(description: "cupel generate: \(run.errors)") }
        return "\(target)/\(table).\(format).gz"
    }
}

/// The four tables: generated ones, and the real ones if their folder exists.
struct SampleTables {
    /// Pairs of `raw/<table>/<file>` and a local path.
    private(set) var keysAndFiles: [String] = []
    private let folder: TemporaryDirectory

    init() async throws {
        folder = try TemporaryDirectory()
        let tables = ["beer": 5_000, "brewery": 1_000, "profile": 3_000, "review": 10_000]
        for (table, rows) in tables.sorted(by: { $0.key < $1.key }) {
            if let real = Programs.realData, table != "review" {
                keysAndFiles += ["raw/\(table)/\(table).csv.gz", "\(real)/\(table).csv.gz"]
            }
            for format in ["csv", "json"] {
                let file = try await Sample.generate(table: table, rows: rows, seed: 7, format: format, into: folder)
                keysAndFiles += ["raw/\(table)/generated-\(table).\(format).gz", file]
            }
        }
        if Programs.realData == nil {
            print("The real tables are missing: only generated tables are ingested.")
        }
    }
}
