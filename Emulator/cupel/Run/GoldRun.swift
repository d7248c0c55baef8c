internal import JSON

/// Starts the state machine that builds the models, and waits for its end.
struct GoldRun {
    /// What became of a model.
    struct Table {
        /// `dm_gold.top_beers_by_rating`
        let name: String
        /// Rows of the new table; nil if it was not built.
        let rows: Int?
        /// `built`, `unchanged`, `failed`, or `waiting` for a table that is not there yet.
        let outcome: String
        /// The table that it waits for.
        let missing: String?
        /// Why it failed.
        let failure: String?
    }

    private let machine: MachineRun
    private let timeout: Duration

    /// - Returns: nil for a pipeline that has no gold.
    init?(_ pipeline: Pipeline, timeout: Duration) {
        guard let machine = pipeline.goldMachine else { return nil }
        self.machine = MachineRun(
            pipeline: pipeline, machine: machine, layer: .gold, function: "gold-build",
            errorWithOutcomes: "ModelsFailed")
        self.timeout = timeout
    }

    /// Starts the state machine and does not wait for it.
    func start() throws(CommandFailure) { try machine.start() }

    func run() throws(CommandFailure) -> [Table] {
        try machine.outcomes(until: .now + timeout, timeout).map { outcome in
            Table(
                name: outcome["model"]?.string ?? "", rows: outcome["result"]?["rows"]?.int,
                outcome: outcome["outcome"]?.string ?? "", missing: outcome["result"]?["for"]?.string,
                failure: MachineRun.failure(in: outcome))
        }
    }
}

extension [GoldRun.Table] {
    func print(to stream: StandardStream) {
        var table = TextTable([.left("MODEL"), .right("ROWS"), .left("")])
        for model in self where model.failure == nil {
            let note = model.missing.map { "waits for \($0)" } ?? (model.outcome == "built" ? "" : model.outcome)
            table.add([model.name, Quantity.count(model.rows), note])
        }
        if !table.isEmpty {
            stream.line("")
            for line in table.lines() { stream.line(line) }
        }
    }

    func printFailures(to stream: StandardStream) {
        for model in self {
            guard let failure = model.failure else { continue }
            stream.line("\(model.name): \(failure)")
        }
    }

    var document: JSON {
        .array(
            map { model in
                var object: JSONObject = ["model": .string(model.name), "outcome": .string(model.outcome)]
                object["rows"] = model.rows.map { .int($0) }
                object["waits_for"] = model.missing.map { .string($0) }
                object["failure"] = model.failure.map { .string($0) }
                return .object(object)
            })
    }
}
