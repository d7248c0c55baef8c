import Control
import Testing
import Time

@testable import cupel

@Suite("the failures of a run of many files")
struct FailureSummaryTests {
    private func failure(_ number: Int, _ type: String?, _ message: String, in folder: String = "in") throws
        -> Ingestion
    {
        let file = RawFile(
            path: "\(folder)/orders-\(number).csv", table: "orders", key: "raw/orders/orders-\(number).csv.gz",
            sizeInBytes: 10)
        var ingestion = Ingestion(file)
        guard let type else {
            ingestion.refuse(message)
            return ingestion
        }
        var record = ControlRecord(
            raw: try RawKey(file.key), bucket: "stage", version: .versionID("v1"), sizeInBytes: 10,
            createdAt: Timestamp(milliseconds: 1_900_000_000_000))
        record.status = .error
        record.errorType = type
        record.errorMessage = message
        ingestion.beginUpload(at: .now)
        _ = ingestion.update(record, at: .now)
        return ingestion
    }

    @Test("each cause is there once, with one file in full and the names of the others, in 80 columns")
    func causes() throws {
        let message =
            "line 3, column total: 'x' is not a decimal; fix the file and upload it again, or set a numberFormat"
        var failures = [try failure(0, "BadInput", "s3://stage/raw/orders/orders-0.csv.gz: not gzip")]
        failures += try (1...28).map {
            try failure(
                $0, "TooManyBadRows", message.replacing("line 3", with: "line \($0)").replacing("'x'", with: "'x\($0)'")
            )
        }
        failures += [try failure(29, nil, "no control record after 900.0 seconds")]
        let lines = FailureSummary(failures, of: 2000, lakeBucket: "lake").lines(options: "")
        #expect(lines.allSatisfy { $0.count <= 80 } && lines.count <= 24)
        #expect(lines[1] == "30 of 2,000 files failed:")
        #expect(lines[3...4] == ["  TooManyBadRows: 28 files", "  in/orders-1.csv"])
        #expect(lines[5].hasPrefix("    line 1, column total: 'x1' is not a decimal;"))
        let text = lines.joined(separator: "\n")
        #expect(text.contains("    likewise: orders-2.csv, orders-3.csv,") && text.contains("orders-28.csv"))
        #expect(text.contains("  BadInput: 1 file\n  in/orders-0.csv\n    not gzip"))
        #expect(text.contains("  not uploaded: 1 file\n  in/orders-29.csv\n    no control record"))
        #expect(!text.contains("cupel status"))
    }

    @Test("of more failures than a screen has room for, some are named, and a command shows all")
    func many() throws {
        let failures = try (0..<3000).map { try failure($0, "BadInput", "not gzip") }
        let lines = FailureSummary(failures, of: 5000, lakeBucket: "lake").lines(options: " --port 4000")
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines.contains { $0.hasSuffix("orders-99.csv, and 2,900 more") || $0.hasSuffix("and 2,900 more") })
        #expect(lines.suffix(2) == ["To see all of them:", "  cupel status --port 4000 --status error --limit 3000"])
    }

    @Test("one kind of error may have several causes, and of many causes the most frequent are shown")
    func kinds() throws {
        let two = [
            try failure(0, "ForeignFile", "the text is an HTML page"),
            try failure(1, "ForeignFile", "the text begins like a zip file"),
        ]
        let lines = FailureSummary(two, of: 50, lakeBucket: "lake").lines(options: "")
        #expect(lines.contains("    the text is an HTML page") && lines.contains("    the text begins like a zip file"))
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        let many = try letters.indices.map { try failure($0, "BadInput", "reason \(letters[$0])") }
        let shown = FailureSummary(many, of: 50, lakeBucket: "lake").lines(options: "")
        #expect(shown.count { $0.hasPrefix("    reason ") } == FailureSummary.shownCauses)
        #expect(shown.last == "  cupel status --status error --limit 26")
    }

    @Test("files of several folders are named with theirs")
    func folders() throws {
        let failures = [try failure(1, "BadInput", "x", in: "a"), try failure(1, "BadInput", "x", in: "b")]
        let lines = FailureSummary(failures, of: 50, lakeBucket: "lake").lines(options: "")
        #expect(lines.contains("    likewise: b/orders-1.csv"))
    }
}
