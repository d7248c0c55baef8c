internal import ArgumentParser
internal import Contracts

/// The options that locate a pipeline, in an emulator or in an AWS account.
struct DeployedOptions: ParsableArguments {
    @OptionGroup var local: PipelineOptions

    @Option(
        help: ArgumentHelp(
            "Use AWS, with this profile of ~/.aws/config and ~/.aws/credentials.", valueName: "name"))
    var profile: String?

    @Option(help: "Use AWS, in this region; default: AWS_REGION, then the profile's region.")
    var region: String?

    @Option(help: ArgumentHelp("On AWS: the stack whose outputs name the control table.", valueName: "name"))
    var stack: String?

    @Option(
        help: ArgumentHelp("On AWS: the control table; default: the stack's, then CONTROL_TABLE.", valueName: "name"))
    var tableName: String?

    func validate() throws {
        guard isOnAWS || (stack == nil && tableName == nil) else {
            throw ValidationError("--stack and --table-name require --profile or --region: they name resources on AWS.")
        }
    }

    private var isOnAWS: Bool { profile != nil || region != nil }

    /// Checks that a contract describes a table without records. On AWS the contracts are not known here.
    func checkTable(_ table: String) throws(CommandFailure) {
        guard !isOnAWS, let folder = try? contractsFolder(),
            let tables = try? ContractCatalog(directory: folder).tables, !tables.contains(table)
        else { return }
        throw .notFound(
            "--table: there are no records of \(table), and no contract describes it; "
                + "the contracts describe \(tables.joined(separator: ", "))")
    }

    /// The folder of the contracts that the running emulator was started with, or else of those that come with cupel.
    func contractsFolder() throws(CommandFailure) -> String {
        if !isOnAWS {
            if let settings = try local.running()?.settings { return settings.contracts }
            if let folder = try ProjectFile.read().contracts { return folder }
        }
        return try Installation.folder("contracts")
    }

    func pipeline() throws(CommandFailure) -> Pipeline {
        guard isOnAWS else { return try local.pipeline() }
        return try Pipeline(
            onAWS: profile, region: region, endpoint: local.endpoint, table: tableName, stack: stack)
    }
}
