internal import JSON
internal import Time

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Runs a function: creates its handler once, then answers one invocation after another.
///
/// ```swift
/// LambdaRuntime(.process()).run { environment in
///     ComputeRouter(control: ControlTable(try environment.require("CONTROL_TABLE")))
/// }
/// ```
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>
public struct LambdaRuntime {
    private let environment: Environment
    private let log: Log
    /// Sets the trace id of the running invocation, or clears it, for the code that the handler calls.
    private let publishTraceID: (String?) -> Void

    public init(_ environment: Environment) {
        self.init(environment, log: Log(environment)) { traceID in
            if let traceID { setenv("_X_AMZN_TRACE_ID", traceID, 1) } else { unsetenv("_X_AMZN_TRACE_ID") }
        }
    }

    init(_ environment: Environment, log: Log, publishTraceID: @escaping (String?) -> Void) {
        self.environment = environment
        self.log = log
        self.publishTraceID = publishTraceID
    }

    /// Creates the handler and answers invocations until Lambda disconnects, then ends the process.
    ///
    /// An error of `makeHandler` is reported as the function's init error, and the process ends with exit code 1. An
    /// error of the handler answers its invocation; the process continues. After SIGTERM an idle process ends at once,
    /// a busy one after its answer, both with exit code 0.
    public func run<Handler: LambdaHandler>(_ makeHandler: (Environment) throws -> Handler) -> Never {
        Termination.deferUntilIdle()
        exit(serve(makeHandler))
    }

    /// - Returns: The exit code.
    func serve<Handler: LambdaHandler>(_ makeHandler: (Environment) throws -> Handler) -> Int32 {
        let address: String
        do { address = try environment.require("AWS_LAMBDA_RUNTIME_API") } catch {
            log.write(.fatal, "\(error)")
            return 1
        }
        var api = RuntimeAPI(address: address)
        let handler: Handler
        do { handler = try makeHandler(environment) } catch {
            reportInitialization(FailureReport(error), to: &api)
            return 1
        }
        return serve(handler, from: &api)
    }

    private func reportInitialization(_ failure: FailureReport, to api: inout RuntimeAPI) {
        log.write(
            .fatal, "the function cannot start: \(failure.errorMessage)", ["errorType": .string(failure.errorType)])
        do { try api.reportInitialization(failure) } catch { log.error("\(error)") }
    }

    private func serve(_ handler: some LambdaHandler, from api: inout RuntimeAPI) -> Int32 {
        while true {
            let invocation: Invocation
            do { invocation = try api.next() } catch { return exitCode(after: error) }
            let outcome = result(of: invocation, from: handler)
            do throws(RuntimeAPIError) { try answer(invocation.requestID, outcome, to: &api) } catch {
                log.tagged(requestID: invocation.requestID).error("\(error)")
                // A status of 500 or more asks the process to end. A lower one refuses this answer only.
                if case .refused(_, let status, _) = error, status < 500 { continue }
                return exitCode(after: error)
            }
        }
    }

    private func result(
        of invocation: Invocation, from handler: some LambdaHandler
    ) -> Result<[UInt8], FailureReport> {
        publishTraceID(invocation.traceID)
        let remaining = invocation.deadlineInMillisecondsSinceEpoch - Timestamp.now().milliseconds
        let context = InvocationContext(
            requestID: invocation.requestID, deadline: .now + .milliseconds(remaining),
            invokedFunctionARN: invocation.invokedFunctionARN, traceID: invocation.traceID,
            clientContext: invocation.clientContext, log: log)
        do {
            let response = try handler.handle(invocation.event, context)
            guard response.count <= RuntimeAPI.responseLimitInBytes else { return .failure(.tooLarge(response.count)) }
            return .success(response)
        } catch {
            return .failure(FailureReport(error))
        }
    }

    private func answer(
        _ requestID: String, _ outcome: Result<[UInt8], FailureReport>, to api: inout RuntimeAPI
    ) throws(RuntimeAPIError) {
        switch outcome {
        case .success(let response):
            do throws(RuntimeAPIError) { try api.respond(response, to: requestID) } catch {
                guard case .refused(_, 413, _) = error else { throw error }
                try report(.tooLarge(response.count), of: requestID, to: &api)
            }
        case .failure(let failure):
            try report(failure, of: requestID, to: &api)
        }
    }

    private func report(
        _ failure: FailureReport, of requestID: String, to api: inout RuntimeAPI
    ) throws(RuntimeAPIError) {
        log.tagged(requestID: requestID).error(failure.errorMessage, ["errorType": .string(failure.errorType)])
        try api.report(failure, of: requestID)
    }

    /// The exit code is 0 if the Runtime API has disconnected or refuses further calls, and 1 for any other error.
    private func exitCode(after error: RuntimeAPIError) -> Int32 {
        switch error {
        case .refused(_, 403, _), .connection(.closed), .connection(.broken), .connection(.notConnected):
            log.info("stopping: \(error)")
            return 0
        case .refused, .connection(.notHTTP), .incompleteEvent:
            log.write(.fatal, "\(error)")
            return 1
        }
    }
}
