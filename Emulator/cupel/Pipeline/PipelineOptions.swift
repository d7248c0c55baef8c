internal import ArgumentParser

/// The options that locate a pipeline.
struct PipelineOptions: ParsableArguments {
    @Option(
        help: "The URL of AWS's services; default: AWS_ENDPOINT_URL, the running emulator, http://127.0.0.1:4566.")
    var endpoint: String?

    @Option(help: "The emulator's data folder; default: that of cupel.yaml, then .cupel/data.")
    var data: String?

    static let defaultData = ".cupel/data"

    /// The given options, each after a space, for a command that the user can type.
    var arguments: String {
        (endpoint.map { " --endpoint \($0)" } ?? "") + (data.map { " --data \($0)" } ?? "")
    }

    private var namedEndpoint: String? { endpoint ?? Pipeline.variable("AWS_ENDPOINT_URL") }

    /// The data folder that the option or `cupel.yaml` names, or else the default.
    func dataFolder() throws(CommandFailure) -> String {
        if let data { return data }
        return try ProjectFile.read().data ?? Self.defaultData
    }

    /// The emulator that runs in the data folder; nil if another endpoint is named.
    func running() throws(CommandFailure) -> EndpointFile? {
        guard let file = EndpointFile(in: try dataFolder()), namedEndpoint == nil || namedEndpoint == file.endpoint
        else {
            return nil
        }
        return file
    }

    /// Whether an endpoint is named, which may have no emulator in the data folder.
    var namesEndpoint: Bool { namedEndpoint != nil }

    /// The pipeline that the options and the environment name, or else that of a running emulator.
    func pipeline() throws(CommandFailure) -> Pipeline {
        if namedEndpoint == nil, let data, FileKind.of(data) != .folder {
            throw .notFound("--data: \(data) is not a folder")
        }
        let running = try running()
        return try Pipeline(
            endpoint: namedEndpoint ?? running?.endpoint ?? "http://127.0.0.1:4566", outputs: running?.outputs ?? [:])
    }
}
