internal import ArgumentParser
internal import AWSClient
internal import AWSModels
internal import JSON
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel logs`: prints a function's log lines and Lambda's reports.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print a function's log lines and REPORT lines.",
        discussion: """
            EXAMPLES
              cupel logs bronze-writer --since 10m
              cupel logs bronze-writer --task                  the log of the ECS task
              cupel logs control-recorder --follow
            """)

    @OptionGroup var options: DeployedOptions

    @Argument(
        help: """
            firehose-transform, control-recorder, compute-router, bronze-writer, replayer, silver-merge, gold-build or \
            lake-maintenance.
            """)
    var function: String

    @Flag(help: "Print the log of the ECS task with this name instead of the function's.")
    var task = false

    @Option(help: "Only lines since this time: 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d ago.")
    var since: Since?

    @Flag(name: [.customShort("f"), .long], help: "Print new lines as they arrive, until interrupted.")
    var follow = false

    @Flag(help: "Print one JSON document per line.")
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

/// A log group, read from where the last read ended.
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

    let group: String
    /// Events from this time on are new, except for those in `seen`.
    private var start: Timestamp?
    private var seen: Set<String> = []

    init(group: String, from start: Timestamp?) {
        self.group = group
        self.start = start
    }

    /// The events since the last call.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>
    mutating func newEvents(from pipeline: Pipeline) throws(CommandFailure) -> [Event] {
        var events: [Event] = []
        var input: JSONObject = ["logGroupName": .string(group)]
        input["startTime"] = start.map { .int($0.milliseconds) }
        repeat {
            let page: JSON
            do throws(AWSError) {
                page = try pipeline.client.jsonCall(
                    service: "logs", target: "Logs_20140328", action: "FilterLogEvents", input: .object(input),
                    version: "1.1", isRepeatable: true)
            } catch {
                guard error.code != "ResourceNotFoundException" else {
                    throw .notFound(
                        "\(pipeline.endpoint) has no log group \(group); the function's first run creates it")
                }
                throw pipeline.failure(error)
            }
            events += (page["events"]?.array ?? []).compactMap(Self.event)
            input["nextToken"] = page["nextToken"]
        } while input["nextToken"]?.string != nil
        events.removeAll { seen.contains($0.id) }
        if let last = events.map(\.timestamp).max() {
            // Events of one millisecond may arrive in two answers.
            let sameTime = Set(events.filter { $0.timestamp == last }.map(\.id))
            seen = last == start ? seen.union(sameTime) : sameTime
            start = last
        }
        return events
    }

    /// The first events of a time, of one invocation or all.
    ///
    /// - Parameter requestID: the invocation's; lines that name it.
    func events(
        to end: Timestamp?, requestID: String?, limit: Int, from pipeline: Pipeline
    ) throws(AWSError) -> [Event] {
        var input: JSONObject = ["logGroupName": .string(group), "limit": .int(limit)]
        input["startTime"] = start.map { .int($0.milliseconds) }
        input["endTime"] = end.map { .int($0.milliseconds) }
        input["filterPattern"] = requestID.map { .string("\"\($0.filter { $0 != "\"" })\"") }
        var events: [Event] = []
        repeat {
            let page = try pipeline.client.jsonCall(
                service: "logs", target: "Logs_20140328", action: "FilterLogEvents", input: .object(input),
                version: "1.1", isRepeatable: true)
            events += (page["events"]?.array ?? []).compactMap(Self.event)
            input["nextToken"] = page["nextToken"]
        } while input["nextToken"]?.string != nil && events.count < limit
        return Array(events.prefix(limit))
    }

    /// The last events of a group, oldest first. CloudWatch reads from the oldest on, so that it is asked for longer and longer times.
    ///
    /// - Parameter pattern: a filter pattern; nil takes all.
    static func lastEvents(
        of group: String, matching pattern: String? = nil, limit: Int, from pipeline: Pipeline
    ) throws(AWSError) -> [Event] {
        let now = Timestamp.now()
        for seconds in [600, 7200, 86_400, 2_592_000] as [Int64] {
            var input: JSONObject = [
                "logGroupName": .string(group),
                "startTime": .int(now.advanced(byMilliseconds: -seconds * 1000).milliseconds),
            ]
            input["filterPattern"] = pattern.map { .string($0) }
            var events: [Event] = []
            var calls = 0
            repeat {
                let page = try pipeline.client.jsonCall(
                    service: "logs", target: "Logs_20140328", action: "FilterLogEvents", input: .object(input),
                    version: "1.1", isRepeatable: true)
                events += (page["events"]?.array ?? []).compactMap(Self.event)
                if events.count > 2 * limit { events.removeFirst(events.count - limit) }
                input["nextToken"] = page["nextToken"]
                calls += 1
            } while input["nextToken"]?.string != nil && calls < 20
            if !events.isEmpty { return Array(events.suffix(limit)) }
        }
        return []
    }

    private static func event(_ json: JSON) -> Event? {
        guard let milliseconds = json["timestamp"]?.int, let message = json["message"]?.string else { return nil }
        let stream = json["logStreamName"]?.string ?? ""
        return Event(
            id: json["eventId"]?.string ?? "\(milliseconds) \(stream) \(message)",
            timestamp: Timestamp(milliseconds: Int64(milliseconds)), stream: stream,
            message: message.last?.isNewline == true ? String(message.dropLast()) : message)
    }
}
