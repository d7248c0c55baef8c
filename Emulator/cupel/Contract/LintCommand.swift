internal import ArgumentParser
internal import ContractTools
internal import Contracts
internal import JSON

/// `cupel contract lint`: checks contracts.
struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check contracts.",
        discussion: """
            Reads each file as the functions do and reports every error with its line,
            column and key: what is wrong, and what is expected. A warning names a part
            that has no effect, what is masked without being asked, and what keeps files
            from being converted. A file without errors may get advice. In a file that is not
            YAML, only the first error is reported.

            EXIT STATUS
              0  no error; with --strict, no warning and no advice either
              1  at least one error, or with --strict, a warning or advice
              2  wrong arguments
              5  a file cannot be read

            EXAMPLES
              cupel contract lint infra/contracts/*.odcs.yaml
              cupel contract lint --strict --json orders.odcs.yaml | jq -r '.findings[].message'
            """)

    @Argument(help: "The contract files.")
    var files: [String]

    @Flag(help: "Treat warnings and advice as errors.")
    var strict = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        var lint = ContractLint()
        for file in files {
            do throws(ContractError) { try lint.check(file) } catch { throw error.failure }
        }
        if json {
            let document: JSON = [
                "files": .int(files.count), "contracts": .int(lint.contracts.count),
                "findings": .array(lint.findings.map(Self.document)),
            ]
            StandardStream.output.line(document.text)
        } else {
            for finding in lint.findings { StandardStream.output.line("\(finding)") }
            if lint.findings.isEmpty {
                StandardStream.error.line("\(files.count) \(files.count == 1 ? "contract is" : "contracts are") valid")
            }
        }
        guard !lint.hasErrors, !strict || lint.findings.isEmpty else { throw CommandFailure.silent(status: 1) }
    }

    private static func document(_ finding: ContractLint.Finding) -> JSON {
        [
            "level": .string(finding.level.rawValue), "file": .string(finding.file),
            "line": finding.line.map { .int($0) } ?? .null, "column": finding.column.map { .int($0) } ?? .null,
            "key": finding.key.map(JSON.string) ?? .null, "message": .string(finding.message),
        ]
    }
}
