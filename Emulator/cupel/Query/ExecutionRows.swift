internal import AWSClient
internal import JSON
internal import Time

/// Rows of `executions.runs`: by machine, status and start as far as Step Functions lists them by these.
///
/// What only `DescribeExecution` says (input, output, error, cause) costs a call an execution, so it is read only for a
/// statement that asks for it.
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>
struct ExecutionRows {
    let client: AWSClient
    /// The prefix of the pipeline's state machines; rows have their names without it.
    let prefix: String
    let conditions: QueryConditions
    /// Whether the rows need what a list does not say.
    let needsDetails: Bool

    init(_ client: AWSClient, prefix: String, _ conditions: QueryConditions, statement: String) {
        self.client = client
        self.prefix = prefix
        self.conditions = conditions
        needsDetails = Self.asksForDetails(statement)
    }

    private static let details: Set<String> = ["input", "output", "error", "cause"]

    /// Whether a statement names one of the details, or `*` as all columns.
    private static func asksForDetails(_ statement: String) -> Bool {
        let pieces = SQLPiece.pieces(of: statement).filter { $0.kind != .blank && $0.kind != .comment }
        return pieces.enumerated().contains { place, piece in
            switch piece.kind {
            case .word: return details.contains(piece.word)
            case .quotedName: return details.contains(piece.content.lowercased())
            default:
                // `SELECT *`, `, *` and `runs.*`; `count(*)` and `2 * 3` are others.
                guard piece.isSign("*"), place > 0 else { return false }
                let before = pieces[place - 1]
                return before.isSign(".") || before.isSign(",") || ["select", "distinct", "all"].contains(before.word)
            }
        }
    }

    /// - Parameter body: is given each row; it says whether to go on.
    func forEach(_ body: ([String?]) throws -> Bool) throws {
        if let arns = conditions.values["execution_arn"] {
            for arn in arns.sorted() {
                guard let execution = try describe(arn) else { continue }
                let machine = execution["stateMachineArn"]?.string ?? ""
                guard try body(row(execution, machine: Self.name(machine))) else { return }
            }
            return
        }
        for (name, arn) in try machines() {
            let statuses = conditions.values["status"]?.sorted().map(Optional.some) ?? [nil]
            for status in statuses {
                guard try forEachExecution(of: arn, status, { try body(row($0, machine: name)) }) else { return }
            }
        }
    }

    /// The state machines that are asked for. Express ones have no executions that can be listed.
    private func machines() throws -> [(name: String, arn: String)] {
        var machines: [(name: String, arn: String)] = []
        var token: String?
        repeat {
            var input: JSONObject = ["maxResults": 1000]
            input["nextToken"] = token.map(JSON.string)
            let page = try call("ListStateMachines", .object(input))
            for machine in page["stateMachines"]?.array ?? [] {
                guard let name = machine["name"]?.string, let arn = machine["stateMachineArn"]?.string,
                    name.hasPrefix(prefix), machine["type"]?.string != "EXPRESS",
                    conditions.values["state_machine"]?.contains(short(name)) ?? true
                else { continue }
                machines.append((name, arn))
            }
            token = page["nextToken"]?.string
        } while token != nil
        return machines
    }

    /// - Returns: whether to go on.
    private func forEachExecution(of machine: String, _ status: String?, _ body: (JSON) throws -> Bool) throws -> Bool {
        var token: String?
        repeat {
            var input: JSONObject = ["stateMachineArn": .string(machine), "maxResults": 1000]
            if let status {
                guard Self.statuses.contains(status) else { return true }
                input["statusFilter"] = .string(status)
            }
            input["nextToken"] = token.map(JSON.string)
            let page = try call("ListExecutions", .object(input))
            for execution in page["executions"]?.array ?? [] {
                // The newest come first.
                if let least = conditions.least["start_date"], let started = Self.text(execution["startDate"]),
                    Self.isEarlier(started, than: least)
                {
                    return true
                }
                let arn = execution["executionArn"]?.string ?? ""
                guard try body(needsDetails ? describe(arn) ?? execution : execution) else { return false }
            }
            token = page["nextToken"]?.string
        } while token != nil
        return true
    }

    private static let statuses: Set<String> = [
        "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE",
    ]

    /// Whether a time is surely earlier than one that a user wrote. A bound in an unusual form decides nothing.
    private static func isEarlier(_ time: String, than bound: String) -> Bool {
        let isUsual = zip(bound.utf8, time.utf8).allSatisfy { bound, own in
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            return digits.contains(own) ? digits.contains(bound) : bound == own
        }
        return isUsual && [10, 16, 19, 23].contains(bound.utf8.count) && time < bound
    }

    /// Nil if the execution is gone.
    private func describe(_ arn: String) throws -> JSON? {
        do throws(AWSError) { return try call("DescribeExecution", ["executionArn": .string(arn)]) } catch {
            guard ["ExecutionDoesNotExist", "InvalidArn", "ValidationException"].contains(error.code) else {
                throw error
            }
            return nil
        }
    }

    private func row(_ execution: JSON, machine: String) -> [String?] {
        let (start, stop) = (Self.instant(execution["startDate"]), Self.instant(execution["stopDate"]))
        let duration = start.flatMap { start in stop.map { $0.milliseconds(since: start) } }
        return [
            short(machine), execution["name"]?.string, execution["status"]?.string, Self.text(execution["startDate"]),
            Self.text(execution["stopDate"]), duration.map { "\($0)" }, execution["executionArn"]?.string,
            execution["input"]?.string, execution["output"]?.string, execution["error"]?.string,
            execution["cause"]?.string,
        ]
    }

    private func short(_ machine: String) -> String {
        machine.hasPrefix(prefix) ? String(machine.dropFirst(prefix.count)) : machine
    }

    private static func name(_ arn: String) -> String { arn.split(separator: ":").last.map(String.init) ?? arn }

    /// Step Functions writes a time as seconds since 1970.
    private static func instant(_ value: JSON?) -> Timestamp? {
        guard let seconds = value?.double, abs(seconds) < 1e11 else { return nil }
        return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
    }

    private static func text(_ value: JSON?) -> String? {
        guard let instant = instant(value) else { return nil }
        return String(instant.rfc3339.prefix(23).map { $0 == "T" ? " " : $0 })
    }

    private func call(_ action: String, _ input: JSON) throws(AWSError) -> JSON {
        try client.jsonCall(
            service: "states", target: "AWSStepFunctions", action: action, input: input, isRepeatable: true)
    }
}
