// Decides where the object of a pending control record is converted: in a function, or, if it is large, in a task.
internal import AWSClient
internal import Control
internal import LambdaRuntime

LambdaRuntime(.process()).run { environment in
    let aws = try AWSClient { environment[$0] }
    return ComputeRouter(
        control: ControlTable(name: try environment.require("CONTROL_TABLE"), client: aws),
        objects: ObjectStore(aws),
        lambdaMaxRecords: try environment.count("LAMBDA_MAX_RECORDS", default: 100_000),
        lambdaMaxBytes: try environment.count("LAMBDA_MAX_BYTES", default: 2 << 30))
}
