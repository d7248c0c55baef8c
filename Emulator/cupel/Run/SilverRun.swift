internal import AWSClient
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

    private let pipeline: Pipeline
    private let machine: String
    private let timeout: Duration

    /// - Returns: nil for a pipeline that has no silver.
    init?(_ pipeline: Pipeline, timeout: Duration) {
        guard let machine = pipeline.silverMachine else { return nil }
        self.pipeline = pipeline
        self.machine = machine
        self.timeout = timeout
    }

    /// Takes all files that wait to silver.
    func run() throws(CommandFailure) -> [Table] {
        let deadline = ContinuousClock.now + timeout
        while true {
            let tables = try outcomes(of: start(), until: deadline)
            // The schedule may have started the same a moment ago.
            guard tables.contains(where: { $0["outcome"]?.string == "heldByAnother" }), ContinuousClock.now < deadline
            else {
                return tables.map(Self.table)
            }
            usleep(300_000)
        }
    }

    /// Starts an execution.
    /// - Returns: its ARN.
    @discardableResult
    func start() throws(CommandFailure) -> String {
        let answer = try call(
            "StartExecution", ["stateMachineArn": .string(machine), "input": "{}"], isRepeatable: false)
        guard let arn = answer["executionArn"]?.string else {
            throw .failed("StartExecution gave no execution: \(answer)")
        }
        return arn
    }

    private func outcomes(of execution: String, until deadline: ContinuousClock.Instant) throws(CommandFailure)
        -> [JSON]
    {
        while true {
            let state = try call("DescribeExecution", ["executionArn": .string(execution)])
            switch state["status"]?.string {
            case "RUNNING":
                guard ContinuousClock.now < deadline else {
                    throw .failed("silver is not done after \(timeout); see: cupel logs silver-merge")
                }
                usleep(50_000)
            case "SUCCEEDED":
                let output = state["output"]?.string.flatMap { try? JSON(parsing: $0) }
                guard let tables = output?.array else { throw .failed("silver ended without saying how: \(state)") }
                return tables
            default:
                let cause = state["cause"]?.string ?? state["error"]?.string ?? "\(state)"
                throw .failed("silver failed: \(cause); see: cupel logs silver-merge")
            }
        }
    }

    private static func table(_ outcome: JSON) -> Table {
        let result = outcome["result"]
        // The cause of a function's error is JSON with its message.
        let cause = outcome["failure"]?["Cause"]?.string
        let message = cause.flatMap { try? JSON(parsing: $0) }?["errorMessage"]?.string ?? cause
        return Table(
            name: outcome["table"]?.string ?? "", rows: result?["rows"]?.int, inserted: result?["inserted"]?.int,
            updated: result?["updated"]?.int, deleted: result?["deleted"]?.int, failure: message)
    }

    private func call(_ action: String, _ input: JSON, isRepeatable: Bool = true) throws(CommandFailure) -> JSON {
        do throws(AWSError) {
            return try pipeline.client.jsonCall(
                service: "states", target: "AWSStepFunctions", action: action, input: input, isRepeatable: isRepeatable)
        } catch {
            throw .failed("silver: \(error)")
        }
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
