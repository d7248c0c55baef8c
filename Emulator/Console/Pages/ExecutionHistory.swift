internal import JSON

/// What an execution's events say of its states.
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>
struct ExecutionHistory: Sendable {
    /// One time that a state was entered.
    struct Visit: Sendable {
        let id: Int
        let state: String
        let type: String
        let enteredAt: String?
        let input: String?
        var exitedAt: String?
        var output: String?
        /// Failures of its attempts: the last one is the state's own unless it was caught.
        var failures: [(error: String, cause: String)] = []
        /// Executions and tasks that it started, by ARN.
        var started: [String] = []

        /// - Parameter isRunning: whether the execution still runs.
        func outcome(isRunning: Bool) -> String {
            if exitedAt != nil { return failures.isEmpty ? "succeeded" : "caught" }
            if type == "FailStateEntered" { return "failed" }
            if isRunning { return "running" }
            return failures.isEmpty ? "aborted" : "failed"
        }
    }

    private(set) var visits: [Visit] = []

    init(_ events: [JSON]) {
        var byID: [Int: JSON] = [:]
        for event in events { if let id = event[number: "id"] { byID[id] = event } }
        var places: [Int: Int] = [:]
        for event in events.sorted(by: { ($0[number: "id"] ?? 0) < ($1[number: "id"] ?? 0) }) {
            guard let id = event[number: "id"], let type = event[text: "type"] else { continue }
            if type.hasSuffix("StateEntered"), let details = event["stateEnteredEventDetails"] {
                places[id] = visits.count
                visits.append(
                    Visit(
                        id: id, state: details[text: "name"] ?? "", type: type, enteredAt: event[text: "timestamp"],
                        input: details[text: "input"]))
                continue
            }
            /// The visit that an event belongs to, up the chain of the events before it.
            func visit(named name: String?) -> Int? {
                var previous = event[number: "previousEventId"]
                var steps = 0
                while let id = previous, steps <= events.count {
                    if let place = places[id], name == nil || visits[place].state == name,
                        visits[place].exitedAt == nil
                    {
                        return place
                    }
                    previous = byID[id]?[number: "previousEventId"]
                    steps += 1
                }
                return nil
            }
            if type.hasSuffix("StateExited"), let details = event["stateExitedEventDetails"] {
                guard let place = visit(named: details[text: "name"]) else { continue }
                visits[place].exitedAt = event[text: "timestamp"]
                visits[place].output = details[text: "output"]
                continue
            }
            for (name, value) in event.object ?? [:] where name.hasSuffix("EventDetails") {
                if ["Failed", "TimedOut", "Aborted"].contains(where: type.hasSuffix), !type.hasPrefix("Execution") {
                    guard let place = visit(named: nil) else { continue }
                    visits[place].failures.append(
                        (value[text: "error"] ?? type, value[text: "cause"] ?? ""))
                }
                if type == "TaskSubmitted" || type == "MapRunStarted", let place = visit(named: nil) {
                    if let arn = value[text: "mapRunArn"] { visits[place].started.append(arn) }
                    let answer = value[text: "output"].flatMap { try? JSON(parsing: $0) }
                    if let arn = answer?[text: "ExecutionArn"] ?? answer?[text: "executionArn"] {
                        visits[place].started.append(arn)
                    }
                }
            }
        }
    }

    func visits(of state: String) -> [Visit] { visits.filter { $0.state == state } }

    /// A state's colour: the worst of its visits.
    func outcome(of state: String, isRunning: Bool) -> String? {
        let outcomes = visits(of: state).map { $0.outcome(isRunning: isRunning) }
        return ["failed", "aborted", "running", "caught", "succeeded"].first(where: outcomes.contains)
    }
}
