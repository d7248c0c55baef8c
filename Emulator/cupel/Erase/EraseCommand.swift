internal import AWSClient
internal import ArgumentParser
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Waits without turning a core.
enum Pause {
    static func seconds(_ count: UInt32) { _ = sleep(count) }
}

/// `cupel erase`: removes what the lake has of a person.
struct EraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase the rows of one key: from silver and its history, bronze, quarantine.",
        discussion: """
            Says what it would do, and does it only with --yes. The rows leave the silver
            table; its older snapshots and all versions of their objects go; bronze and
            quarantine files are written again without them, and their control records say
            so; the models are built again. Conversions and merges leave the key out from then
            on, also of files that are uploaded again or replayed. Raw objects that have the
            key are listed, or deleted with --delete-raw. The answer is a report for an auditor.

            EXAMPLES
              cupel erase --table profile --key 42
              cupel erase --table profile --key 42 --yes --delete-raw --json > report.json
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Option(help: "The table of silver: profile.")
    var table: String

    @Option(help: "The key's value; for a key of several columns, once for each in their order.")
    var key: [String]

    @Flag(help: "Erase. Without it, nothing changes.")
    var yes = false

    @Flag(help: "Delete all versions of raw objects that have the key.")
    var deleteRaw = false

    @Option(help: "Seconds after which the command no longer waits for conversions that run, or for the models.")
    var timeout = 900

    func validate() throws {
        guard !key.isEmpty else { throw ValidationError("expected --key") }
        guard timeout > 0 else { throw ValidationError("--timeout: expected at least 1, not \(timeout)") }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        let tables = try LakeTables(pipeline)
        let (name, stored) = try tables.find(table)
        guard name.layer == .silver, stored.metadata.currentSnapshot?.summary["cupel.model"] == nil else {
            throw CommandFailure.usage("\(name) is built from other tables; erase from those")
        }
        var erasure = try Erasure(
            pipeline, name, ErasedKey(key, of: stored.metadata, name), deletesRaw: deleteRaw, isDry: !yes,
            timeout: .seconds(timeout))
        var report: ErasureReport
        do {
            try erasure.run()
            report = erasure.report
            if yes { report.models = try rebuild(&erasure, tables) }
            report.expiredSnapshots = erasure.report.expiredSnapshots
            report.removedObjects = erasure.report.removedObjects
        } catch let error as LakeError {
            throw pipeline.failure(error)
        } catch let error as ControlError {
            throw pipeline.failure(error)
        } catch let error as AWSError {
            throw pipeline.failure(error)
        }
        let time = "\(ClockAndChance.system.now())"
        if form.isJSON {
            StandardStream.output.line(
                report.document(of: name.qualified, key, isDry: !yes, rawIsDeleted: deleteRaw, at: time).text)
        } else {
            for line in report.lines(of: name.qualified, key, isDry: !yes, rawIsDeleted: deleteRaw, at: time) {
                StandardStream.output.line(line)
            }
        }
        if !yes { StandardStream.error.line("nothing was changed; with --yes it is done") }
    }

    /// Builds the models from what is left, and removes what they were.
    private func rebuild(_ erasure: inout Erasure, _ tables: LakeTables) throws -> [String] {
        guard let gold = GoldRun(erasure.pipeline, timeout: .seconds(timeout)) else { return [] }
        let built = try gold.run()
        if let failed = built.first(where: { $0.failure != nil }) {
            throw CommandFailure.failed(
                "the rows are erased, but \(failed.name), which may have been made of them, was not built: "
                    + "\(failed.failure ?? ""); start again")
        }
        for name in try tables.names() {
            let isModel = try tables.table(name)?.metadata.currentSnapshot?.summary["cupel.model"] != nil
            if isModel { try erasure.clean(name) }
        }
        return built.filter { $0.outcome == "built" }.map(\.name)
    }
}
