import Columnar
import Contracts
import Control
import JSON
import RawFile
import TestRandom
import Testing

@testable import BronzeWriter

/// One conversion in memory, with its output and quarantine.
struct Attempt {
    let output: MemorySink
    let quarantine = MemorySink()

    init(_ output: MemorySink = MemorySink()) { self.output = output }

    func run(
        _ source: any ByteSource, as format: RawFormat = .csv, contract: Contract? = nil, threads: Int = 3,
        limits: ReaderLimits = ReaderLimits(batchRows: 64), inflate: InflateLimits = InflateLimits(),
        checkpoint: @escaping () throws -> Void = {}
    ) throws -> FileConversion.Result {
        var options = FileConversion.Options()
        options.threads = threads
        options.reader = limits
        options.inflate = inflate
        let contract = try contract ?? fixedContract()
        return try FileConversion(contract: contract, format: format, options: options, checkpoint: checkpoint)
            .run(from: { source }, to: { output }, quarantine: { quarantine })
    }

    func run(
        _ bytes: [UInt8], as format: RawFormat = .csv, contract: Contract? = nil, threads: Int = 3
    ) throws -> FileConversion.Result {
        try run(MemorySource(bytes), as: format, contract: contract, threads: threads)
    }

    var quarantined: [JSON] {
        get throws { try gunzip(quarantine.bytes).split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) } }
    }
}

@Suite struct ConversionTests {
    @Test("every valid row is written", arguments: [RawFormat.csv, .json], [1, 2, 3])
    func valid(format: RawFormat, threads: Int) throws {
        let attempt = Attempt()
        let result = try attempt.run(file(500, as: format), as: format, threads: threads)
        #expect(result.writtenCount == 500 && result.quarantinedCount == 0)
        #expect(attempt.output.state == .finished && attempt.quarantine.state == .open)
        #expect(attempt.output.bytes.starts(with: Array("PAR1".utf8)))
        #expect(attempt.output.bytes.suffix(4) == Array("PAR1".utf8))
        #expect(result.output.sizeInBytes == attempt.output.bytes.count)
    }

    @Test("the checksum is the SHA-256 of the decompressed text") func checksum() throws {
        let result = try Attempt().run(gzip("id,name,score,abv\n1,a,2,3.5\n"))
        #expect(result.checksum == "15b06497318e839158b55229fac5a7c78020a384fcbeddc19896dce6ead34994")
    }

    @Test("a header alone makes a table without rows") func headerOnly() throws {
        let attempt = Attempt()
        #expect(try attempt.run(gzip(header)).writtenCount == 0)
        #expect(attempt.output.state == .finished)
    }

    // MARK: Files that cannot be read

    static let damaged: [(name: String, bytes: [UInt8], type: String, says: String)] = {
        let whole = file(2000)
        var wrongCRC = whole
        wrongCRC[whole.count - 8] ^= 1
        return [
            ("not gzip", Array("id,name\n1,a\n".utf8), "NotGzip", "byte 0"),
            (
                "a zip file", [0x50, 0x4B, 0x03, 0x04, 0x14, 0, 0, 0, 8, 0] + Array("data.csv".utf8), "ForeignFile",
                "not gzip: the file begins like a zip file; take the file out"
            ),
            (
                "Zstandard", [0x28, 0xB5, 0x2F, 0xFD, 0x24, 0], "ForeignFile",
                "not gzip: the file begins like a Zstandard"
            ),
            ("a page", Array("<!DOCTYPE html>\n".utf8), "ForeignFile", "not gzip: the file is an HTML page"),
            ("empty", [], "EmptyFile", "no bytes"),
            ("truncated", Array(whole.dropLast(100)), "TruncatedGzip", "byte \(whole.count - 100)"),
            ("truncated in its trailer", Array(whole.dropLast(3)), "TruncatedGzip", "byte \(whole.count - 3)"),
            ("wrong CRC", wrongCRC, "WrongChecksum", "checksum"),
            ("trailing garbage", whole + [1, 2, 3], "TrailingGarbage", "byte \(whole.count)"),
            ("no text", gzip(""), "EmptyText", "no header row"),
            ("no required column", gzip("name,score,abv\na,1,2\n"), "MissingColumns", "id"),
            ("a column twice", gzip("id,id,name,score,abv\n1,1,a,1,1\n"), "DuplicateColumn", "'id'"),
            ("an open quote", gzip(header + "1,a,1,1\n2,\"b,1,1\n"), "UnterminatedQuote", "line 3"),
        ]
    }()

    @Test("a damaged file is refused with what and where, and leaves no output", arguments: damaged, [1, 3])
    func damagedFiles(damage: (name: String, bytes: [UInt8], type: String, says: String), threads: Int) throws {
        let attempt = Attempt()
        let error = #expect(throws: ColumnarError.self) { try attempt.run(damage.bytes, threads: threads) }
        #expect(error?.code == damage.type)
        #expect(error?.description.contains(damage.says) == true, "\(damage.name): \(error?.description ?? "")")
        #expect(attempt.output.state == .aborted && attempt.quarantine.state != .finished)
    }

    @Test("a decompression bomb is stopped at the limit", arguments: [1, 3])
    func decompressionBomb(threads: Int) throws {
        let bomb = gzip(Array(header.utf8) + [UInt8](repeating: 0x20, count: 4 << 20))
        let attempt = Attempt()
        let error = #expect(throws: ColumnarError.self) {
            try attempt.run(MemorySource(bomb), threads: threads, inflate: InflateLimits(bytes: 1 << 20))
        }
        #expect(error?.code == "TooLarge" && error?.description.contains("MAX_DECOMPRESSED_BYTES") == true)
        #expect(attempt.output.state == .aborted)
    }

    // MARK: Rows that break the contract

    static let broken: [(row: String, format: RawFormat, reason: String, column: String?)] = [
        ("7,a,1", .csv, "too_few_fields", nil),
        ("7,a,1,2,3", .csv, "too_many_fields", nil),
        ("x,a,1,2", .csv, "not_an_integer", "id"),
        (",a,1,2", .csv, "missing_value", "id"),
        ("7,a,9999999999,2", .csv, "out_of_range", "score"),
        ("9223372036854775808,a,1,2", .csv, "out_of_range", "id"),
        ("7,a,1,two", .csv, "not_a_number", "abv"),
        ("7,\"a\"b,1,2", .csv, "misplaced_quote", nil),
        ("no json", .json, "not_json", nil),
        ("[7]", .json, "not_an_object", nil),
        ("{\"id\": {\"value\": 7}}", .json, "nested_value", "id"),
        ("{\"id\": 7, \"score\": 1.5}", .json, "not_an_integer", "score"),
        ("{\"name\": \"a\"}", .json, "missing_value", "id"),
    ]

    @Test("a broken row is quarantined with its line, column, reason and text", arguments: broken, [1, 3])
    func brokenRow(broken: (row: String, format: RawFormat, reason: String, column: String?), threads: Int) throws {
        // Each row is one line, so that the line number is known.
        let rows = (0..<100).map { broken.format == .csv ? "\($0),a,1,2\n" : "{\"id\": \($0)}\n" }
        let text = (broken.format == .csv ? header : "") + rows.joined() + broken.row + "\n" + rows.joined()
        let attempt = Attempt()
        let result = try attempt.run(gzip(text), as: broken.format, threads: threads)
        #expect(result.writtenCount == 200 && result.quarantinedCount == 1)
        #expect(attempt.output.state == .finished && attempt.quarantine.state == .finished)
        let row = try #require(try attempt.quarantined.first)
        #expect(row["line"]?.int == (broken.format == .csv ? 102 : 101))
        #expect(row["reason"] == .string(broken.reason))
        #expect(row["raw_text"] == .string(broken.row))
        if let column = broken.column { #expect(row["column"] == .string(column)) }
    }

    @Test("a row of invalid UTF-8 is quarantined", arguments: [1, 3])
    func invalidUTF8(threads: Int) throws {
        let bytes = Array((header + "1,a,1,1\n2,").utf8) + [0xFF, 0xC0] + Array(",1,1\n3,c,1,1\n".utf8)
        let attempt = Attempt()
        let result = try attempt.run(gzip(bytes), threads: threads)
        #expect(result.writtenCount == 2 && result.quarantinedCount == 1)
        #expect(try attempt.quarantined.first?["reason"] == "invalid_utf8")
    }

    @Test(
        "a line of 64 MiB is quarantined with only the beginning of its text",
        arguments: zip([RawFormat.csv, .json], [3, 1]))
    func longLine(format: RawFormat, threads: Int) throws {
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: 64 << 20)
        let (front, back) =
            format == .csv
            ? (header + "1,a,1,1\n2,", ",1,1\n3,c,1,1\n") : ("{\"id\":1}\n{\"id\":2,\"name\":\"", "\"}\n{\"id\":3}\n")
        let attempt = Attempt()
        let result = try attempt.run(
            MemorySource(gzip(Array(front.utf8) + long + Array(back.utf8))), as: format, threads: threads,
            inflate: InflateLimits(ratio: 10_000))
        #expect(result.writtenCount == 2 && result.quarantinedCount == 1)
        let row = try #require(try attempt.quarantined.first)
        #expect(row["reason"] == "line_too_long" && row["line"]?.int == (format == .csv ? 3 : 2))
        #expect(row["raw_length"]?.int ?? 0 > ReaderLimits().lineBytes)
        #expect((row["raw_text"]?.string?.utf8.count ?? .max) <= RejectedRow.rawTextLimit)
    }

    // MARK: Tolerance

    @Test(
        "more broken rows than the contract tolerates fail the whole file",
        arguments: [
            (2, 0.0, 2, true), (2, 0.0, 3, false), (0, 0.1, 10, true), (0, 0.1, 12, false), (0, 0.0, 1, false),
        ])
    func tolerance(rows: Int, share: Double, broken: Int, isTolerated: Bool) throws {
        let text = header + (0..<100 - broken).map { "\($0),a,1,1\n" }.joined()
        let bytes = gzip(text + String(repeating: "x,a,1,1\n", count: broken))
        let attempt = Attempt()
        let contract = try contract(rows: rows, share: share)
        if isTolerated {
            let result = try attempt.run(bytes, contract: contract)
            #expect(result.writtenCount == 100 - broken && result.quarantinedCount == broken)
            #expect(try attempt.quarantined.count == broken)
        } else {
            let error = #expect(throws: ConversionError.self) { try attempt.run(bytes, contract: contract) }
            #expect(error?.errorType == "ContractBroken")
            let text = error?.description ?? ""
            for part in ["\(broken) of 100 rows", "beer 1.2.0", "line \(102 - broken)", "column id", "replay"] {
                #expect(text.contains(part), "\(text)")
            }
            #expect(attempt.output.state == .aborted && attempt.quarantine.state == .finished)
            #expect(try attempt.quarantined.count == broken)
        }
    }

    @Test("the quarantine of a file that fails lists its first 100 bad rows", arguments: [1, 3])
    func listedRows(threads: Int) throws {
        let attempt = Attempt()
        let text = header + (0..<1000).map { $0 % 3 == 0 ? "\($0),a,1,1\n" : "x\($0),a,1,1\n" }.joined()
        let error = #expect(throws: ConversionError.self) {
            try attempt.run(gzip(text), contract: contract(rows: 0), threads: threads)
        }
        #expect(error?.description.contains("666 of 1000 rows") == true)
        #expect(error?.description.contains("Quarantine lists the first 100.") == true)
        let lines = try attempt.quarantined.map { $0["line"]?.int }
        #expect(lines == (0..<1000).filter { $0 % 3 != 0 }.prefix(100).map { $0 + 2 })
    }

    @Test("rows with unknown fields are counted, with the kinds of their values", arguments: [1, 3])
    func unknownFields(threads: Int) throws {
        let lines = (0..<300).map { id -> String in
            switch id % 3 {
            case 0: "{\"id\":\(id)}"
            case 1: "{\"id\":\(id),\"tier\":\"gold\",\"rank\":\(id),\"name\":\"a\",\"name\":\"b\"}"
            default:
                "{\"id\":\(id),\"rank\":1.5,\"tags\":[1],\"address\":{\"a\":1},\"flag\":true,\"none\":null,\"tier\":\(id)}"
            }
        }
        let result = try Attempt().run(gzip(lines.joined(separator: "\n")), as: .json, threads: threads)
        #expect(result.writtenCount == 300 && result.rescuedCount == 200)
        #expect(
            result.unknownFields.map { "\($0.path) \($0.kind.rawValue) \($0.matchedCount)/\($0.sampledCount)" } == [
                "rank number 200/200", "tier mixed 200/200", "address object 100/200", "flag boolean 100/200",
                "tags array 100/200",
            ])
    }

    @Test("unknown members of nested fields have their path, and hidden values no kind") func unknownMembers() throws {
        let contract = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft, schema: [{name: t, properties: [
                  {name: lines, logicalType: array, items: {logicalType: object, properties: [{name: sku, logicalType: string}]}},
                  {name: note, logicalType: string, classification: internal}]}]}
                """, file: "fixture")
        let text = "{\"lines\":[{\"sku\":\"a\",\"color\":1},{\"color\":2}],\"a@b.c\":1}"
        let result = try Attempt().run(gzip(text), as: .json, contract: contract)
        #expect(result.unknownFields.map(\.path) == ["[redacted]", "lines[].color"])
        #expect(result.unknownFields.allSatisfy { $0.kind == .hidden && $0.matchedCount == 1 })
    }

    @Test("rows read equal rows written plus rows quarantined, wherever broken rows are", arguments: UInt64(1)...5)
    func rowBalance(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var broken = 0
        var text = header
        for id in 0..<3000 {
            let isBroken = Int.random(in: 0..<20, using: &generator) == 0
            broken += isBroken ? 1 : 0
            text += isBroken ? "\(id),a,not a number,1\n" : rows(id..<id + 1)
        }
        let attempt = Attempt()
        let result = try attempt.run(
            TrickleSource(gzip(text), seed: seed), contract: contract(rows: 3000), threads: 3)
        #expect(result.quarantinedCount == broken, "seed \(seed)")
        #expect(result.writtenCount == 3000 - broken, "seed \(seed)")
        #expect(try attempt.quarantined.count == broken, "seed \(seed)")
    }

    // MARK: Determinism

    @Test(
        "the output bytes depend neither on the thread count nor on how the input arrives",
        arguments: [RawFormat.csv, .json])
    func determinism(format: RawFormat) throws {
        // The rows exceed a stripe of the file, and the batch size does not divide it.
        let broken = format == .csv ? "x,y,z\n" : "x\n"
        let text = (format == .csv ? header : "") + rows(0..<20_000, as: format) + broken + rows(0..<20_000, as: format)
        let bytes = gzip(text)
        let limits = ReaderLimits(batchRows: 3001)
        let first = Attempt()
        _ = try first.run(MemorySource(bytes), as: format, threads: 1, limits: limits)
        for threads in [1, 2, 3] {
            for seed in UInt64(1)...3 {
                let again = Attempt()
                _ = try again.run(TrickleSource(bytes, seed: seed), as: format, threads: threads, limits: limits)
                let isSame =
                    again.output.bytes == first.output.bytes && again.quarantine.bytes == first.quarantine.bytes
                #expect(isSame, "threads \(threads), seed \(seed)")
            }
        }
    }

    // MARK: Failures during the conversion

    @Test("a source that fails midway leaves no output", arguments: [1, 2, 3])
    func failingSource(threads: Int) throws {
        let attempt = Attempt()
        let source = FailingSource(Array(file(5000).dropLast(5000)))
        #expect(throws: FailingSource.Failure.self) { try attempt.run(source, threads: threads) }
        #expect(attempt.output.state == .aborted)
    }

    @Test("an output that cannot be written is aborted", arguments: [1, 2, 3], [0, 4, 1000])
    func failingOutput(threads: Int, capacity: Int) throws {
        let attempt = Attempt(MemorySink(capacity: capacity))
        #expect(throws: MemorySink.Failure.self) { try attempt.run(file(5000), threads: threads) }
        #expect(attempt.output.state == .aborted)
    }

    @Test("an output that cannot be finished is aborted", arguments: [1, 3])
    func unfinishableOutput(threads: Int) throws {
        let attempt = Attempt(MemorySink(canFinish: false))
        #expect(throws: MemorySink.Failure.self) { try attempt.run(file(50), threads: threads) }
        #expect(attempt.output.state == .aborted)
    }

    @Test("a checkpoint that throws ends the conversion and leaves no output", arguments: [1, 3])
    func checkpoint(threads: Int) throws {
        let attempt = Attempt()
        var batches = 0
        let error = #expect(throws: ConversionError.self) {
            try attempt.run(MemorySource(file(1000)), threads: threads) {
                batches += 1
                if batches == 3 { throw ConversionError.interrupted }
            }
        }
        #expect(error?.errorType == "Interrupted" && batches == 3)
        #expect(attempt.output.state == .aborted)
    }
}
