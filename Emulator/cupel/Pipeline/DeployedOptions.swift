internal import ArgumentParser

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

    func pipeline() throws(CommandFailure) -> Pipeline {
        guard isOnAWS else { return try local.pipeline() }
        return try Pipeline(
            onAWS: profile, region: region, endpoint: local.endpoint, table: tableName, stack: stack)
    }
}
