public import Control
public import LambdaRuntime

// Their errorType is what the state machine decides by.
extension ControlError: LambdaFailure {}
