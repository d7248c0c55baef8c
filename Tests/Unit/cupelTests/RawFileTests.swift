import Testing

@testable import cupel

@Suite struct RawFileTests {
    private let tables = ["beer", "review", "review_flat"]

    @Test(
        "a file's table comes from its folder, else from its name",
        arguments: [
            ("sample/beer.csv.gz", "beer"), ("beer/part-1.csv.gz", "beer"), ("/x/review/beer.json.gz", "review"),
            ("review-2024-01.csv.gz", "review"), ("review_2024.csv.gz", "review"),
            ("review_flat.csv.gz", "review_flat"),
            ("review_flat_2.csv.gz", "review_flat"), ("wine/x.csv.gz", nil), ("beers.csv.gz", nil), ("x", nil),
        ])
    func tableOfFile(path: String, table: String?) {
        #expect(RawFile.table(of: path, tables) == table)
    }

    @Test("folders are searched, and files with the same name get distinct keys")
    func folders() throws {
        let folder = try TemporaryFolder()
        for path in ["a/beer.csv.gz", "b/beer.csv.gz", "b/c/review.json.gz", "b/notes.txt"] {
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            try FileKind.makeFolder("\(folder.path)/\(parent)")
            try FileContent.write(Array("12345".utf8), to: "\(folder.path)/\(path)")
        }
        let files = try RawFile.found(at: [folder.path], table: nil, tables: tables)
        #expect(files.map(\.key) == ["raw/beer/beer.csv.gz", "raw/beer/2/beer.csv.gz", "raw/review/review.json.gz"])
        #expect(files.allSatisfy { $0.sizeInBytes == 5 })
        let named = try RawFile.found(at: ["\(folder.path)/b/c/review.json.gz"], table: "beer", tables: tables)
        #expect(named[0].key == "raw/beer/review.json.gz")
    }

    @Test("a file that cannot be ingested is refused before any upload")
    func refusedFiles() throws {
        let folder = try TemporaryFolder()
        try FileContent.write([], to: "\(folder.path)/beer.parquet")
        try FileContent.write([], to: "\(folder.path)/wine.csv.gz")
        func exitStatus(_ path: String, table: String? = nil) -> Int32? {
            do throws(CommandFailure) {
                _ = try RawFile.found(at: ["\(folder.path)\(path)"], table: table, tables: tables)
                return nil
            } catch {
                return error.exitStatus
            }
        }
        #expect(exitStatus("/absent.csv.gz") == 3)
        #expect(exitStatus("/beer.parquet") == 2)
        #expect(exitStatus("/wine.csv.gz") == 2)
        #expect(exitStatus("/wine.csv.gz", table: "wine") == 2)
        #expect(exitStatus("/wine.csv.gz", table: "beer") == nil)
    }
}
