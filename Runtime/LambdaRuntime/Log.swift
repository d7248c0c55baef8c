public import JSON
internal import Time

/// Writes log lines: one JSON object a line, or plain text, as Lambda's logging controls configure.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html>
public struct Log: Sendable {
    public enum Level: String, Sendable, Comparable, CaseIterable {
        case trace = "TRACE"
        case debug = "DEBUG"
        case info = "INFO"
        case warning = "WARN"
        case error = "ERROR"
        case fatal = "FATAL"

        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    public enum Format: String, Sendable {
        case json = "JSON"
        case text = "Text"
    }

    /// Receives one line, including its newline.
    public typealias Sink = @Sendable ([UInt8]) -> Void

    private let format: Format
    private let lowestLevel: Level
    private let requestID: String?
    private let sink: Sink

    /// - Parameter sink: The receiver of lines; by default standard error, with one `write` a line.
    public init(
        format: Format = .json, lowestLevel: Level = .info, requestID: String? = nil,
        sink: @escaping Sink = StandardError.put
    ) {
        self.format = format
        self.lowestLevel = lowestLevel
        self.requestID = requestID
        self.sink = sink
    }

    /// The log that `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL` configure; by default JSON from INFO upwards.
    public init(_ environment: Environment, sink: @escaping Sink = StandardError.put) {
        let format = environment["AWS_LAMBDA_LOG_FORMAT"]?.lowercased() == "text" ? Format.text : .json
        let level = environment["AWS_LAMBDA_LOG_LEVEL"].flatMap { Level(rawValue: $0.uppercased()) } ?? .info
        self.init(format: format, lowestLevel: level, sink: sink)
    }

    /// The same log with `requestID` in every line.
    public func tagged(requestID: String?) -> Log {
        Log(format: format, lowestLevel: lowestLevel, requestID: requestID, sink: sink)
    }

    public func debug(_ message: String, _ fields: JSONObject = [:]) { write(.debug, message, fields) }
    public func info(_ message: String, _ fields: JSONObject = [:]) { write(.info, message, fields) }
    public func warning(_ message: String, _ fields: JSONObject = [:]) { write(.warning, message, fields) }
    public func error(_ message: String, _ fields: JSONObject = [:]) { write(.error, message, fields) }

    /// Writes one line unless `level` is below the lowest level.
    /// - Parameter fields: Further members of the line. They cannot replace `timestamp`, `level`, `requestId`,
    ///   `message`.
    public func write(_ level: Level, _ message: String, _ fields: JSONObject = [:]) {
        guard level >= lowestLevel else { return }
        let line =
            switch format {
            case .json: jsonLine(level, message, fields)
            case .text: textLine(level, message, fields)
            }
        sink(line + [UInt8(ascii: "\n")])
    }

    /// Writes `document` alone as one line.
    func put(_ document: JSON) { sink(document.bytes + [UInt8(ascii: "\n")]) }

    private func jsonLine(_ level: Level, _ message: String, _ fields: JSONObject) -> [UInt8] {
        var line: JSONObject = ["timestamp": .string(Timestamp.now().rfc3339), "level": .string(level.rawValue)]
        line["requestId"] = requestID.map(JSON.string)
        line["message"] = .string(message)
        for field in fields where line[field.name] == nil { line[field.name] = field.value }
        return JSON.object(line).bytes
    }

    private func textLine(_ level: Level, _ message: String, _ fields: JSONObject) -> [UInt8] {
        var words = [Timestamp.now().rfc3339, requestID ?? "-", level.rawValue, message]
        words += fields.map { "\($0.name)=\($0.value.text)" }
        // A newline inside a message would start a second log event.
        return Array(words.joined(separator: " ").utf8).map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
    }
}
