import Foundation
import LambdaRuntime
import TestReferee
import Testing

@testable import BronzeWriter

/// Makes nested rows, or reads what became of them.
private func referee(_ arguments: String...) throws { try referee(arguments) }

private func referee(_ arguments: [String]) throws { try Referee.run("nested/referee.py", arguments) }

/// From a contract with objects and arrays to a Parquet file that others read as Python reads the JSON.
@Suite struct NestedConversionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func convert(_ names: [String], _ arguments: String...) throws {
        for name in names {
            let place = "\(folder.path)/\(name)"
            for format in ["json", "csv"] {
                let summary = try ConvertCommand(
                    ["--contract", "\(place)/nested.odcs.yaml"] + arguments
                        + ["\(place)/nested.\(format).gz", "\(place)/\(format).parquet"], Environment([:])
                ).run()
                #expect(summary.contains(#""rows_quarantined":0"#), "seed \(name), \(format): \(summary)")
            }
        }
    }

    /// Seed 0 has a contract that flattens, keeps structs, lists of structs, of lists and of scalars, and JSON text; the
    /// others have random ones.
    @Test func nestedRowsAreInTheFileAsPythonReadsThemInJSONForAContractOfEveryKind() throws {
        let seeds = ["0"] + (0..<5).map { _ in String(Int.random(in: 1...1_000_000)) }
        print("seeds of nested rows: \(seeds)")
        try referee(["generate", folder.path, "120"] + seeds)
        try convert(seeds)
        try referee("check", folder.path)
    }

    @Test func rowsOfManyBatchesAndPagesAreTheSameWhateverTheCodec() throws {
        try referee("generate", folder.path, "17000", "0")
        try convert(["0"], "--threads", "1", "--compression", "zstd")
        try referee("check", folder.path)
    }
}
