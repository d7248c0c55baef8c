internal import ArgumentParser

/// `cupel model`: the models that become tables of gold.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "List, check, show, compare, publish and build the models of gold.",
        discussion: """
            A model is one statement of SQL beside one contract:
            infra/models/gold/top_beers_by_rating.sql and .odcs.yaml make the table
            dm_gold.top_beers_by_rating.

            EXAMPLES
              cupel model list
              cupel model lint
              cupel model show dm_gold.top_beers_by_rating
              cupel model diff dm_gold.top_beers_by_rating
              cupel model publish
              cupel model run
            """,
        subcommands: [
            ModelListCommand.self, ModelLintCommand.self, ModelShowCommand.self, ModelDiffCommand.self,
            ModelPublishCommand.self, ModelRunCommand.self,
        ])
}
