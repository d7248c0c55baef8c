import Foundation
import JSON
import Parquet
import ParquetRead
import TestReferee
import Testing

/// Files of other writers are read as pyarrow reads them.
struct ForeignFileTests {
    @Test("every value of pyarrow's, DuckDB's and Polars' files is what pyarrow reads") func flatFiles() throws {
        try withTemporaryFolder { folder in
            try Referee.run("parquet/foreign.py", folder.path)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") }.sorted()
            #expect(names.count > 25)
            for name in names {
                let path = folder.appending(path: name).path
                let expected = try JSON(
                    parsing: Array(Data(contentsOf: URL(filePath: path.dropLast("parquet".count) + "json"))))
                let file = try ParquetFile(reading: FileRanges(path: path))
                #expect(file.metadata.rowCount == expected["rows"]?.int.map { Int($0) }, "\(name)")
                for (column, arrays) in zip(file.metadata.columns, try file.everything(upTo: 1000)) {
                    let values = arrays.flatMap { $0.array.cells(rowCount: $0.rowCount) }.map {
                        $0.map(column.canonical) ?? .null
                    }
                    let wanted = try #require(expected["columns"]?[column.path[0]]?.array, "\(name) \(column.name)")
                    let row = zip(values, wanted).enumerated().first { $1.0 != $1.1 }
                    #expect(row == nil, "\(name) \(column.name)")
                    #expect(values.count == wanted.count, "\(name) \(column.name)")
                }
            }
        }
    }
}
