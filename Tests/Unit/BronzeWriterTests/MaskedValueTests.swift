import AWSClient
import AWSModels
import Columnar
import Contracts
import Control
import FakeAWS
import Foundation
import JSON
import LambdaRuntime
import PublishedContracts
import Parquet
import RawFile
import TestReferee
import Testing

@testable import BronzeWriter

/// Plants values in masked columns, wherever a file can have them, and searches every byte of the output for them.
@Suite struct MaskedValueTests {
    let aws = FakeAWS()
    let lines = LogLines()

    /// The text that every planted value contains, and nothing else, in upper or lower case.
    static let mark = "KVXQ"
    static let text = "a\(mark)z"

    static func contract(share: Double) throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [{property: quarantineShare, value: \(share)}],
                 schema: [{name: person, properties: [
                   {name: id, logicalType: integer, physicalType: bigint, required: true},
                   {name: e_mail, logicalType: string, logicalTypeOptions: {maxLength: 40},
                    customProperties: [{property: masking, value: mask}],
                    quality: [{metric: invalidValues, mustBe: 0, arguments: {pattern: '@'}}, {metric: duplicateValues, mustBe: 0}]},
                   {name: card, logicalType: string, customProperties: [{property: masking, value: hash}]},
                   {name: note, logicalType: string, required: true, customProperties: [{property: masking, value: redact}]},
                   {name: city, logicalType: string, classification: public}]}]}
                """, file: "fixture")
    }

    /// Valid rows, and rows that break the contract in every known way.
    static let csv: String = {
        let kept = (0..<200).map {
            "\($0),\(text)\($0 % 7)@example.org,\(text)\($0 % 3),\(text),city\($0 % 2),\(text)\n"
        }
        let broken = [
            "x,\(text),\(text),\(text),c,\(text)\n",  // not an integer
            "201,\(text)\n",  // too few fields
            "202,\(text),\(text),\(text),c,\(text),\(text)\n",
            "203,\(text),\(text),,c,\(text)\n",  // a required masked value is missing
            // a masked value is too long
            "204,\(text)\(String(repeating: "a", count: 50)),\(text),\(text),c,\(text)\n",
            "205,\"\(text)\"\(text),\(text),\(text),c,\(text)\n",  // a quote in a masked value
            "206,\(String(repeating: text, count: 500)),a,b,c,d\n",  // longer than the line limit
        ]
        return "id,e_mail,card,note,city,E-Mail\n" + (kept + broken).joined()
    }()

    static let json: String = {
        func line(_ id: String, _ more: String = "") -> String {
            "{\"id\":\(id),\"e_mail\":\"\(text)@example.org\",\"card\":\"\(text)\",\"note\":\"\(text)\"\(more)}\n"
        }
        let kept =
            (0..<200).map { line("\($0)") } + [
                line("300", ",\"Email\":\"\(text)\""), line("301", ",\"person\":{\"E-MAIL\":\"\(text)\"}"),
                line("302", ",\"people\":[1,{\"note\":[\"\(text)\"]}]"), line("303", ",\"E\\u002dmail\":\"\(text)\""),
                line("304", ",\"e_mail\":\"other\""),
            ]
        let broken = [
            line("\"x\""), line("1.5"), "{\"id\":1,\"note\":\"\(text)\n", "\"\(text)\"\n", "[\"\(text)\"]\n",
            "{\"id\":2,\"note\":{\"a\":\"\(text)\"}}\n", "{\"id\":3,\"note\":\"\(text)\\q\"}\n",
            "{\"id\":4,\"e_mail\":\"\(String(repeating: text, count: 20))\",\"note\":\"\"}\n",
            "{\"id\":5,\"note\":\"\(text)\\ud800\"}\n", "\(text)\n",
            "{\"id\":6,\"note\":\"\(String(repeating: text, count: 500))\"}\n",
        ]
        return (kept + broken).joined()
    }()

    /// The same with masked values inside structs, lists and JSON text.
    static func nestedContract(share: Double) throws -> Contract {
        func masked(_ how: String) -> String { "customProperties: [{property: masking, value: \(how)}]" }
        return try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [{property: quarantineShare, value: \(share)}],
                 schema: [{name: nested, properties: [
                   {name: id, logicalType: integer, physicalType: bigint, required: true},
                   {name: person, logicalType: object, properties: [
                     {name: e_mail, logicalType: string, \(masked("mask"))},
                     {name: card, logicalType: string, \(masked("hash"))},
                     {name: phones, logicalType: array, items: {logicalType: string, \(masked("redact"))}}]},
                   {name: orders, logicalType: array, items: {logicalType: object, required: true, properties: [
                     {name: note, logicalType: string, required: true, \(masked("mask"))},
                     {name: price, logicalType: number}]}},
                   {name: payload, logicalType: object, physicalType: json, \(masked("redact"))}]}]}
                """, file: "fixture")
    }

    static let nestedJSON: String = {
        func line(
            _ id: String, person: String = "", phone: String = "\"\(text)\"", note: String = "\"note\":\"\(text)\"",
            order: String = "", payload: String = "{\"a\":[\"\(text)\"]}"
        ) -> String {
            """
            {"id":\(id),"person":{"e_mail":"\(text)@example.org","card":"\(text)","phones":[null,\(phone)]\(person)},\
            "orders":[{"note":"\(text)"},{\(note)\(order)}],"payload":\(payload)}

            """
        }
        let kept =
            (0..<200).map { line("\($0)") } + [
                line("300", person: ",\"E-Mail\":\"\(text)\""), line("301", order: ",\"NOTE\":[\"\(text)\"]"),
                line("302", person: ",\"other\":{\"phones\":\"\(text)\"}"),
                line("303", person: ",\"c\\u0061rd\":\"\(text)\""),
            ]
        let broken = [
            line("\"x\""), line("1", note: "\"note\":null"), line("2", note: "\"note\":[\"\(text)\"]"),
            line("3", phone: "{\"a\":\"\(text)\"}"), line("4", order: ",\"price\":\"dear\""),
            line("5", payload: "\"\(text)\""), line("6", payload: "[\"\(text)\"]"),
            line("7", phone: "\"\(text)\\ud800\""),
            line("8", payload: "{\"a\":\"\(text)}"), "{\"id\":9,\"person\":\"\(text)\"}\n",
            "{\"id\":10,\"orders\":{\"note\":\"\(text)\"}}\n",
        ]
        return (kept + broken).joined()
    }()

    /// The same values in CSV, where each nested column is quoted JSON.
    static let nestedCSV: String = {
        func quoted(_ json: String) -> String { "\"\(json.replacing("\"", with: "\"\""))\"" }
        func line(_ id: String, _ person: String, _ orders: String, _ payload: String) -> String {
            "\(id),\(quoted(person)),\(quoted(orders)),\(quoted(payload)),\(text)\n"
        }
        let (person, orders) = (
            "{\"e_mail\":\"\(text)\",\"phones\":[\"\(text)\"],\"CARD\":\"\(text)\"}", "[{\"note\":\"\(text)\"}]"
        )
        let payload = "{\"a\":\"\(text)\"}"
        return "id,person,orders,payload,E-Mail\n"
            + (0..<200).map { line("\($0)", person, orders, payload) }.joined()
            + line("x", person, orders, payload) + line("1", "{\"e_mail\":\"\(text)}", orders, payload)
            + line("2", person, "[{\"note\":{\"\(text)\":1}}]", payload) + line("3", person, orders, text)
    }()

    static let files: [(name: String, bytes: [UInt8], share: Double, isDone: Bool)] = {
        let notUTF8 =
            Array("id,e_mail,card,note,city\n7,".utf8) + [0xFF] + Array("\(text),\(text),\(text),c\n8,,,n,\n".utf8)
        return [
            ("person/a.csv.gz", gzip(csv), 0.5, true), ("person/a.json.gz", gzip(json), 0.5, true),
            ("person/utf8.csv.gz", gzip(notUTF8), 0.5, true),
            ("nested/a.json.gz", gzip(nestedJSON), 0.5, true), ("nested/a.csv.gz", gzip(nestedCSV), 0.5, true),
            ("nested/strict.json.gz", gzip(nestedJSON), 0, false), ("nested/strict.csv.gz", gzip(nestedCSV), 0, false),
            ("person/strict.csv.gz", gzip(csv), 0, false), ("person/strict.json.gz", gzip(json), 0, false),
            ("person/headless.csv.gz", gzip("1,\(text),\(text),\(text),c\n"), 0.5, false),
            ("person/twice.csv.gz", gzip("id,note,\(text),\(text)\n"), 0.5, false),
            ("person/quote.csv.gz", gzip("id,note,\"\(text)\"\(text)\n"), 0.5, false),
            ("person/open.csv.gz", gzip("id,note\n1,\"\(text)\n"), 0.5, false),
            ("person/cut.csv.gz", Array(gzip(csv).dropLast(9)), 0.5, false),
        ]
    }()

    @Test("no output, record, log line or message contains a masked value", arguments: files, [1, 3])
    func noTrace(file: (name: String, bytes: [UInt8], share: Double, isDone: Bool), threads: Int) throws {
        let key = "raw/\(file.name)"
        let stored = aws.put(file.bytes, to: S3Object(bucket: "stage", key: key))
        let control = ControlTable(name: "control", client: aws.client, now: { [aws] in aws.now })
        let record = ControlRecord(
            raw: try RawKey(key), bucket: "stage", version: .eTag(stored.eTag), sizeInBytes: file.bytes.count,
            createdAt: aws.now)
        _ = try control.register(record)
        var settings = Settings(
            contracts: ContractSource(
                ContractCatalog([
                    try Self.contract(share: file.share), try Self.nestedContract(share: file.share),
                ])), lakeBucket: "lake", control: control,
            objects: ObjectStore(aws.client))
        settings.options.maskingKey = Array("0123456789abcdef".utf8)
        settings.options.threads = threads
        settings.options.reader = ReaderLimits(batchRows: 64, lineBytes: 2000)
        let context = InvocationContext(
            requestID: "request", deadline: .now + .seconds(3600), log: Log(lowestLevel: .trace, sink: lines.append))
        var said = ""
        do {
            said += try BronzeWriter(settings: settings).handle(["control_id": .string(record.controlID.text)], context)
                .text
            #expect(file.isDone)
        } catch {
            said += "\(error)"
            #expect(!file.isDone, "\(error)")
        }
        said += aws.items(in: "control").map(\.json.text).joined()
        said += lines.text
        for key in aws.keys(in: "lake") {
            let bytes = try #require(aws.bytes(of: S3Object(bucket: "lake", key: key)))
            said += key + (key.hasSuffix(".gz") ? try gunzip(bytes) : try Self.dump(bytes))
        }
        #expect(!said.uppercased().contains(Self.mark))
        if file.isDone {
            let done = try #require(try control.record(record.controlID))
            let places =
                file.name.hasPrefix("nested")
                ? ["person.e_mail", "person.card", "person.phones[]", "orders[].note", "payload"]
                : ["e_mail", "card", "note"]
            #expect(done.maskedColumns == places && (done.quarantinedCount ?? 0) > 0)
            #expect(said.contains("[redacted]") || file.name.contains("utf8"))
        } else {
            #expect(aws.keys(in: "lake").allSatisfy { $0.hasPrefix("quarantine/") })
        }
    }

    @Test("the pages of an uncompressed file contain no masked value") func uncompressedPages() throws {
        var options = FileConversion.Options()
        options.codec = .none
        options.maskingKey = Array("0123456789abcdef".utf8)
        options.reader = ReaderLimits(batchRows: 64, lineBytes: 2000)
        let (flat, nested) = (try Self.contract(share: 0.5), try Self.nestedContract(share: 0.5))
        for (contract, format, text) in [
            (flat, RawFormat.csv, Self.csv), (flat, .json, Self.json), (nested, .csv, Self.nestedCSV),
            (nested, .json, Self.nestedJSON),
        ] {
            let output = MemorySink()
            _ = try FileConversion(contract: contract, format: format, options: options)
                .run(from: { MemorySource(gzip(text)) }, to: { output }, quarantine: { MemorySink() })
            let bytes = String(decoding: output.bytes, as: Unicode.ASCII.self)
            #expect(bytes.contains("[redacted]") && !bytes.uppercased().contains(Self.mark))
        }
    }

    @Test("the search finds the planted values where no contract masks them") func searchFindsValues() throws {
        let open = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [{property: quarantineShare, value: 0.5}],
                 schema: [{name: person, properties: [{name: id, logicalType: integer, required: true},
                   {name: note, logicalType: string, classification: public}]}]}
                """, file: "fixture")
        let (output, quarantine) = (MemorySink(), MemorySink())
        _ = try FileConversion(contract: open, format: .csv, options: FileConversion.Options())
            .run(from: { MemorySource(gzip(Self.csv)) }, to: { output }, quarantine: { quarantine })
        #expect(try Self.dump(output.bytes).contains(Self.mark) && gunzip(quarantine.bytes).contains(Self.mark))
    }

    /// Everything that pyarrow reads in a file, as text.
    private static func dump(_ parquet: [UInt8]) throws -> String {
        let folder = try TemporaryFolder()
        return try Referee.run("masking/dump.py", try folder.write(parquet, to: "a.parquet"))
    }
}
