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
import TestRandom
import TestReferee
import Testing

@testable import BronzeWriter

/// Converts random files whose classified columns hold planted values, and searches every byte that leaves for them.
@Suite struct ClassifiedValueTests {
    @Test(
        "no byte that leaves shows a classified value, whatever is wrong with a file",
        arguments: PlantedFile.Format.allCases, 0..<UInt64(24))
    func noTrace(format: PlantedFile.Format, seed: UInt64) throws {
        let file = PlantedFile(format, seed: seed)
        let traces = try Conversion.run(file)
        for planted in [PlantedFile.masked, PlantedFile.unmasked] {
            for (place, text) in traces.places where place != .rows || planted == PlantedFile.masked {
                let found = text.uppercased().range(of: planted).map { text[$0.lowerBound...].prefix(60) }
                #expect(found == nil, "seed \(seed), \(file.header), \(place): \(found ?? "")")
            }
        }
    }

    @Test("the random files are converted, fail for many reasons, and fill quarantine and rescued data")
    func coverage() throws {
        var (outcomes, reasons, rescued): (Set<String>, Set<String>, Int) = ([], [], 0)
        for format in PlantedFile.Format.allCases {
            for seed in 0..<UInt64(24) {
                let traces = try Conversion.run(PlantedFile(format, seed: seed))
                outcomes.insert(traces.outcome)
                for line in (traces.places[.quarantine] ?? "").split(separator: "\n") {
                    let row = try JSON(parsing: Array(line.utf8))
                    reasons.insert(row["reason"]?.string ?? "")
                    #expect(row["raw_text"] == .null && row["byte_offset"]?.int != nil && row["raw_length"]?.int != nil)
                }
                rescued += (traces.places[.rescued] ?? "").split(separator: "[redacted]").count
            }
        }
        #expect(outcomes.isSuperset(of: ["success", "ContractBroken", "QualityFailed", "MissingColumns", "BadHeader"]))
        let expected = [
            "not_an_integer", "not_a_date", "missing_value", "too_long", "pattern_mismatch", "too_few_fields",
            "too_many_fields", "misplaced_quote", "invalid_utf8", "not_json", "not_an_object", "line_too_long",
            "unknown_operation",
        ]
        #expect(reasons.isSuperset(of: expected), "\(reasons.sorted())")
        #expect(rescued > 100)
    }
}

/// A file with planted values, made from a seed.
struct PlantedFile {
    enum Format: String, CaseIterable { case csv, json }

    /// In every value of a masked column, and nowhere else.
    static let masked = "KVXQ"
    /// In every value of a column that is classified and stays readable.
    static let unmasked = "WJHP"

    let format: Format
    let share: Double
    let isUniqueFatal: Bool
    private(set) var bytes: [UInt8] = []
    /// What is wrong with the header.
    private(set) var header = ""
    private var random: SeededGenerator
    private var count = 0

    init(_ format: Format, seed: UInt64) {
        self.format = format
        random = SeededGenerator(seed: seed)
        share = [1, 1, 0.9, 0][Int(seed % 4)]
        isUniqueFatal = seed % 6 == 1
        if format == .csv { makeCSV() } else { makeJSON() }
    }

    func contract() throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [{property: quarantineShare, value: \(share)}],
                 schema: [{name: person, properties: [
                   {name: id, logicalType: integer, required: true,
                    quality: [{metric: duplicateValues, mustBe: 0, severity: \(isUniqueFatal ? "error" : "warning")}]},
                   {name: born, logicalType: date},
                   {name: email, logicalType: string, classification: PII, logicalTypeOptions: {maxLength: 60},
                    customProperties: [{property: masking, value: mask}],
                    quality: [{metric: duplicateValues, mustBe: 0}, {metric: invalidValues, mustBe: 0, arguments: {pattern: '^z'}}]},
                   {name: card, logicalType: string, required: true, classification: PII,
                    customProperties: [{property: masking, value: hash}]},
                   {name: note, logicalType: string, classification: restricted,
                    customProperties: [{property: masking, value: redact}]},
                   {name: memo, logicalType: string, classification: confidential},
                   {name: city, logicalType: string, classification: public, logicalTypeOptions: {pattern: '^[a-z]*$'}},
                   {name: contact, logicalType: object, classification: PII, properties: [
                     {name: mail, logicalType: string, customProperties: [{property: masking, value: mask}]},
                     {name: phones, logicalType: array, items: {logicalType: string,
                      customProperties: [{property: masking, value: redact}]}}]},
                   {name: orders, logicalType: array, items: {logicalType: object, properties: [
                     {name: remark, logicalType: string, classification: PII,
                      customProperties: [{property: masking, value: hash}]},
                     {name: price, logicalType: number}]}},
                   {name: home, logicalType: object, classification: PII,
                    customProperties: [{property: layout, value: flatten}],
                    properties: [{name: street, logicalType: string, customProperties: [{property: masking, value: mask}]}]},
                   {name: payload, logicalType: object, physicalType: json, classification: PII,
                    customProperties: [{property: masking, value: redact}]}]}]}
                """, file: "fixture")
    }

    // MARK: Values

    private mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// A value that no other column has; `mask` keeps its first and last character.
    private mutating func secret(_ mark: String = masked) -> String {
        count += 1
        return "a\(mark)\(count)@example.org"
    }

    private mutating func contact() -> String { "{\"mail\":\"\(secret())\",\"phones\":[null,\"\(secret())\"]}" }
    private mutating func orders() -> String { "[{\"remark\":\"\(secret())\",\"price\":1.5},{\"price\":2}]" }
    private mutating func payload() -> String { "{\"any\":[{\"where\":\"\(secret())\"}]}" }

    // MARK: CSV

    private static let names = [
        "id", "born", "email", "card", "note", "memo", "city", "contact", "orders", "home_street", "payload",
    ]

    private mutating func row(_ id: Int) -> [String] {
        func quoted(_ json: String) -> String { "\"\(json.replacing("\"", with: "\"\""))\"" }
        return [
            "\(id)", "2001-02-03", secret(), secret(), secret(), secret(Self.unmasked), "york", quoted(contact()),
            quoted(orders()), secret(), quoted(payload()),
        ]
    }

    private mutating func makeCSV() {
        var names = Self.names
        var hasExtra = false
        header = pick([
            "right", "right", "extra", "misspelled", "spelled otherwise", "secret cell", "quote", "merged", "none",
            "twice", "operation", "no key", "no key",
        ])
        let hidden = pick([2, 4, 9, 10])
        switch header {
        case "extra":
            names.append("twin")
            hasExtra = true
        case "operation":
            names.append("operation")
            hasExtra = true
        case "misspelled": names[hidden] = pick(["e-mail", "x\(names[hidden])"])
        // Names are trimmed, and their case does not count.
        case "spelled otherwise": names[hidden] = pick([" \(names[hidden])", names[hidden].uppercased()])
        case "secret cell": names[hidden] = secret()
        case "quote": names[hidden] = "\"\(secret())\"\(secret())"
        case "merged": names[hidden] = "\"\(names[hidden]),\(secret())\""
        case "none": names = row(0)
        case "no key": names[0] = secret()
        case "twice": names[hidden] = pick(["city", "email"])
        default: break
        }
        bytes += Array((names.joined(separator: ",") + "\n").utf8)
        for id in 0..<80 {
            var row = row(below(6) == 0 ? 1 : id)
            if hasExtra { row.append(header == "operation" && below(3) > 0 ? "update" : secret()) }
            bytes += spoiled(row)
        }
    }

    private mutating func spoiled(_ fields: [String]) -> [UInt8] {
        var fields = fields
        switch below(22) {
        case 0: fields[0] = secret()
        case 1: fields[1] = secret()
        case 2: fields[2] = String(repeating: secret(), count: 4)
        case 3: fields[3] = ""
        case 4: fields.removeFirst()
        case 5: fields.append(secret())
        case 6: fields = [secret()] + fields.dropLast()
        case 7: fields = Array(fields.dropFirst(2)) + fields.prefix(2)
        case 8: fields[4] = "\"\(secret())\"\(secret())"
        case 9: fields[6] = secret()
        case 10: fields[7] = secret()
        case 11: fields[7] = "\"{\"\"mail\"\":{\"\"\(secret())\"\":1}}\""
        case 12: fields[8] = "\"[{\"\"remark\"\":\"\"\(secret())\"\",\"\"price\"\":\"\"\(secret())\"\"}]\""
        case 13: fields[10] = secret()
        case 14: fields[4] = String(repeating: secret(), count: 400)
        case 15: return Array("\(fields[0]),".utf8) + [0xFF] + Array("\(secret())\n".utf8)
        case 16: fields[7] = "\"{\"\"MAIL\"\":\"\"\(secret())\"\",\"\"\(secret())\"\":\"\"\(secret())\"\"}\""
        case 17: fields.shuffle(using: &random)
        default: break
        }
        return Array((fields.joined(separator: ",") + "\n").utf8)
    }

    // MARK: NDJSON

    private mutating func makeJSON() {
        header = pick(["right", "right", "renamed"])
        let hidden = pick(["email", "note", "contact", "orders", "payload"])
        for id in 0..<80 {
            var members = [
                ("id", "\(below(6) == 0 ? 1 : id)"), ("born", "\"2001-02-03\""), ("email", "\"\(secret())\""),
                ("card", "\"\(secret())\""), ("note", "\"\(secret())\""), ("memo", "\"\(secret(Self.unmasked))\""),
                ("city", "\"york\""), ("contact", contact()), ("orders", orders()),
                ("home", "{\"street\":\"\(secret())\"}"), ("payload", payload()),
            ]
            if header == "renamed" { members = members.map { ($0.0 == hidden ? "x\(hidden)" : $0.0, $0.1) } }
            bytes += spoiled(members)
        }
    }

    private mutating func spoiled(_ members: [(String, String)]) -> [UInt8] {
        var members = members
        func set(_ name: String, _ value: String) {
            if let index = members.firstIndex(where: { $0.0 == name }) { members[index].1 = value }
        }
        let text = "\"\(secret())\""
        switch below(26) {
        case 0: set("id", text)
        case 1: set("born", text)
        case 2: set("email", "\"\(String(repeating: secret(), count: 4))\"")
        case 3: set("card", "null")
        case 4: set("city", text)
        case 5: set("contact", text)
        case 6: set("contact", "{\"mail\":[\(text)]}")
        case 7: set("contact", "{\"mail\":\(text),\(text):\(text),\"other\":{\"deep\":\(text)}}")
        case 8: set("orders", "[{\"remark\":\(text),\"price\":\(text)}]")
        case 9: set("orders", "[{\"remark\":{\"a\":\(text)}}]")
        case 10: set("orders", "{\"a\":\(text)}")
        case 11: set("home", text)
        case 12: set("home", "{\"street\":\(text),\"street\":\(text),\"flat\":\(text),\(text):1}")
        case 13: set("payload", "[\(text)]")
        case 14: set("note", "\"\(String(repeating: secret(), count: 400))\"")
        case 15: members.append(("email", text))
        case 16: members.append((secret(), text))
        case 17: members.append(("twin", "[{\"email\":\(text)}]"))
        case 18: members.append(("tw\\u0069n", text))
        case 19: members.append(("operation", text))
        case 20: set("note", text.dropLast() + "\\ud800\"")
        case 21: set("note", String(text.dropLast()))
        case 22: return Array("\(text)\n".utf8)
        case 23: return Array("{\"id\":1,\"note\":\"".utf8) + [0xFF] + Array("\(secret())\"}\n".utf8)
        case 24: members = zip(members.map(\.0), members.map(\.1).shuffled(using: &random)).map { ($0, $1) }
        default: break
        }
        return Array(("{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}\n").utf8)
    }
}

/// A conversion by the function, and all that left it.
private struct Conversion {
    enum Place: Hashable {
        /// Of the Parquet file: its rows without the rescued data, its metadata and raw bytes.
        case rows
        case rescued, quarantine, control, log, answer, keys
    }

    /// `success`, or the type of the error.
    var outcome = ""
    var places: [Place: String] = [:]

    static func run(_ file: PlantedFile) throws -> Conversion {
        var conversion = Conversion()
        let (aws, lines) = (FakeAWS(), LogLines())
        let key = "raw/person/p.\(file.format.rawValue).gz"
        let bytes = gzip(file.bytes)
        let stored = aws.put(bytes, to: S3Object(bucket: "stage", key: key))
        let control = ControlTable(name: "control", client: aws.client, now: { aws.now })
        let record = ControlRecord(
            raw: try RawKey(key), bucket: "stage", version: .eTag(stored.eTag), sizeInBytes: bytes.count,
            createdAt: aws.now)
        _ = try control.register(record)
        var settings = Settings(
            contracts: ContractSource(ContractCatalog([try file.contract()])), lakeBucket: "lake", control: control,
            objects: ObjectStore(aws.client))
        settings.pipeline = "p"
        settings.options.maskingKey = Array("0123456789abcdef".utf8)
        settings.options.codec = .none
        settings.options.reader = ReaderLimits(batchRows: 16, lineBytes: 4000)
        let log = Log(lowestLevel: .trace, sink: lines.append)
        let context = InvocationContext(requestID: "request", deadline: .now + .seconds(3600), log: log)
        do {
            let answer = try BronzeWriter(settings: settings)
                .handle(["control_id": .string(record.controlID.text)], context)
            conversion.places[.answer] = answer.text
            conversion.outcome = answer["status"]?.string ?? ""
        } catch {
            conversion.places[.answer] = "\(error)"
            conversion.outcome = FailureType(error).name
        }
        conversion.places[.control] = aws.items(in: "control").map(\.json.text).joined(separator: "\n")
        conversion.places[.log] = lines.text
        conversion.places[.keys] = aws.keys(in: "lake").joined(separator: "\n")
        for key in aws.keys(in: "lake") {
            let bytes = try #require(aws.bytes(of: S3Object(bucket: "lake", key: key)))
            if key.hasSuffix(".gz") {
                conversion.places[.quarantine] = try gunzip(bytes)
            } else {
                try conversion.read(parquet: bytes)
            }
        }
        return conversion
    }

    private mutating func read(parquet: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let dump = try Referee.run("masking/dump.py", try folder.write(parquet, to: "a.parquet"))
        let rescued = dump.matches(of: /'_rescued_data': (None|'(?:[^'\\]|\\.)*')/)
        places[.rescued] = rescued.map { String($0.1) }.joined(separator: "\n")
        places[.rows] =
            dump.replacing(/'_rescued_data': '(?:[^'\\]|\\.)*'/, with: "")
            + String(decoding: parquet, as: Unicode.ASCII.self)
    }
}
