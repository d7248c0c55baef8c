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
