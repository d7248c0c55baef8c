import Foundation
import LambdaRuntime
import TestReferee
import Testing

@testable import BronzeWriter

/// Generates nested rows, or checks the converted files.
private func referee(_ arguments: String...) throws { try referee(arguments) }

private func referee(_ arguments: [String]) throws { try Referee.run("nested/referee.py", arguments) }

/// Converts files of a contract with objects and arrays; other readers must find what Python reads in the JSON.
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

    /// The contract of seed 0 has a flattened struct, a struct, lists of structs, lists and scalars, and JSON text. The
    /// other seeds have random contracts.
    @Test("for contracts of every kind, the file has the nested rows that Python reads in the JSON")
    func everyKindOfContract() throws {
        let seeds = ["0"] + (0..<5).map { _ in String(Int.random(in: 1...1_000_000)) }
        print("seeds of nested rows: \(seeds)")
        try referee(["generate", folder.path, "120"] + seeds)
        try convert(seeds)
        try referee("check", folder.path)
    }

    @Test("nested rows of many batches and pages are the same with another codec") func manyBatches() throws {
        try referee("generate", folder.path, "17000", "0")
        try convert(["0"], "--threads", "1", "--compression", "zstd")
        try referee("check", folder.path)
    }
}
