internal import ArgumentParser
internal import Control
internal import JSON

/// `cupel show`: prints one control record.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one control record.",
        discussion: """
            quarantine_key is the file of the rows that broke the contract: all of them, or
            the first 100 of a file that failed. unknown_fields ends with the lines of a
            contract that make columns of them.

            EXAMPLES
              cupel show 5f2d9c1a07be
              cupel show 5f2d9c1a07be --json | jq -r .error_message
            """)

    @OptionGroup var options: DeployedOptions

    @Argument(help: "The record's ID; its first digits, if it has not succeeded.")
    var id: String

    @Flag(help: "Print the record as one JSON document.")
    var json = false

    func run() throws {
        let pipeline = try options.pipeline()
        let record = try record(in: pipeline)
        if json { return StandardStream.output.line(JSON.object(record.document).text) }
        let width = record.document.names.map(\.count).max() ?? 0
        for (name, value) in record.document {
            let padding = String(repeating: " ", count: width - name.count)
            var lines = record.sentences[name] ?? [value.string ?? value.text]
            if name == "quarantine_key", let key = record.quarantineKey, !pipeline.lakeBucket.isEmpty {
                lines.append("aws s3 cp s3://\(pipeline.lakeBucket)/\(key) - | gunzip")
            }
            StandardStream.output.line("\(name)\(padding)  \(lines[0])")
            for line in lines.dropFirst() {
                StandardStream.output.line(String(repeating: " ", count: width + 2) + line)
            }
        }
    }

    private func record(in pipeline: Pipeline) throws(CommandFailure) -> ControlRecord {
        let id = try pipeline.controlID(id)
        let record: ControlRecord?
        do throws(ControlError) { record = try pipeline.control.record(id) } catch { throw pipeline.failure(error) }
        guard let record else { throw .notFound("no control record has the ID \(id)") }
        return record
    }
}
