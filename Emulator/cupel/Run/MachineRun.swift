internal import AWSClient
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Starts a state machine of the pipeline and waits for its end.
struct MachineRun {
    let pipeline: Pipeline
    let machine: String
    /// `silver`, for messages.
    let layer: Layer
    /// The function whose log says more.
    let function: String
    var input: JSON = [:]
    /// The error of an execution that fails though it has the outcomes: its last state has them in `models`.
    var errorWithOutcomes: String?

    /// - Returns: the execution's ARN.
    @discardableResult
    func start() throws(CommandFailure) -> String {
        let answer = try call(
            "StartExecution", ["stateMachineArn": .string(machine), "input": .string(input.text)], isRepeatable: false)
        guard let execution = answer["executionArn"]?.string else {
            throw .failed("StartExecution gave no execution: \(answer)")
        }
        return execution
    }

    /// - Parameter timeout: of the whole execution, for the message.
    /// - Returns: the list that is the execution's output.
    func outcomes(until deadline: ContinuousClock.Instant, _ timeout: Duration) throws(CommandFailure) -> [JSON] {
        let start = ContinuousClock.now
        let execution = try self.start()
        while true {
            let state = try call("DescribeExecution", ["executionArn": .string(execution)])
            switch state["status"]?.string {
            case "RUNNING":
                guard ContinuousClock.now < deadline else {
                    throw .failed("\(layer.rawValue) is not done after \(timeout); see: cupel logs \(function)")
                }
                // What has just begun may end soon; at most a fiftieth of the time is waited too long.
                let pause = min(.milliseconds(100), max(.milliseconds(4), start.duration(to: .now) / 50))
                usleep(useconds_t(pause / .microseconds(1)))
            case "SUCCEEDED":
                let output = state["output"]?.string.flatMap { try? JSON(parsing: $0) }
                guard let outcomes = output?.array else {
                    throw .failed("\(layer.rawValue) ended without saying how: \(state)")
                }
                return outcomes
            case "FAILED" where errorWithOutcomes != nil && state["error"]?.string == errorWithOutcomes:
                return try lastInput(of: execution)["models"]?.array ?? []
            default:
                let cause = state["cause"]?.string ?? state["error"]?.string ?? "\(state)"
                throw .failed("\(layer.rawValue) failed: \(cause); see: cupel logs \(function)")
            }
        }
    }

    /// The input of the state in which a failed execution ended.
    private func lastInput(of execution: String) throws(CommandFailure) -> JSON {
        let history = try call(
            "GetExecutionHistory",
            ["executionArn": .string(execution), "reverseOrder": true, "maxResults": 10, "includeExecutionData": true])
        let entered = history["events"]?.array?.first { $0["type"]?.string == "FailStateEntered" }
        guard let text = entered?["stateEnteredEventDetails"]?["input"]?.string, let input = try? JSON(parsing: text)
        else { throw .failed("\(layer.rawValue) failed without saying how; see: cupel logs \(function)") }
        return input
    }

    /// Why a table of the output failed; nil if it did not.
    static func failure(in outcome: JSON) -> String? {
        guard outcome["outcome"]?.string == "failed" else { return nil }
        // The cause of a function's error is JSON with its message; an execution's own errors may have none.
        let cause = outcome["failure"]?["Cause"]?.string ?? ""
        let message = (try? JSON(parsing: cause))?["errorMessage"]?.string ?? cause
        return message.isEmpty ? outcome["failure"]?["Error"]?.string ?? "no reason is known" : message
    }

    private func call(_ action: String, _ input: JSON, isRepeatable: Bool = true) throws(CommandFailure) -> JSON {
        do throws(AWSError) {
            return try pipeline.client.jsonCall(
                service: "states", target: "AWSStepFunctions", action: action, input: input, isRepeatable: isRepeatable)
        } catch {
            throw .failed("\(layer.rawValue): \(error)")
        }
    }
}
