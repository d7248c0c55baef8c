public import JSON

/// The code that answers an invocation: event bytes in, response bytes out.
///
/// An error that `handle` throws becomes the invocation's error response. The function continues.
public protocol LambdaHandler {
    func handle(_ event: [UInt8], _ context: InvocationContext) throws -> [UInt8]
}

/// A handler of JSON values. An event that is not JSON fails as `Runtime.UnmarshalError`.
public protocol JSONHandler: LambdaHandler {
    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON
}

extension JSONHandler {
    public func handle(_ event: [UInt8], _ context: InvocationContext) throws -> [UInt8] {
        let value: JSON
        do { value = try JSON(parsing: event) } catch { throw UnreadableEvent(reason: error) }
        return try handle(value, context).bytes
    }
}

/// An error that sets the `errorType` which callers and state machines match. Its text is the `errorMessage`.
public protocol LambdaFailure: Error {
    var errorType: String { get }
}

struct UnreadableEvent: LambdaFailure, CustomStringConvertible {
    let reason: JSONError

    var errorType: String { "Runtime.UnmarshalError" }
    var description: String { "the event is \(reason)" }
}
