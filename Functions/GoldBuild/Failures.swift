public import AWSClient
public import Lake
public import LambdaRuntime

// The state machine decides by their errorType.
extension AWSError: LambdaFailure {}
extension GoldError: LambdaFailure {}
extension LakeError: LambdaFailure {}
