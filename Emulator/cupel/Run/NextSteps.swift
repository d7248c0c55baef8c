internal import Console

/// What somebody who has just seen the first rows of gold can type next.
struct NextSteps {
    /// A table whose rows were shown: `gold.top_beers_by_rating`; nil if there was none.
    let table: String?
    /// Whether the emulator has ended with the run.
    let needsEmulator: Bool
    /// The options that locate the pipeline, each after a space.
    let options: String
    /// Where the emulator answers, or will.
    var endpoint = "http://127.0.0.1:4566"
    /// How this program was started.
    var program = CommandLine.arguments.first ?? "cupel"

    var lines: [String] {
        // A long path would not fit, and says nothing new.
        let cupel = program.utf8.count <= 24 ? program : "cupel"
        let statement = table.map { "SELECT * FROM \($0)" } ?? "SHOW TABLES IN silver"
        let start = needsEmulator ? ["  \(cupel) up\(options)", "and in another terminal:"] : []
        let commands = ["query\(options) \"\(statement)\"", "table list\(options)", "status\(options)"]
        return ["To look further:"] + start + commands.map { "  \(cupel) \($0)" }
            + ["and in a browser: \(endpoint)\(Console.root)"]
    }
}
