internal import ArgumentParser
internal import ContractTools
internal import Contracts
internal import JSON

/// `cupel contract diff`: compares two versions of a contract.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two versions of a contract.",
        discussion: """
            Reports for each change whether files from before and after it can be read
            together as one table in DuckDB, pyarrow and Iceberg, and suggests the next
            version. Exit status 0 if they can, 1 if they cannot.

            EXAMPLES
              cupel contract diff old/orders.odcs.yaml infra/contracts/orders.odcs.yaml
              git show main:infra/contracts/beer.odcs.yaml > /tmp/beer.odcs.yaml
              cupel contract diff /tmp/beer.odcs.yaml infra/contracts/beer.odcs.yaml --json
            """)

    @Argument(help: "The old version of the contract.")
    var old: String

    @Argument(help: "The new version of the contract.")
    var new: String

    @Flag(name: .customLong("by-id"), help: "All readers match columns by field ID, as Iceberg does: names may change.")
    var byID = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let difference = ContractDifference(from: try Self.read(old), to: try Self.read(new), isByID: byID)
        if json {
            StandardStream.output.line(Self.document(difference).text)
        } else {
            Self.print(difference)
        }
        guard difference.isCompatible else { throw CommandFailure.silent(status: 1) }
    }

    private static func read(_ path: String) throws(CommandFailure) -> Contract {
        do throws(ContractError) { return try Contract(contentsOf: path) } catch { throw error.failure }
    }

    private static func print(_ difference: ContractDifference) {
        for change in difference.changes {
            let place = change.column.map { "\($0): " } ?? ""
            StandardStream.output.line("\(change.isCompatible ? "ok     " : "BREAKS ") \(place)\(change.message)")
        }
        if difference.changes.isEmpty { StandardStream.output.line("no change that matters to readers") }
        guard let next = difference.suggestedVersion else {
            return StandardStream.error.line("the version '\(difference.old.version)' does not have the form 1.2.3")
        }
        let isLow = difference.isVersionTooLow ? "; the new contract says \(difference.new.version)" : ""
        StandardStream.output.line("version \(difference.old.version) -> \(next)\(isLow)")
    }

    private static func document(_ difference: ContractDifference) -> JSON {
        let changes = difference.changes.map { change -> JSON in
            [
                "change": .string(change.kind.rawValue), "column": change.column.map(JSON.string) ?? .null,
                "compatible": .bool(change.isCompatible), "step": .string("\(change.step)"),
                "message": .string(change.message),
            ]
        }
        return [
            "compatible": .bool(difference.isCompatible), "table": .string(difference.new.table),
            "old_version": .string(difference.old.version), "new_version": .string(difference.new.version),
            "suggested_version": difference.suggestedVersion.map { .string("\($0)") } ?? .null,
            "version_too_low": .bool(difference.isVersionTooLow), "changes": .array(changes),
        ]
    }
}
