internal import EmulatorCore
internal import JSON
internal import Time

/// A span of time whose invocations hand a state on.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html>
struct TumblingWindow: Sendable, Hashable {
    /// Milliseconds since 1970.
    let start: Int64
    let end: Int64
    /// What the last invocation answered.
    var state: JSON = [:]

    /// The most bytes of a state. Beyond them, a window ends early.
    static let stateLimit = 1 << 20

    /// The window that a moment falls into.
    init(at moment: Int64, length: Int64) {
        start = moment - moment % length
        end = start + length
    }

    init?(stored: JSON?, length: Int64) {
        guard let start = stored?["start"]?.int else { return nil }
        self.init(at: Int64(start), length: length)
        state = stored?["state"] ?? [:]
    }

    var stored: JSON { ["start": .int(start), "state": state] }

    func add(to event: inout JSONObject, shard: StreamShard, stream: String, isFinal: Bool, isEarly: Bool = false) {
        func moment(_ milliseconds: Int64) -> JSON { .string(Timestamp(milliseconds: milliseconds).rfc3339) }
        event["window"] = ["start": moment(start), "end": moment(end)]
        event["state"] = state
        event["shardId"] = .string(shard.name)
        event["eventSourceARN"] = .string(stream)
        event["isFinalInvokeForWindow"] = .bool(isFinal)
        event["isWindowTerminatedEarly"] = .bool(isEarly)
    }
}
