public import AWSClient
public import Columnar
public import Control
public import LambdaRuntime
public import Parquet

// The state machine decides by errorType, and the control record has it.
extension AWSError: LambdaFailure {}
extension ControlError: LambdaFailure {}
extension ColumnarError: LambdaFailure {
    public var errorType: String { code }
}
extension ParquetError: LambdaFailure {
    public var errorType: String { "ParquetError" }
}
