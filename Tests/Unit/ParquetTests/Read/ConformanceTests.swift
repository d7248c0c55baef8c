import Foundation
import JSON
import Parquet
import ParquetRead
import TestReferee
import Testing

/// The files of Apache's parquet-testing are read as pyarrow reads them; the broken ones are refused with a reason.
/// - SeeAlso: <https://github.com/apache/parquet-testing>
struct ConformanceTests {
    static let corpus = "\(Referee.packageRoot)/../shared/conformance/parquet"

    static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(corpus)/\(folder)").filter { $0.hasSuffix(".parquet") }
            .sorted()
    }

    @Test("every value of every file is what pyarrow reads") func values() throws {
        try withTemporaryFolder { folder in
            try Referee.run("parquet/conformance.py", "\(Self.corpus)/data", folder.path)
            let names = try Self.files(in: "data")
            #expect(names.count > 40)
            for name in names {
                let answer = try JSON(
                    parsing: Array(Data(contentsOf: folder.appending(path: "\(name.dropLast("parquet".count))json"))))
                do {
                    try compare(name, with: answer)
                } catch { Issue.record("\(name): \(error)") }
            }
        }
    }

    private func compare(_ name: String, with answer: JSON) throws {
        let source = try FileRanges(path: "\(Self.corpus)/data/\(name)")
        var file = try ParquetFile(reading: source)
        if name.contains("brotli") {
            let error = #expect(throws: ParquetReadError.self) { try file.everything(upTo: 100) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("codec Brotli"))
            return
        }
        if name.contains("corrupt-checksum") {
            let error = #expect(throws: ParquetReadError.self) { try file.everything(upTo: 100) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("another checksum"))
            var options = ReadOptions()
            options.verifiesChecksums = false
            file = try ParquetFile(reading: source, options)
        }
        let expected = try #require(answer["rows"]?.object, "\(answer["error"]?.string ?? "")")
        for limit in [5, 100_000] {
            var assembler = try RowAssembler(file, upTo: limit)
            let rows = assembler.rows()
            #expect(assembler.isAtEnd, "\(name)")
            for (column, values) in expected {
                let found = rows[column]?.array ?? []
                let difference = zip(found, values.array ?? []).enumerated().first { $1.0 != $1.1 }
                #expect(difference == nil, "\(name), \(column)")
                #expect(found.count == values.array?.count, "\(name), \(column)")
            }
        }
    }

    /// Files in which nothing is broken that a reader must see: the width of dictionary positions is 0, and there is one key.
    private static let readable = ["ARROW-GH-43605.parquet"]

    @Test("broken files are refused with the reason") func brokenFiles() throws {
        let names = try Self.files(in: "bad_data")
        #expect(names.count > 5)
        for name in names where !Self.readable.contains(name) {
            #expect(throws: ParquetReadError.self, "\(name)") {
                let file = try ParquetFile(reading: FileRanges(path: "\(Self.corpus)/bad_data/\(name)"))
                _ = try file.everything(upTo: 1000)
            }
        }
    }
}
