public import AWSClient
public import Control
public import LambdaRuntime

// Their errorType is what the state machine decides by.
extension AWSError: LambdaFailure {}
extension ControlError: LambdaFailure {}
