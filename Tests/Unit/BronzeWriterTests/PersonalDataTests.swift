import AWSClient
import Columnar
import Contracts
import Control
import FakeAWS
import JSON
import LambdaRuntime
import Parquet
import RawFile
import Synchronization
import Testing

@testable import BronzeWriter

@Suite struct PersonalDataTests {
    private func contract(_ policy: String? = nil, note: String = "") throws -> Contract {
        let property = policy.map { "{property: personalData, value: \($0)}, " } ?? ""
        return try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [\(property){property: quarantineRows, value: 9}],
                 schema: [{name: person, properties: [
                   {name: id, logicalType: integer, physicalType: bigint, required: true},
                   {name: note, logicalType: string\(note)},
                   {name: city, logicalType: string, classification: public}]}]}
                """, file: "fixture")
    }

    /// 500 rows. The row at `row` has an e-mail address in its note; every row has one in a classified column.
    private func text(at row: Int = 400, more: String = "") -> String {
        "id,note,city\(more)\n"
            + (0..<500).map { index in
                "\(index),\(index == row ? "ask ann@example.org" : "nothing"),bob@example.org\(more.isEmpty ? "" : ",eve@example.org")\n"
            }.joined()
    }

    func convert(
        _ text: String, _ contract: Contract, _ format: RawFormat = .csv, threads: Int = 3,
        _ change: (inout FileConversion.Options) -> Void = { _ in }
    ) throws -> (result: FileConversion.Result, output: [UInt8], quarantine: String) {
        var options = FileConversion.Options()
        options.codec = .none
        options.threads = threads
        options.reader = ReaderLimits(batchRows: 100)
        change(&options)
        var (outputs, quarantines): ([MemorySink], [MemorySink]) = ([], [])
        let result = try FileConversion(contract: contract, format: format, options: options).run(
            from: { MemorySource(gzip(text)) },
            to: {
                outputs.append(MemorySink())
                return outputs[outputs.count - 1]
            },
            quarantine: {
                quarantines.append(MemorySink())
                return quarantines[quarantines.count - 1]
            })
        #expect(outputs.dropLast().allSatisfy { $0.state == .aborted } && outputs.last?.state == .finished)
        #expect(quarantines.dropLast().allSatisfy { $0.state == .aborted })
        let quarantined = try quarantines.last.map { try gunzip($0.bytes) } ?? ""
        return (result, outputs[outputs.count - 1].bytes, quarantined)
    }

    func holds(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: Unicode.ASCII.self).contains(text)
    }

    @Test(
        "a masking key is needed wherever a value is hashed, also inside nested columns",
        arguments: [
            ("{name: a, logicalType: string, $}", true),
            ("{name: a, logicalType: object, properties: [{name: b, logicalType: string, $}]}", true),
            ("{name: a, logicalType: array, items: {logicalType: string, $}}", true),
            ("{name: a, logicalType: object, properties: [{name: b, logicalType: string}]}", false),
        ])
    func keyRequirement(column: String, isNeeded: Bool) throws {
        let hashed = column.replacing("$", with: "customProperties: [{property: masking, value: hash}]")
        let contract = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 schema: [{name: person, properties: [\(hashed)]}]}
                """, file: "fixture")
        #expect(contract.needsMaskingKey(.off) == isNeeded)
    }

    @Test("personal data in an unclassified column is reported and kept by default", arguments: [1, 3])
    func report(threads: Int) throws {
        let (result, output, _) = try convert(text(at: 450), try contract(), threads: threads)
        #expect(
            result.personalData == [
                PersonalDataFinding(column: "note", kind: "email", matchedCount: 1, sampledCount: 500, action: "report")
            ])
        #expect(result.maskedColumns.isEmpty && holds(output, "ann@example.org"))
    }

    @Test(
        "a masking policy masks the column from its first row, wherever personal data is found",
        arguments: ["mask", "redact", "hash"], [0, 450])
    func maskingPolicy(policy: String, row: Int) throws {
        let key = Array("0123456789abcdef".utf8)
        let (result, output, _) = try convert(text(at: row), try contract(policy)) { $0.maskingKey = key }
        #expect(result.maskedColumns == ["note"] && result.personalData.map(\.action) == [policy])
        #expect(result.writtenCount == 500 && !holds(output, "ann@example.org") && !holds(output, "nothing"))
        #expect(holds(output, "bob@example.org"))
        // A contract that masks the column itself gives the same bytes.
        let known = try contract(note: ", customProperties: [{property: masking, value: \(policy)}]")
        #expect(try convert(text(at: row), known) { $0.maskingKey = key }.output == output)
    }

    @Test("a quarantined row does not show personal data that was found and masked") func maskedQuarantine() throws {
        let (result, _, quarantine) = try convert(text() + "x,ann@example.org,c\n", try contract("mask"))
        #expect(result.quarantinedCount == 1 && quarantine.contains("not_an_integer") && !quarantine.contains("ann@"))
    }

    @Test("fields unknown to the contract are searched for personal data too") func rescuedFields() throws {
        let (result, output, _) = try convert(text(at: -1, more: ",secret"), try contract("redact"))
        #expect(result.maskedColumns == ["_rescued_data"] && !holds(output, "eve@example.org"))
    }

    @Test("the contract's policy overrides the environment's; classified columns are not searched")
    func policyPrecedence() throws {
        let off = try convert(text(), try contract("off")) { $0.personalData = .mask }
        #expect(off.result.personalData.isEmpty && holds(off.output, "ann@example.org"))
        let mask = try convert(text(), try contract()) { $0.personalData = .mask }
        #expect(mask.result.maskedColumns == ["note"])
        let known = try convert(text(), try contract(note: ", classification: internal")) { $0.personalData = .mask }
        #expect(known.result.personalData.isEmpty && holds(known.output, "ann@example.org"))
    }

    @Test("hashing personal data without a masking key is an error") func missingKey() throws {
        let error = #expect(throws: ColumnarError.self) { try convert(text(), try contract("hash")) }
        #expect(error?.code == "MissingMaskingKey")
    }

    // MARK: Comprehend

    /// The service's answer for a text: each `Ann` as a name, the first `@` as an e-mail address.
    private func answer(_ input: JSON, score: Double) -> JSON {
        let scalars = Array((input["Text"]?.string ?? "").unicodeScalars)
        func entity(_ type: String, _ range: Range<Int>) -> JSON {
            [
                "Type": .string(type), "Score": JSONNumber(score).map(JSON.number) ?? .null,
                "BeginOffset": .int(range.lowerBound), "EndOffset": .int(range.upperBound),
            ]
        }
        let names = scalars.indices.filter { scalars[$0...].starts(with: "Ann".unicodeScalars) }
        return [
            "Entities": .array(
                names.map { entity("NAME", $0..<$0 + 3) } + [entity("DATE_TIME", 0..<4)]
                    + (scalars.firstIndex(of: "@").map { [entity("EMAIL", $0..<$0 + 1)] } ?? []))
        ]
    }

    @Test(
        "Comprehend gets one sample per column, and only its confident findings count",
        arguments: [(0.99, true), (0.5, false)])
    func comprehendSample(score: Double, isSure: Bool) throws {
        let aws = FakeAWS()
        let inputs = Mutex<[JSON]>([])
        aws.answer("DetectPiiEntities") { input in
            inputs.withLock { $0.append(input) }
            return answer(input, score: score)
        }
        let text = "id,note,city\n" + (0..<300).map { "\($0),é \($0 % 3 == 0 ? "Ann" : "nobody"),Ann\n" }.joined()
        let (result, _, _) = try convert(text, try contract()) {
            $0.personalDataService = PersonalDataService(Comprehend(aws.client), language: "es", sampleInBytes: 500)
        }
        let shown = inputs.withLock { $0 }
        #expect(shown.count == 1 && shown[0]["LanguageCode"] == "es")
        let lines = try #require(shown.first?["Text"]?.string?.split(separator: "\n"))
        #expect(lines.count > 20 && shown[0]["Text"]?.string?.utf8.count ?? 0 <= 500)
        let names = lines.count { $0.contains("Ann") }
        let finding = PersonalDataFinding(
            column: "note", kind: "name", matchedCount: names, sampledCount: lines.count, action: "report")
        #expect(result.personalData == (isSure ? [finding] : []))
    }

    @Test("a finding of Comprehend is masked as a local one is") func comprehendMasking() throws {
        let aws = FakeAWS()
        aws.answer("DetectPiiEntities") { answer($0, score: 0.9) }
        let text = "id,note,city\n" + (0..<300).map { "\($0),Ann \($0),c\n" }.joined()
        let (result, output, _) = try convert(text, try contract("redact")) {
            $0.personalDataService = PersonalDataService(Comprehend(aws.client), language: "en")
        }
        #expect(result.maskedColumns == ["note"] && !holds(output, "Ann"))
        #expect(aws.requests == ["DetectPiiEntities"])
    }

    @Test("a language in which Comprehend finds no personal data is refused by name") func comprehendLanguage() throws {
        var options = FileConversion.Options()
        let environment = Environment(["PII_DETECTOR": "comprehend", "PII_LANGUAGE": "de"])
        let error = #expect(throws: ConversionError.self) {
            try options.connect(environment, for: []) { FakeAWS().client }
        }
        #expect(error.map { "\($0)" } == "PII_LANGUAGE is de; Comprehend finds personal data in en and es")
    }

    @Test("a failed call to Comprehend ends the conversion with the call's error") func comprehendFailure() throws {
        let aws = FakeAWS()
        aws.refuse("DetectPiiEntities", "AccessDeniedException", status: 400)
        let error = #expect(throws: AWSError.self) {
            try convert(text(), try contract()) {
                $0.personalDataService = PersonalDataService(Comprehend(aws.client), language: "en")
            }
        }
        #expect(error?.description.contains("comprehend DetectPiiEntities") == true)
    }
}

@Suite struct MaskingKeyTests {
    private let secret = "a secret of more than sixteen bytes"
    struct NotAsked: Error {}

    private func load(_ variables: [String: String]) throws -> String? {
        try MaskingKey(Environment(variables))?.load { throw NotAsked() }.text
    }

    @Test("a masking key comes from the environment, a file or Parameter Store") func keySources() throws {
        #expect(try load([:]) == nil)
        #expect(try load(["MASKING_KEY": secret]) == secret)
        let folder = try TemporaryFolder()
        let path = try folder.write(Array("\(secret)\n".utf8), to: "key")
        #expect(try load(["MASKING_KEY_FILE": path]) == secret)

        let aws = FakeAWS()
        let inputs = Mutex<[JSON]>([])
        aws.answer("GetParameter") { [secret] input in
            inputs.withLock { $0.append(input) }
            return ["Parameter": ["Name": "/cupel/key", "Type": "SecureString", "Value": .string(secret)]]
        }
        let key = try MaskingKey(Environment(["MASKING_KEY_PARAMETER": "/cupel/key"]))?.load { aws.client }
        #expect(key?.text == secret)
        #expect(inputs.withLock { $0 } == [["Name": "/cupel/key", "WithDecryption": true]])
    }

    @Test("the error names the variable of a missing, short or repeated masking key") func invalidKeys() throws {
        func message(_ variables: [String: String]) -> String {
            do {
                _ = try load(variables)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message(["MASKING_KEY": "short"]).contains("MASKING_KEY gives has 5 bytes"))
        #expect(message(["MASKING_KEY_FILE": "/no/such"]).contains("MASKING_KEY_FILE /no/such: No such file"))
        #expect(
            message(["MASKING_KEY": secret, "MASKING_KEY_PARAMETER": "a"])
                .contains("MASKING_KEY and MASKING_KEY_PARAMETER are set"))
        #expect(!message(["MASKING_KEY": "short"]).contains("short"))
    }

    @Test("a missing parameter is the call's own error") func missingParameter() throws {
        let aws = FakeAWS()
        aws.refuse("GetParameter", "ParameterNotFound", status: 400)
        let error = #expect(throws: AWSError.self) {
            try MaskingKey.parameter("/cupel/key").load { aws.client }
        }
        #expect(error?.description.contains("ssm GetParameter") == true)
    }
}

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
