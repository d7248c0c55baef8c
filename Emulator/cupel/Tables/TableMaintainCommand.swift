internal import ArgumentParser
internal import AWSClient
internal import JSON

/// `cupel table maintain`: joins small files, expires snapshots and removes files now.
struct TableMaintainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintain",
        abstract: "Join small files, expire snapshots, remove files that nothing names.",
        discussion: """
            What the schedule does, now. With --dry-run nothing changes, and the answer
            says what a run would do. FREED counts what no snapshot names any more.
            PER MONTH is what S3 no longer bills for it, at 0.023 USD a GB. COST is the
            run's requests to S3 and its time, at the list prices of us-east-1.

            EXAMPLES
              cupel table maintain beer --dry-run
              cupel table maintain --all
              cupel table maintain --all --profile prod --stack cupel-prod
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Argument(help: "The table: beer, silver.beer or dm_silver.beer.")
    var table: String?

    @Flag(help: "All tables of silver and gold.")
    var all = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    func validate() throws {
        guard (table != nil) != all else { throw ValidationError("expected a table or --all") }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        let tables = try LakeTables(pipeline)
        let names = try table.map { [try tables.find($0).0] } ?? tables.names()
        guard !names.isEmpty else { throw CommandFailure.notFound("no tables yet; cupel run takes files to silver") }
        var answers: [JSON] = []
        var failures: [String] = []
        for name in names {
            let start = ContinuousClock.now
            do {
                answers.append(try maintain(name, pipeline, since: start))
            } catch let failure as MaintenanceFailure {
                failures.append("\(name): \(failure.reason)")
            }
        }
        if form.isJSON {
            StandardStream.output.line(JSON.object(["tables": .array(answers)]).text)
        } else if !answers.isEmpty {
            Self.text(of: answers).print(to: .output)
            if dryRun { StandardStream.output.line("nothing was changed; without --dry-run it is done") }
        }
        for failure in failures { StandardStream.error.line(failure) }
        guard failures.isEmpty else { throw CommandFailure.silent(status: 1) }
    }

    private struct MaintenanceFailure: Error { let reason: String }

    private func maintain(
        _ name: LakeTables.Name, _ pipeline: Pipeline, since start: ContinuousClock.Instant
    ) throws -> JSON {
        let answer: Lambda.Answer
        do throws(AWSError) {
            answer = try Lambda(pipeline.client).invoke(
                pipeline.functionPrefix + "lake-maintenance",
                ["table": .string(name.qualified), "dryRun": .bool(dryRun)], upTo: .seconds(900))
        } catch { throw pipeline.failure(error) }
        switch answer {
        case .failure(let type, let message): throw MaintenanceFailure(reason: "\(type): \(message)")
        case .result(let result):
            let time = ContinuousClock.now - start
            var object = result.object ?? [:]
            object["cost_usd"] = JSON(parsed: Self.decimal(MaintenanceCost(result, time).run))
            object["saved_usd_per_month"] = JSON(parsed: Self.decimal(MaintenanceCost(result, time).savedPerMonth))
            return .object(object)
        }
    }

    private static func decimal(_ value: Double) -> String { Quantity.decimal(value, places: 6) }

    private static func text(of answers: [JSON]) -> TextTable {
        var table = TextTable([
            .left("TABLE"), .right("FILES"), .right("JOINED"), .right("TO"), .right("REWRITTEN"),
            .right("SNAPSHOTS GONE"),
            .right("ROWS GONE"), .right("REMOVED"), .right("FREED"), .right("PER MONTH"), .right("COST"),
        ])
        for answer in answers {
            func number(_ member: String) -> Int { answer[member]?.int ?? 0 }
            func dollars(_ member: String) -> String { "\(answer[member]?.number?.text ?? "-") USD" }
            table.add([
                answer["table"]?.string ?? "", Quantity.count(number("data_files")),
                Quantity.count(number("joined_files")),
                Quantity.count(number("written_files")), Quantity.bytes(number("written_bytes")),
                Quantity.count(number("expired_snapshots")), Quantity.count(number("dropped_rows")),
                Quantity.count(number("removed_objects")), Quantity.bytes(number("freed_bytes")),
                dollars("saved_usd_per_month"), dollars("cost_usd"),
            ])
        }
        return table
    }
}

/// What a run costs and what it saves, at the list prices of us-east-1.
struct MaintenanceCost {
    /// Dollars.
    let run: Double
    let savedPerMonth: Double

    private static let perRead = 0.0004 / 1000
    private static let perWrite = 0.005 / 1000
    private static let perGigabyteMonth = 0.023
    /// 1769 MB of x86-64 for a second.
    private static let perSecond = 0.000_016_666_7 * 1769 / 1024

    /// - Parameters:
    ///   - answer: the function's.
    ///   - time: how long it took.
    init(_ answer: JSON, _ time: Duration) {
        func number(_ member: String) -> Double { Double(answer[member]?.int ?? 0) }
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        // A file that is joined takes its footer, its index and its row groups; a commit writes a manifest, a list and metadata.
        let reads = 3 * number("joined_files") + 2 * (number("expired_snapshots") + number("kept_snapshots"))
        let writes = 2 * number("written_files") + 5
        run = reads * Self.perRead + writes * Self.perWrite + seconds * Self.perSecond
        savedPerMonth = number("freed_bytes") / 1_000_000_000 * Self.perGigabyteMonth
    }
}

extension JSON {
    /// A number by its digits.
    fileprivate init(parsed digits: String) { self = (try? JSON(parsing: Array(digits.utf8))) ?? .null }
}
