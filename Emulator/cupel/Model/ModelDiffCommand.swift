internal import ArgumentParser
internal import AWSClient
internal import JSON

/// `cupel model diff`: what a changed text of a model would change in its table.
struct ModelDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show which rows and columns a changed model would change, without building it.",
        discussion: """
            Runs the model's text and contract of --models over the tables that it reads,
            and compares the result with its table as it is. Rows are compared by the
            primary key; without one that both have, whole rows are. Nothing is
            committed. Exit status 1 if the result breaks its contract.

            EXAMPLES
              cupel model diff dm_gold.top_beers_by_rating
              cupel model diff dm_gold.top_beers_by_rating --models my/models --limit 3
              cupel model diff dm_gold.top_drinkers --json | jq .changed
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Argument(help: "The model: dm_gold.top_beers_by_rating.")
    var model: String

    @Option(help: "The folder of the models; default: those that come with cupel.")
    var models: String?

    @Option(help: "The most rows of each kind that are listed.")
    var limit = 10

    func validate() throws {
        guard (0...1000).contains(limit) else {
            throw ValidationError("--limit: expected a number from 0 to 1000, not \(limit)")
        }
    }

    func run() throws {
        let source = try ModelSource(model, in: try models ?? Installation.folder("models"))
        let pipeline = try options.pipeline()
        let answer: Lambda.Answer
        do throws(AWSError) {
            answer = try Lambda(pipeline.client).invoke(
                pipeline.functionPrefix + "gold-build",
                [
                    "model": .string(source.name),
                    "diff": [
                        "sql": .string(source.sql), "contract": .string(source.contract), "examples": .int(limit),
                    ],
                ], upTo: .seconds(900))
        } catch { throw pipeline.failure(error) }
        switch answer {
        case .failure(let type, let message): throw CommandFailure.failed("\(type): \(message)")
        case .result(let result):
            let difference = ModelDifference(result)
            if form.isJSON {
                StandardStream.output.line(result.text)
            } else {
                let width = StandardStream.output.width
                for line in difference.lines { StandardStream.output.line(TextTable.cut(line, to: width)) }
            }
            guard difference.failure == nil else { throw CommandFailure.silent(status: 1) }
        }
    }
}

/// A model's two files.
struct ModelSource {
    /// `gold`
    let layer: String
    let table: String
    /// `dm_gold.top_drinkers`
    var name: String { "dm_\(layer).\(table)" }
    let sql: String
    let contract: String

    /// - Parameter name: `dm_gold.top_drinkers`, or `gold.top_drinkers`.
    init(_ name: String, in folder: String) throws(CommandFailure) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2,
            let layer = ["silver", "gold"].first(where: { $0 == parts[0] || "dm_\($0)" == parts[0] })
        else { throw .usage("\(name) is no name of a model; expected one such as dm_gold.top_drinkers") }
        self.layer = layer
        table = String(parts[1])
        let path = "\(folder)/\(layer)/\(table)"
        sql = String(decoding: try FileContent.read("\(path).sql"), as: UTF8.self)
        contract = String(decoding: try FileContent.read("\(path).odcs.yaml"), as: UTF8.self)
    }
}

/// What gold-build says of a changed model, for people.
struct ModelDifference {
    private let answer: JSON

    init(_ answer: JSON) { self.answer = answer }

    /// Why the result would not be committed.
    var failure: String? { answer["failure"]?.string }

    var lines: [String] {
        let name = answer["model"]?.string ?? ""
        guard answer["outcome"]?.string == "compared" else {
            return ["\(name) waits for \(answer["for"]?.string ?? "a table"), which is not there yet"]
        }
        let now = answer["stored"]?.int.map { "\(Quantity.count($0)) rows now" } ?? "not built yet"
        var lines = ["\(name): \(now), \(Quantity.count(answer["rows"]?.int)) with this text", ""]
        lines += counts + columns
        if let refused = answer["refused"]?.string { lines += ["", "The table cannot take it: \(refused)"] }
        if let failure { lines += ["", "It would not be committed: \(failure)"] }
        let examples = answer["examples"]?.array ?? []
        if !examples.isEmpty { lines += [""] + examples.map(Self.line) }
        return lines
    }

    private var counts: [String] {
        var table = TextTable([.left(""), .right("")])
        let (added, changed) = (answer["added"]?.int ?? 0, answer["changed"]?.int ?? 0)
        table.add(["added", Quantity.count(added)])
        table.add(["removed", Quantity.count(answer["removed"]?.int)])
        let hasKey = answer["key"]?.array?.isEmpty == false
        if hasKey { table.add(["changed", Quantity.count(changed)]) }
        table.add(["unchanged", Quantity.count((answer["rows"]?.int ?? 0) - added - changed)])
        return table.lines().dropFirst().map { "  \($0)" }
            + (hasKey ? [] : ["  (whole rows are compared: the two have no primary key in common that is unique)"])
    }

    private var columns: [String] {
        let changes = answer["columns"]?.array ?? []
        guard !changes.isEmpty else { return [] }
        var table = TextTable([.left("  COLUMN"), .left("CHANGE")])
        for change in changes {
            let type = change["type"]?.string ?? ""
            let text =
                switch change["change"]?.string {
                case "added": "added, \(type)"
                case "removed": "removed, \(type)"
                case "retyped": "\(change["was"]?.string ?? "") becomes \(type)"
                default: "another value in \(Quantity.count(change["rows"]?.int)) rows"
                }
            table.add(["  \(change["name"]?.string ?? "")", text])
        }
        return [""] + table.lines()
    }

    /// `~ beer_id 7  avg_rating 4.0 -> 4.12`
    private static func line(_ example: JSON) -> String {
        let values = example["values"]?.object ?? [:]
        let key = (example["key"]?.object ?? [:]).map { "\($0.0) \(text($0.1))" }
        let mark: String
        let others: [String]
        switch example["change"]?.string {
        case "added": (mark, others) = ("+", values.map { "\($0.0) \(text($0.1["new"]))" })
        case "removed": (mark, others) = ("-", values.map { "\($0.0) \(text($0.1["now"]))" })
        default: (mark, others) = ("~", values.map { "\($0.0) \(text($0.1["now"])) -> \(text($0.1["new"]))" })
        }
        return ([mark + " " + key.joined(separator: "  ")] + others).joined(separator: "  ")
    }

    private static func text(_ value: JSON?) -> String { value?.string ?? "null" }
}
