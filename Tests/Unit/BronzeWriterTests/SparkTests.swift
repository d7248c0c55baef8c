import Foundation
import LambdaRuntime
import TestReferee
import Testing

@testable import BronzeWriter

/// Spark 3.5.5 reads files of contracts with every type, by both of its readers, and compares each value with the source.
@Suite struct SparkTests {
    /// Case, reader, and column, each with `right` or what is not.
    private typealias Verdicts = [String: [String: [String: String]]]

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func convert() throws {
        try Referee.run("readers/cases.py", folder.path)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let place = "\(folder.path)/\(name)"
            let format = FileManager.default.fileExists(atPath: "\(place)/in.csv.gz") ? "csv" : "json"
            let summary = try ConvertCommand(
                ["--contract", "\(place)/contract.odcs.yaml", "\(place)/in.\(format).gz", "\(place)/out.parquet"],
                Environment([:])
            ).run()
            #expect(summary.contains(#""rows_quarantined":0"#), "\(name): \(summary)")
        }
    }

    private func verdicts() throws -> Verdicts {
        let answer = try Referee.run("readers/spark.py", [folder.path], by: Referee.sparkPython)
        return try JSONDecoder().decode(Verdicts.self, from: Data(answer.utf8))
    }

    /// One session of Spark for all files: its start costs most.
    @Test("Spark 3.5.5 reads every type in every encoding right, and finds the fault of compact text")
    func everyType() throws {
        try convert()
        let encodings = try Referee.run("readers/encodings.py", folder.path).split(separator: "\n")
        #expect(encodings == Self.encodings)

        var verdicts = try verdicts()
        let compact = verdicts.removeValue(forKey: "compact")
        // A referee that does not see this fault would see no other.
        #expect(compact?["vectorized"]?["string_many"]?.hasPrefix("wrong: 5904 of 10000 values; row 4096") == true)
        #expect(compact?["row by row"]?.values.allSatisfy { $0 == "right" } == true)

        for name in Self.unreadable {
            let refused = verdicts.removeValue(forKey: name) ?? [:]
            #expect(refused.count == 2)
            for columns in refused.values {
                #expect(columns.values.allSatisfy { $0.contains("Illegal Parquet type") }, "\(name): \(columns)")
            }
        }
        #expect(Set(verdicts.keys) == ["nested", "text", "types", "uint64"])
        for (name, readers) in verdicts {
            #expect(Set(readers.keys) == ["vectorized", "row by row"])
            for (reader, columns) in readers {
                #expect(columns.count >= 4)
                for (column, verdict) in columns where verdict != "right" {
                    Issue.record("\(name), \(reader), \(column): \(verdict)")
                }
            }
        }
    }

    /// The types that Spark refuses by name, with the whole file. `cupel contract lint` says so.
    private static let unreadable = ["time", "time_ms", "timetz", "uuid"]

    private static let encodings: [Substring] = [
        "BOOLEAN PLAIN", "BYTE_ARRAY DELTA_LENGTH_BYTE_ARRAY", "BYTE_ARRAY PLAIN", "BYTE_ARRAY RLE_DICTIONARY",
        "DOUBLE PLAIN", "DOUBLE RLE_DICTIONARY", "FIXED_LEN_BYTE_ARRAY PLAIN", "FIXED_LEN_BYTE_ARRAY RLE_DICTIONARY",
        "FLOAT PLAIN", "FLOAT RLE_DICTIONARY", "INT32 DELTA_BINARY_PACKED", "INT32 PLAIN", "INT32 RLE_DICTIONARY",
        "INT64 DELTA_BINARY_PACKED", "INT64 PLAIN", "INT64 RLE_DICTIONARY",
    ]
}
