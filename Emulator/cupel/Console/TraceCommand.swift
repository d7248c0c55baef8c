internal import ArgumentParser
internal import Control
internal import JSON
internal import Time

/// `cupel trace`: one file's life as text.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show one file's life: raw, bronze, silver, gold, and what each step took.",
        discussion: """
            Follows a file by its control record's ID or by its key, also from a bronze file
            back to its raw file. The console shows the same as a page.

            EXAMPLES
              cupel trace 5f2d9c1a07be
              cupel trace raw/beer/beer.csv.gz
              cupel trace raw/beer/beer.csv.gz --json | jq '.steps[] | {title, took_ms}'
            """)

    @OptionGroup var options: DeployedOptions

    @Argument(help: "A control ID, the first digits of one that has not succeeded, or an object's key.")
    var file: String

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let trace = try FileTrace(of: file, in: try options.pipeline())
        if json { return StandardStream.output.line(trace.document.text) }
        let stream = StandardStream.output
        stream.line(TextTable.cut("\(trace.record.objectKey)  \(trace.record.controlID)".printable, to: stream.width))
        for line in trace.lines(width: stream.width ?? 80) { stream.line(line) }
    }
}

extension FileTrace {
    /// Each step in a few lines.
    func lines(width: Int) -> [String] {
        var lines: [String] = []
        for step in steps {
            var line = "\(step.title)\(String(repeating: " ", count: max(1, 14 - step.title.count)))\(step.state)"
            if let at = step.at { line += "  \(at.rfc3339)" }
            if let waited = step.waited { line += "  after \(Self.duration(waited))" }
            if let took = step.took { line += "  took \(Self.duration(took))" }
            lines += ["", TextTable.cut(line, to: width)]
            for (name, value) in step.facts where !value.isNull {
                let text =
                    value.array?.map { $0.string ?? $0.text }.joined(separator: ", ") ?? value.string ?? value.text
                let words = name.split(separator: "_").joined(separator: " ")
                // An error is what the command is asked for: it is not cut.
                let whole = "  \(words): \(text.printable)"
                lines.append(name == "error" ? whole : TextTable.cut(whole, to: width))
            }
        }
        if !quarantined.isEmpty {
            lines += ["", "Rows in quarantine"]
            for row in quarantined {
                func cell(_ name: String) -> String { row[name]?.string ?? "" }
                lines.append(
                    TextTable.cut(
                        "  line \(cell("line")): \(cell("message"))  \(cell("raw_text"))".printable, to: width))
            }
        }
        return lines
    }

    private static func duration(_ milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(Quantity.decimal(Double(milliseconds) / 1000, places: 1)) s"
    }
}
