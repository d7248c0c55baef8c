internal import AWSClient
internal import AWSModels
internal import Console
internal import Control
internal import JSON
internal import Time

/// What the console knows of a pipeline, by the same calls as the other commands.
struct PipelineSource: ConsoleSource {
    let pipeline: Pipeline
    /// How old counts may be: AWS bills their reading.
    var age = Duration.milliseconds(900)
    var pace = CountingPace()
    /// How long one request searches for records that no index finds. The page goes on with another request.
    var searchTime = Duration.milliseconds(200)
    let memory = FlowMemory()

    /// How old the figures of CloudWatch may be, which has new ones once a minute.
    var activityAge: Duration { age * 11 }

    func file(_ id: String) throws(ConsoleFault) -> JSON {
        try commandFaults { () throws(CommandFailure) in try FileTrace(of: id, in: pipeline).document }
    }

    func log(_ request: LogRequest) throws(ConsoleFault) -> JSON {
        let prefix = pipeline.functionPrefix
        let name = request.function.hasPrefix(prefix) ? request.function : prefix + request.function
        let log = FunctionLog(
            group: (request.isTask ? "/ecs/" : "/aws/lambda/") + name,
            from: request.from.map { Timestamp(milliseconds: Int64($0)) })
        do throws(AWSError) {
            // Without a time the last lines are wanted.
            let text = request.requestID ?? request.text
            let isAnyTime = request.from == nil && request.to == nil && text == nil
            let events =
                isAnyTime
                ? try FunctionLog.lastEvents(of: log.group, limit: request.limit, from: pipeline)
                : try log.events(
                    to: request.to.map { Timestamp(milliseconds: Int64($0)) }, requestID: text,
                    limit: request.limit, from: pipeline)
            return ["events": .array(events.map(\.document))]
        } catch {
            if error.code == "ResourceNotFoundException" {
                throw .notFound("there is no log of \(name) yet; the function's first run makes it")
            }
            throw fault(pipeline.failure(error))
        }
    }

    // MARK: Errors

    func fault(_ failure: CommandFailure) -> ConsoleFault {
        switch failure {
        case .notFound(let text): .notFound(text)
        case .usage(let text): .badRequest(text)
        default: .failed(failure.description)
        }
    }

    func commandFaults<Result>(
        _ body: () throws(CommandFailure) -> Result
    ) throws(ConsoleFault) -> Result {
        do throws(CommandFailure) { return try body() } catch { throw fault(error) }
    }

    func faults<Result>(_ body: () throws(ControlError) -> Result) throws(ConsoleFault) -> Result {
        do throws(ControlError) { return try body() } catch { throw fault(pipeline.failure(error)) }
    }

    func call(
        _ service: String, _ target: String, _ action: String, _ input: JSON, version: String = "1.0",
        isRepeatable: Bool = true
    ) throws(ConsoleFault) -> JSON {
        do throws(AWSError) {
            return try pipeline.client.jsonCall(
                service: service, target: target, action: action, input: input, version: version,
                isRepeatable: isRepeatable)
        } catch { throw fault(pipeline.failure(error)) }
    }
}
