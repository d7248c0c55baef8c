import ArgumentParser
import Testing

@testable import cupel

@Suite struct ProjectFileTests {
    private static let whole = """
        data: lake
        port: 4000
        template: [a.yaml, b.yaml]
        functions: bin
        contracts: contracts
        parameter: {LambdaMaxRecords: 1, Stage: test}
        kinesis-limits: off
        firehose-interval: 1
        execution-speed: 2.5
        strict-auth: true
        allow-origin: http://localhost:5173
        allow-host: [docker.internal]

        """

    @Test("every option of the file is taken, unless the command line has it") func options() throws {
        let file = try ProjectFile(parsing: Self.whole)
        #expect(file.data == "lake" && file.port == 4000)
        #expect(file.allowOrigin == ["http://localhost:5173"] && file.allowHost == ["docker.internal"])
        let alone = try EmulatorOptions.parse([]).completed(from: file)
        #expect(
            alone.arguments == [
                "--template", "a.yaml", "--template", "b.yaml", "--functions", "bin", "--contracts", "contracts",
                "--parameter", "LambdaMaxRecords=1", "--parameter", "Stage=test", "--kinesis-limits", "off",
                "--firehose-interval", "1", "--execution-speed", "2.5", "--strict-auth",
            ])
        let given = try EmulatorOptions.parse([
            "--template", "c.yaml", "--contracts", "mine", "--parameter", "Stage=prod", "--kinesis-limits", "on",
        ]).completed(from: file)
        #expect(given.template == ["c.yaml"] && given.contracts == "mine" && given.kinesisLimits == .on)
        #expect(given.parameter == ["LambdaMaxRecords=1", "Stage=test", "Stage=prod"])
    }

    @Test("an empty file sets nothing") func empty() throws {
        for text in ["", "# nothing\n", "~\n"] { #expect(try ProjectFile(parsing: text) == ProjectFile()) }
    }

    @Test(
        "a key that is not an option, or a value that is none of its values, is an error with its place",
        arguments: [
            ("data: x\ncontract: y\n", "cupel.yaml:2:1: 'contract' is not an option; expected data, port"),
            ("port: 70000\n", "cupel.yaml:1:7: port: expected a number from 0 to 65535, not '70000'"),
            ("port: \"1\"\n", "cupel.yaml:1:7: port: expected a number"),
            ("contracts: [a]\n", "cupel.yaml:1:12: contracts: expected a text, not a sequence"),
            ("template: [a, {b: c}]\n", "template: expected a text"),
            ("parameter: [a]\n", "parameter: expected NAME: VALUE"),
            ("parameter: {a: }\n", "a: expected a text, not null"),
            ("kinesis-limits: maybe\n", "expected on or off, not 'maybe'"),
            ("firehose-interval: 901\n", "expected 0 to 900 seconds"),
            ("execution-speed: 0\n", "expected 0.01 to 10000"),
            ("strict-auth: yes\n", "expected true or false, not 'yes'"),
            ("- port\n", "expected options such as 'port: 4566'"), ("port: 1\nport: 2\n", "cupel.yaml:2:"),
        ])
    func faults(text: String, message: String) {
        let failure = #expect(throws: CommandFailure.self) { try ProjectFile(parsing: text) }
        #expect(failure?.exitStatus == 2 && failure?.description.contains(message) == true, "\(failure as Any)")
    }
}
