import Foundation
import Testing

@testable import SampleData

@Suite struct SampleFileTests {
    @Test("a CSV field with a comma, quote, or line break is quoted, as is empty text; null is empty")
    func csvQuoting() {
        var row = RowWriter(format: .csv, columns: ["a", "b", "c", "d"])
        row.text("x, \"y\"\r\nz")
        row.text("")
        row.text(nil)
        row.decimal(tenths: 125)
        row.endRow()
        #expect(String(decoding: row.bytes, as: UTF8.self) == "a,b,c,d\n\"x, \"\"y\"\"\r\nz\",\"\",,12.5\n")
    }

    @Test("a file gets its name only when it is complete")
    func completeFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "cupel-\(UUID().uuidString).gz").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = try GzipFile(path: path)
        try file.write([1, 2, 3])
        #expect(!FileManager.default.fileExists(atPath: path))
        try file.finish()
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("a file that cannot be written is named with what was tried")
    func failure() throws {
        let error = try #require(throws: SampleFileError.self) {
            _ = try SampleTable.beer.write(rows: 1, seed: 1, as: .csv, to: "/nowhere/beer.csv.gz")
        }
        #expect(error.attempt == "cannot create")
        #expect(error.path.hasPrefix("/nowhere/beer.csv.gz"))
        #expect(error.code == ENOENT)
    }
}
