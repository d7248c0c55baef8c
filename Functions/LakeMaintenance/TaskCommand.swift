internal import JSON
internal import LambdaRuntime

/// The same for one table as a task of its own, for what takes longer than a function may: `lake-maintenance --table
/// dm_silver.beer [--dry-run]`, or `TABLE` of the environment.
struct TaskCommand {
    private let arguments: [String]
    private let environment: Environment

    init(_ arguments: [String], _ environment: Environment) {
        self.arguments = arguments
        self.environment = environment
    }

    /// - Returns: 0 done, 1 the table or the environment is at fault, 2 usage, 75 retry.
    func run() -> Int32 {
        let isDry = arguments.last == "--dry-run"
        let rest = isDry ? arguments.dropLast() : arguments[...]
        let text = rest.isEmpty ? environment["TABLE"] : rest.count == 2 && rest[0] == "--table" ? rest[1] : nil
        guard let text, let table = TableName(text) else {
            Log(environment).error("expected --table with a table such as dm_silver.beer, and --dry-run or nothing")
            return 2
        }
        return TaskRun.status(environment) { _, log in
            let maintenance = LakeMaintenance(
                settings: try MaintenanceSettings(environment), isInterrupted: Interruption.isAsked)
            return try maintenance.maintain(table, isDry: isDry, log)
        }
    }
}
