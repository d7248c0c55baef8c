public import AWSClient
public import Control
public import Lake
public import LambdaRuntime

// The state machine decides by their errorType.
extension AWSError: LambdaFailure {}
extension ControlError: LambdaFailure {}
extension LakeError: LambdaFailure {}
extension MaintenanceError: LambdaFailure {}
