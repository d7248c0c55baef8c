import RawFile
import Testing

@Suite struct RawFileNameTests {
    @Test(
        "the name says format, compression and stem",
        arguments: [
            ("raw/beer/a.csv.gz", .csv, .gzip, "a"), ("A.JSON.GZ", .json, .gzip, "A"),
            ("x.ndjson.gz", .json, .gzip, "x"),
            ("x.jsonl.gz", .json, .gzip, "x"), ("a.csv", .csv, .none, "a"), ("a.b.Ndjson", .json, .none, "a.b"),
            ("a.csv.zst", .csv, .zstd, "a"), ("a.json.csv.gz", .csv, .gzip, "a.json"),
            ("my.stream-1-2026-03-01-09-00-00-0b1c.gz", .json, .gzip, "my.stream-1-2026-03-01-09-00-00-0b1c"),
            ("stream.gz", .json, .gzip, "stream"),
        ] as [(String, RawFormat, RawCompression, String)])
    func known(name: String, format: RawFormat, compression: RawCompression, stem: String) {
        let file = RawFileName(name)
        #expect(file?.format == format && file?.compression == compression && file?.stem == stem)
    }

    @Test(
        "a name of another format is refused",
        arguments: [
            "a.parquet", "a.tar.gz", "a.xml.gz", "a.csv.bz2", "a", "", ".gz", "raw/beer/", "a.zst", "csv", "é.txt.gz",
        ])
    func unknown(name: String) { #expect(RawFileName(name) == nil) }
}
