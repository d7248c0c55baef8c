public import Control
public import LambdaRuntime

// The state machine decides by their errorType.
extension ControlError: LambdaFailure {}
