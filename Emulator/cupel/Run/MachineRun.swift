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
        let execution = try start()
        while true {
            let state = try call("DescribeExecution", ["executionArn": .string(execution)])
            switch state["status"]?.string {
            case "RUNNING":
                guard ContinuousClock.now < deadline else {
                    throw .failed("\(layer.rawValue) is not done after \(timeout); see: cupel logs \(function)")
                }
                usleep(50_000)
            case "SUCCEEDED":
                let output = state["output"]?.string.flatMap { try? JSON(parsing: $0) }
                guard let outcomes = output?.array else {
                    throw .failed("\(layer.rawValue) ended without saying how: \(state)")
                }
                return outcomes
            default:
                let cause = state["cause"]?.string ?? state["error"]?.string ?? "\(state)"
                throw .failed("\(layer.rawValue) failed: \(cause); see: cupel logs \(function)")
            }
        }
    }

    /// Why a table of the output failed; nil if it did not.
    static func failure(in outcome: JSON) -> String? {
        // The cause of a function's error is JSON with its message.
        let cause = outcome["failure"]?["Cause"]?.string
        return cause.flatMap { try? JSON(parsing: $0) }?["errorMessage"]?.string ?? cause
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
