internal import JSON
internal import LambdaRuntime

/// One model, however much it reads, as a task of its own: `gold-build --model dm_gold.NAME`.
struct TaskCommand {
    let model: String
    let environment: Environment

    /// The state machine waits a little longer.
    private static let limit = Duration.seconds(14_400)

    /// - Returns: 0 done, 1 the model or the environment is at fault, 75 retry.
    func run() -> Int32 {
        TaskRun.status(environment) { owner, log in
            var settings = try Settings(environment)
            settings.limits = BuildLimits()
            settings.isInterrupted = Interruption.isAsked
            let build = GoldBuild(settings: settings, worker: .execution(owner))
            let context = InvocationContext(
                requestID: "\(owner)/\(model)", deadline: .now + Self.limit, log: log)
            return try build.handle(["model": .string(model)], context)
        }
    }
}
