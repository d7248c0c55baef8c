internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Starts the state machine that takes bronze files to silver, and waits for its end.
struct SilverRun {
    /// What became of a table.
    struct Table {
        let name: String
        /// Rows of the table, and rows of the last batch by what happened to them; nil if it failed.
        let rows: Int?
        let inserted: Int?
        let updated: Int?
        let deleted: Int?
        /// Why it failed.
        let failure: String?
    }

    private let machine: MachineRun
    private let timeout: Duration

    /// - Parameter startsGold: whether the machine has the models built afterwards.
    /// - Returns: nil for a pipeline that has no silver.
    init?(_ pipeline: Pipeline, timeout: Duration, startsGold: Bool) {
        guard let machine = pipeline.silverMachine else { return nil }
        self.machine = MachineRun(
            pipeline: pipeline, machine: machine, layer: .silver, function: "silver-merge",
            input: startsGold ? [:] : ["gold": false])
        self.timeout = timeout
    }

    /// - Parameter reloading: the table that is made anew.
    init?(_ pipeline: Pipeline, timeout: Duration, reloading table: String) {
        guard let machine = pipeline.silverMachine else { return nil }
        self.machine = MachineRun(
            pipeline: pipeline, machine: machine, layer: .silver, function: "silver-merge",
            input: ["reload": .string(table)])
        self.timeout = timeout
    }

    /// Starts the state machine and does not wait for it.
    func start() throws(CommandFailure) { try machine.start() }

    /// Takes all files that wait to silver.
    func run() throws(CommandFailure) -> [Table] {
        let deadline = ContinuousClock.now + timeout
        while true {
            let tables = try machine.outcomes(until: deadline, timeout)
            // The schedule may have started the same a moment ago.
            guard tables.contains(where: { $0["outcome"]?.string == "heldByAnother" }), ContinuousClock.now < deadline
            else {
                return tables.map(Self.table)
            }
            usleep(300_000)
        }
    }

    private static func table(_ outcome: JSON) -> Table {
        let result = outcome["result"]
        return Table(
            name: outcome["table"]?.string ?? "", rows: result?["rows"]?.int, inserted: result?["inserted"]?.int,
            updated: result?["updated"]?.int, deleted: result?["deleted"]?.int,
            failure: MachineRun.failure(in: outcome))
    }
}

extension [SilverRun.Table] {
    func print(to stream: StandardStream) {
        var table = TextTable([
            .left("SILVER TABLE"), .right("ROWS"), .right("INSERTED"), .right("UPDATED"), .right("DELETED"),
        ])
        for outcome in self where outcome.failure == nil && outcome.rows != nil {
            table.add([
                outcome.name, Quantity.count(outcome.rows), Quantity.count(outcome.inserted),
                Quantity.count(outcome.updated),
                Quantity.count(outcome.deleted),
            ])
        }
        if !table.isEmpty {
            stream.line("")
            for line in table.lines() { stream.line(line) }
        }
    }

    func printFailures(to stream: StandardStream) {
        for outcome in self {
            guard let failure = outcome.failure else { continue }
            stream.line("silver.\(outcome.name): \(failure)")
        }
    }

    var document: JSON {
        .array(
            map { table in
                var object: JSONObject = ["table": .string(table.name)]
                object["rows"] = table.rows.map { .int($0) }
                object["inserted"] = table.inserted.map { .int($0) }
                object["updated"] = table.updated.map { .int($0) }
                object["deleted"] = table.deleted.map { .int($0) }
                object["failure"] = table.failure.map { .string($0) }
                return .object(object)
            })
    }
}
