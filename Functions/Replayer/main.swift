// Replays records that failed, whose lease expired or that have been pending too long, on a schedule or on demand.
internal import AWSClient
internal import Control
internal import LambdaRuntime

LambdaRuntime(.process()).run { environment in
    let aws = try AWSClient { environment[$0] }
    let attemptLimit = try environment.count("MAX_ATTEMPTS", default: 3)
    return Replayer(
        control: ControlTable(
            name: try environment.require("CONTROL_TABLE"), client: aws, attemptLimit: attemptLimit),
        stalePendingSeconds: try environment.count("STALE_PENDING_SECONDS", default: 3600),
        pipeline: environment["PIPELINE"])
}
