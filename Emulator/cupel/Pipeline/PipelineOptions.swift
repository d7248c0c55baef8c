internal import ArgumentParser

/// The options that locate a pipeline.
struct PipelineOptions: ParsableArguments {
    @Option(
        help: "The URL of AWS's services; default: AWS_ENDPOINT_URL, the running emulator, http://127.0.0.1:4566.")
    var endpoint: String?

    @Option(help: "The emulator's data folder.")
    var data = Self.defaultData

    private static let defaultData = ".cupel/data"

    /// The given options, each after a space, for a command that the user can type.
    var arguments: String {
        (endpoint.map { " --endpoint \($0)" } ?? "") + (data == Self.defaultData ? "" : " --data \(data)")
    }

    /// The pipeline that the options and the environment name, or else that of a running emulator.
    func pipeline() throws(CommandFailure) -> Pipeline {
        let named = endpoint ?? Pipeline.variable("AWS_ENDPOINT_URL")
        if named == nil, data != Self.defaultData, FileKind.of(data) != .folder {
            throw .notFound("--data: \(data) is not a folder")
        }
        let file = EndpointFile(in: data)
        // The outputs of the emulator in the data folder do not apply to another endpoint.
        let outputs = named == nil || named == file?.endpoint ? file?.outputs : nil
        return try Pipeline(
            endpoint: named ?? file?.endpoint ?? "http://127.0.0.1:4566", outputs: outputs ?? [:])
    }
}
