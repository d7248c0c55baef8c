internal import ArgumentParser

/// Where the pipeline is that a command looks at: in an emulator, or in an AWS account.
struct DeployedOptions: ParsableArguments {
    @OptionGroup var local: PipelineOptions

    @Option(
        help: ArgumentHelp(
            "On AWS, with this profile of ~/.aws/config and ~/.aws/credentials.", valueName: "name"))
    var profile: String?

    @Option(help: "On AWS, in this region; AWS_REGION, then the profile's otherwise.")
    var region: String?

    @Option(help: ArgumentHelp("On AWS, the stack that says which table it is.", valueName: "name"))
    var stack: String?

    @Option(
        help: ArgumentHelp("The control table; the stack's, then CONTROL_TABLE otherwise.", valueName: "name"))
    var tableName: String?

    func validate() throws {
        guard isOnAWS || (stack == nil && tableName == nil) else {
            throw ValidationError("--stack and --table-name go with --profile or --region: they name what is on AWS.")
        }
    }

    private var isOnAWS: Bool { profile != nil || region != nil }

    func pipeline() throws(CommandFailure) -> Pipeline {
        guard isOnAWS else { return try local.pipeline() }
        return try Pipeline(
            onAWS: profile, region: region, endpoint: local.endpoint, table: tableName, stack: stack)
    }
}
