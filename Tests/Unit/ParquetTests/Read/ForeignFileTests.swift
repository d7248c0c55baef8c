import Foundation
import JSON
import Parquet
import ParquetRead
import TestReferee
import Testing

/// Files of other writers are read as pyarrow reads them.
struct ForeignFileTests {
    @Test("every value of pyarrow's, DuckDB's and Polars' files is what pyarrow reads") func values() throws {
        try withTemporaryFolder { folder in
            try Referee.run("parquet/foreign.py", folder.path)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") }.sorted()
            #expect(names.count > 30)
            for name in names {
                let path = folder.appending(path: name).path
                let expected = try JSON(
                    parsing: Array(Data(contentsOf: URL(filePath: path.dropLast("parquet".count) + "json"))))
                let file = try ParquetFile(reading: FileRanges(path: path))
                #expect(file.metadata.rowCount == expected["rows"]?.int.map { Int($0) }, "\(name)")
                var assembler = try RowAssembler(file, upTo: name.count * 17)
                let rows = assembler.rows()
                #expect(assembler.isAtEnd, "\(name)")
                for (column, values) in try #require(expected["columns"]?.object) {
                    let found = rows[column]?.array ?? []
                    let difference = zip(found, values.array ?? []).enumerated().first { $1.0 != $1.1 }
                    #expect(difference == nil, "\(name), \(column)")
                    #expect(found.count == values.array?.count, "\(name), \(column)")
                }
            }
        }
    }
}
