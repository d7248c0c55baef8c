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

/// The name of an error in control records, metrics and logs.
struct FailureType {
    let name: String

    init(_ error: any Error) { name = (error as? any LambdaFailure)?.errorType ?? "\(type(of: error))" }

    /// Whether a retry may succeed. The state machine retries the same two.
    var isTemporary: Bool { ["Throttled", "Interrupted"].contains(name) }
}
