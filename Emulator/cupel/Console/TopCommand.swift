internal import ArgumentParser
internal import Console
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel top`: the console's flow page for a terminal.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show what is in flight in each stage, live until Ctrl-C.",
        discussion: """
            Without a terminal, or with --once, prints the counts once.

            EXAMPLES
              cupel top
              cupel top --profile prod --stack cupel-prod --interval 10
              cupel top --json | jq '.stages[] | select(.failed > 0)'
            """)

    @OptionGroup var options: DeployedOptions

    @Option(help: ArgumentHelp("How often the counts are read.", valueName: "seconds"))
    var interval = 2

    @Flag(help: "Print the counts once.")
    var once = false

    @Flag(help: "Print the counts once, as one JSON document.")
    var json = false

    /// How long the records are counted for one look.
    private static let countingTime = Duration.seconds(10)

    func validate() throws {
        guard (1...3600).contains(interval) else {
            throw ValidationError("--interval: expected 1 to 3600 seconds, not \(interval)")
        }
    }

    func run() throws {
        let stream = StandardStream.output
        let isLive = stream.isTerminal && !once && !json
        let pipeline = try options.pipeline()
        let source = isLive ? PipelineSource(pipeline: pipeline) : PipelineSource(pipeline: pipeline, age: .zero)
        func read() throws -> JSON {
            do throws(ConsoleFault) {
                return isLive ? try source.flow(patience: nil) : try Self.counted(source, within: Self.countingTime)
            } catch {
                throw CommandFailure.failed("\(error)")
            }
        }
        if json { return stream.line(try read().text) }
        repeat {
            let lines = Self.lines(of: try read(), width: stream.width ?? 80)
            // The cursor goes home and each line clears its rest, so that nothing flickers.
            stream.write(
                (isLive ? "\u{1B}[H" : "") + lines.map { $0 + (isLive ? "\u{1B}[K\n" : "\n") }.joined()
                    + (isLive ? "\u{1B}[J" : ""))
            if isLive { sleep(UInt32(interval)) }
        } while isLive
    }

    /// The counts of one look: read on until they are whole or the time is over.
    static func counted(_ source: PipelineSource, within time: Duration) throws(ConsoleFault) -> JSON {
        let end = ContinuousClock.now + time
        var flow: JSON
        repeat {
            flow = try source.flow(patience: nil)
        } while ContinuousClock.now < end && (flow["stages"]?.array ?? []).contains { $0["is_more"]?.bool == true }
        return flow
    }

    static func lines(of flow: JSON, width: Int?) -> [String] {
        var table = TextTable([
            .left("STAGE"), .right("TOTAL"), .right("WAIT"), .right("RUN"), .right("FAILED"), .right("OLDEST S"),
        ])
        for stage in flow["stages"]?.array ?? [] {
            let more = stage["is_more"]?.bool == true ? "+" : ""
            table.add([
                stage["title"]?.string ?? "", Quantity.count(stage["total"]?.int) + more,
                Quantity.count(stage["pending"]?.int), Quantity.count(stage["running"]?.int),
                Quantity.count(stage["failed"]?.int),
                stage["oldest_ms"]?.int.map { Quantity.decimal(Double($0) / 1000, places: 1) } ?? "-",
            ])
        }
        var lines = table.lines(width: width)
        for queue in flow["queues"]?.array ?? [] {
            lines.append("\(queue["name"]?.string ?? ""): \(Quantity.count(queue["messages"]?.int)) messages")
        }
        for record in flow["failures"]?.array ?? [] {
            let name = record["object_key"]?.string?.split(separator: "/").last.map(String.init) ?? ""
            let text = "\(record["layer"]?.string ?? "") \(name.printable.cut(toColumns: 24)): \(ErrorText.of(record))"
            lines.append(TextTable.cut(text.printable, to: width))
        }
        return lines
    }
}
