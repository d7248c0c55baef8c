import Foundation
import TestEmulator
import Testing

/// Values of classified columns in the real pipeline: its records, logs, executions, objects and commands.
@Suite struct ClassifiedValueTests {
    /// In every value of a masked column, and nowhere else.
    private static let mark = "KVXQ"

    private static let contract = """
        apiVersion: v3.1.0
        kind: DataContract
        id: person
        version: 1.0.0
        status: active
        customProperties: [{property: quarantineShare, value: 0.5}]
        schema:
          - name: person
            properties:
              - {name: id, logicalType: integer, required: true}
              - {name: born, logicalType: date}
              - {name: email, logicalType: string, classification: PII, customProperties: [{property: masking, value: mask}]}
              - {name: note, logicalType: string, classification: restricted, customProperties: [{property: masking, value: redact}]}

        """

    private static let files: [(name: String, text: String)] = {
        func secret(_ number: Int) -> String { "a\(mark)\(number)@example.org" }
        func rows(_ ids: Range<Int>) -> String {
            ids.map { "\($0),2001-02-03,\(secret($0)),\(secret(-$0))\n" }.joined()
        }
        let header = "id,born,email,note\n"
        let shifted = "\(secret(1)),1,2001-02-03,\(secret(2))\n7,\(secret(3)),,\n8,2001-02-03,\(secret(4))\n"
        let object = #"{"id":1,"email":"\#(secret(5))","E-Mail":"\#(secret(6))","more":{"note":"\#(secret(7))"}}"#
        return [
            ("good.csv.gz", header + rows(0..<50)), ("shifted.csv.gz", header + rows(0..<50) + shifted),
            ("broken.csv.gz", header + shifted), ("renamed.csv.gz", "id,born,e mail,note\n" + rows(0..<50)),
            ("headless.csv.gz", rows(0..<50)), ("merged.csv.gz", "id,born,\"email\"\(secret(8)),note\n" + rows(0..<9)),
            ("good.json.gz", object + "\n"),
            ("broken.json.gz", "{\"id\":\"\(secret(9))\"}\n{\"note\":\"\(secret(10))\n"),
        ]
    }()

    @Test("no record, log line, execution, object or command shows a masked value", arguments: ["100000", "1"])
    func noTrace(lambdaMaxRecords: String) async throws {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        try Self.contract.write(
            toFile: "\(folder.path)/infra/contracts/person.odcs.yaml", atomically: true, encoding: .utf8)
        var paths: [String] = []
        for file in Self.files {
            let path = "\(folder.path)/\(file.name)"
            let packed = try await Command.run("/usr/bin/gzip", ["-c"], input: Data(file.text.utf8))
            try packed.output.write(to: URL(filePath: path))
            paths.append(path)
        }
        let emulator = try await RunningEmulator(
            parameters: ["LambdaMaxRecords": lambdaMaxRecords], template: pipeline.template)
        let at = ["--endpoint", emulator.endpoint]
        let contracts = ["--contracts", "\(folder.path)/infra/contracts", "--table", "person"]
        let run = try await Command.run(Programs.cupel, ["run", "--json"] + paths + contracts + at)
        #expect(run.status == 1 && run.text.contains("\"failed\":4"), "\(run.text)\(run.errors)")
        var shown = [run]
        shown.append(try await Command.run(Programs.cupel, ["status", "--json"] + at))
        shown.append(try await Command.run(Programs.cupel, ["status"] + at))
        for function in ["bronze-writer", "control-recorder", "compute-router"] {
            let logs = try await Command.run(Programs.cupel, ["logs", function] + at)
            #expect(logs.status == 0 && !logs.text.isEmpty)
            shown.append(logs)
        }
        for command in shown {
            #expect(!command.text.uppercased().contains(Self.mark) && !command.errors.uppercased().contains(Self.mark))
        }
        #expect(shown[1].text.contains("ContractBroken") && shown[1].text.contains("\"quarantine_key\""))
        #expect(emulator.stop() == 0)
        // Raw objects are compressed, so whatever is found is something that the pipeline wrote.
        for file in try FileManager.default.subpathsOfDirectory(atPath: emulator.data.path) {
            guard let bytes = FileManager.default.contents(atPath: "\(emulator.data.path)/\(file)") else { continue }
            #expect(bytes.range(of: Data(Self.mark.utf8)) == nil, "\(file)")
        }
    }
}
