import ASL
import JSON
import Time

/// Runs executions in simulated time: time jumps to the next timer or answer.
struct SimulatedHost {
    /// The recorded behaviours of functions, by name.
    var functions: [String: JSON] = [:]
    private(set) var events: [HistoryEvent] = []
    private(set) var log: [ExecutionInput] = []
    private(set) var now: Timestamp
    private var timers: [TimerID: Timestamp] = [:]
    private var answers: [(due: Timestamp, input: ExecutionInput.Kind)] = []

    /// How much later each `.continued` comes.
    private let millisecondsPerSlice: Int64

    init(now: Timestamp = Timestamp(seconds: 1_800_000_000), millisecondsPerSlice: Int64 = 10) {
        self.now = now
        self.millisecondsPerSlice = millisecondsPerSlice
    }

    /// Runs until the execution has ended or waits for more than a day.
    mutating func run(_ machine: StateMachine, input: JSON) -> Execution {
        var execution = Self.execution(of: machine, input: input, at: now)
        give(.started(seed: 42), to: &execution)
        while execution.outcome == nil, let next = nextInput(for: execution) { give(next, to: &execution) }
        return execution
    }

    static func execution(of machine: StateMachine, input: JSON, at now: Timestamp) -> Execution {
        let arn = "arn:aws:states:us-east-1:111111111111"
        return Execution(
            of: machine,
            as: Execution.Identity(
                arn: "\(arn):execution:machine:run", name: "run", roleARN: "arn:aws:iam::111111111111:role/test",
                startedAt: now, stateMachineARN: "\(arn):stateMachine:machine-1", stateMachineName: "machine-1",
                region: "us-east-1"),
            input: input)
    }

    private mutating func give(_ kind: ExecutionInput.Kind, to execution: inout Execution) {
        let input = ExecutionInput(kind, at: now)
        log.append(input)
        for effect in execution.handle(input) {
            switch effect {
            case .record(let event): events.append(event)
            case .setTimer(let id, let at): timers[id] = at
            case .cancelTimer(let id): timers[id] = nil
            case .startTask(let request): call(request)
            case .cancelTask, .finished, .mapRun: break
            }
        }
    }

    private mutating func nextInput(for execution: Execution) -> ExecutionInput.Kind? {
        let timer = timers.min { ($0.value, $0.key) < ($1.value, $1.key) }
        if execution.hasReadyBranches, timer.map({ $0.value > now }) ?? true {
            now = now.advanced(byMilliseconds: millisecondsPerSlice)
            return .continued
        }
        if let first = answers.indices.min(by: { answers[$0].due < answers[$1].due }),
            timer.map({ answers[first].due <= $0.value }) ?? true
        {
            let answer = answers.remove(at: first)
            now = max(now, answer.due)
            return answer.input
        }
        guard let timer, timer.value < now.advanced(byMilliseconds: 86_400_000) else { return nil }
        timers[timer.key] = nil
        now = max(now, timer.value)
        return .timerFired(timer.key)
    }

    private mutating func call(_ request: TaskRequest) {
        let name: String?
        let payload: JSON
        switch request.resource.target {
        case .lambdaFunction: (name, payload) = (request.resource.text, request.parameters)
        case .service("lambda", "invoke"):
            let given = request.parameters["Payload"] ?? .null
            let parsed = given.string.flatMap { try? JSON(parsing: $0) }
            (name, payload) = (request.parameters["FunctionName"]?.string, given.isNull ? [:] : parsed ?? given)
        default: return
        }
        guard let function = name?.split(separator: ":").last.map(String.init) else { return }
        guard let behaviour = functions[function] else {
            let cause =
                "Function not found: arn:aws:lambda:us-east-1:111111111111:function:\(function):$LATEST (Service: "
                + "AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: 1; Proxy: null)"
            answer(.taskFailed(request.id, ErrorOutput(error: "Lambda.ResourceNotFoundException", cause: cause)))
            return
        }
        answer(behaviour, request, payload)
    }

    private mutating func answer(_ behaviour: JSON, _ request: TaskRequest, _ payload: JSON) {
        func success(_ value: JSON) -> ExecutionInput.Kind {
            guard request.resource.target != .lambdaFunction else { return .taskSucceeded(request.id, output: value) }
            return .taskSucceeded(
                request.id,
                output: [
                    "ExecutedVersion": "$LATEST", "Payload": value, "SdkHttpMetadata": [:], "SdkResponseMetadata": [:],
                    "StatusCode": 200,
                ])
        }
        switch behaviour["kind"]?.string {
        case "bytes":
            answer(success((try? JSON(parsing: behaviour["text"]?.string ?? "")) ?? .null))
        case "return": answer(success(behaviour["value"] ?? .null))
        case "format": answer(success(.string("input-event-\(payload.text)")))
        case "large":
            answer(success(.string(String(repeating: "a", count: behaviour["bytes"]?.int ?? 0))))
        case "sleep": answer(success(.null), after: Int64((behaviour["seconds"]?.double ?? 0) * 1000))
        case "raise":
            let type = behaviour["errorType"] ?? "Exception"
            let cause: JSON = [
                "errorMessage": behaviour["errorMessage"] ?? "", "errorType": type, "requestId": "1",
                "stackTrace": [],
            ]
            answer(.taskFailed(request.id, ErrorOutput(error: type.string, cause: cause.text)))
        default: answer(success(payload))
        }
    }

    private mutating func answer(_ input: ExecutionInput.Kind, after milliseconds: Int64 = 0) {
        answers.append((now.advanced(byMilliseconds: milliseconds), input))
    }
}
