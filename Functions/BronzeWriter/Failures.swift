public import AWSClient
public import Columnar
public import Control
public import LambdaRuntime
public import Parquet

// Their errorType is what the state machine decides by, and what stands in the control record.
extension AWSError: LambdaFailure {}
extension ControlError: LambdaFailure {}
extension ColumnarError: LambdaFailure {
    public var errorType: String { code }
}
extension ParquetError: LambdaFailure {
    public var errorType: String { "ParquetError" }
}

/// What an error is called where only its name travels.
struct FailureType {
    let name: String

    init(_ error: any Error) { name = (error as? any LambdaFailure)?.errorType ?? "\(type(of: error))" }

    /// Whether the same work may succeed when it is tried again as it is. The state machine retries the same two.
    var isTemporary: Bool { ["Throttled", "Interrupted"].contains(name) }
}
