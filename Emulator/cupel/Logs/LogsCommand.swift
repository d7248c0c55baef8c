internal import ArgumentParser
internal import AWSClient
internal import AWSModels
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel logs`: what a function wrote, and what Lambda reported about it.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print a function's log lines and REPORT lines.",
        discussion: """
            EXAMPLES
              cupel logs bronze-writer --since 10m
              cupel logs bronze-writer --task                  the same program as an ECS task
              cupel logs control-recorder --follow
            """)

    @OptionGroup var options: DeployedOptions

    @Argument(help: "firehose-transform, control-recorder, compute-router, bronze-writer or replayer.")
    var function: String

    @Flag(help: "The log of the ECS task of that name instead of the function's.")
    var task = false

    @Option(help: "Only lines since: 2026-03-01T09:30:00Z, 90s, 15m, 2h, 3d.")
    var since: Since?

    @Flag(name: [.customShort("f"), .long], help: "Go on with new lines as they come, until interrupted.")
    var follow = false

    @Flag(help: "Print one JSON document a line.")
    var json = false

    func run() throws {
        let pipeline = try options.pipeline()
        let name = function.hasPrefix(pipeline.functionPrefix) ? function : pipeline.functionPrefix + function
        var log = FunctionLog(group: (task ? "/ecs/" : "/aws/lambda/") + name, from: since?.timestamp)
        repeat {
            for event in try log.newEvents(from: pipeline) {
                StandardStream.output.line(json ? event.document.text : event.message)
            }
            if follow { usleep(500_000) }
        } while follow
    }
}

/// One log group, read from where it was left.
struct FunctionLog {
    struct Event: Hashable {
        let id: String
        let timestamp: Timestamp
        let stream: String
        /// Without the line break at its end.
        let message: String

        var document: JSON {
            [
                "timestamp": .string(timestamp.rfc3339), "stream": .string(stream), "message": .string(message),
            ]
        }
    }

    private let group: String
    /// Events from here on are new, but for those whose ids were seen.
    private var start: Timestamp?
    private var seen: Set<String> = []

    init(group: String, from start: Timestamp?) {
        self.group = group
        self.start = start
    }

    /// The events that came since the last call.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>
    mutating func newEvents(from pipeline: Pipeline) throws(CommandFailure) -> [Event] {
        var events: [Event] = []
        var input: JSONObject = ["logGroupName": .string(group)]
        input["startTime"] = start.map { .int($0.millisecondsSinceEpoch) }
        repeat {
            let page: JSON
            do throws(AWSError) {
                page = try pipeline.client.jsonCall(
                    service: "logs", target: "Logs_20140328", action: "FilterLogEvents", input: .object(input),
                    version: "1.1", isRepeatable: true)
            } catch {
                guard error.code != "ResourceNotFoundException" else {
                    throw .notFound("there is no log \(group) at \(pipeline.endpoint); has the function run yet?")
                }
                throw pipeline.failure(error)
            }
            events += (page["events"]?.array ?? []).compactMap(Self.event)
            input["nextToken"] = page["nextToken"]
        } while input["nextToken"]?.string != nil
        events.removeAll { seen.contains($0.id) }
        if let last = events.map(\.timestamp).max() {
            // Lines of one millisecond may come in two answers.
            let sameTime = Set(events.filter { $0.timestamp == last }.map(\.id))
            seen = last == start ? seen.union(sameTime) : sameTime
            start = last
        }
        return events
    }

    private static func event(_ json: JSON) -> Event? {
        guard let milliseconds = json["timestamp"]?.int, let message = json["message"]?.string else { return nil }
        let stream = json["logStreamName"]?.string ?? ""
        return Event(
            id: json["eventId"]?.string ?? "\(milliseconds) \(stream) \(message)",
            timestamp: Timestamp(millisecondsSinceEpoch: Int64(milliseconds)), stream: stream,
            message: message.last?.isNewline == true ? String(message.dropLast()) : message)
    }
}
