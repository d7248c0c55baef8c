public import AWSClient
public import Columnar
public import Control
public import LambdaRuntime

// Their errorType is what the state machine decides by, and what stands in the control record.
extension AWSError: LambdaFailure {}
extension ControlError: LambdaFailure {}
extension ColumnarError: LambdaFailure {
    public var errorType: String { code }
}
