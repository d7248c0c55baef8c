internal import AWSClient
internal import AWSModels
internal import Control
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A deployed pipeline that answers: in an emulator, or on AWS.
struct Pipeline: Sendable {
    let endpoint: String
    let client: AWSClient
    let control: ControlTable
    let stageBucket: String
    let lakeBucket: String
    /// What stands before a function's name.
    let functionPrefix: String

    init(
        endpoint: String, client: AWSClient, control: ControlTable, stageBucket: String, lakeBucket: String,
        functionPrefix: String
    ) {
        self.endpoint = endpoint
        self.client = client
        self.control = control
        self.stageBucket = stageBucket
        self.lakeBucket = lakeBucket
        self.functionPrefix = functionPrefix
    }

    /// - Parameters:
    ///   - endpoint: where AWS's services answer.
    ///   - outputs: of the pipeline's template; the template's defaults stand in for what is missing.
    ///   - environment: looks a variable up.
    init(
        endpoint: String, outputs: [String: String], environment: (String) -> String? = Self.variable
    ) throws(CommandFailure) {
        self.endpoint = endpoint
        // An emulator takes any credentials, and every call is signed.
        let standIns = [
            "AWS_REGION": environment("AWS_DEFAULT_REGION") ?? "us-east-1", "AWS_ACCESS_KEY_ID": "cupel",
            "AWS_SECRET_ACCESS_KEY": "cupel", "AWS_MAX_ATTEMPTS": "3",
        ]
        let own = ["AWS_ENDPOINT_URL": endpoint]
        do throws(AWSError) {
            client = try AWSClient(environment: { own[$0] ?? environment($0) ?? standIns[$0] })
        } catch { throw .usage("\(error)") }
        let region = client.configuration.region
        let controlTable = environment("CONTROL_TABLE") ?? outputs["ControlTable"] ?? "cupel-dev-control"
        control = ControlTable(name: controlTable, client: client)
        stageBucket =
            environment("STAGE_BUCKET") ?? outputs["StageBucket"] ?? "cupel-dev-stage-000000000000-\(region)"
        lakeBucket = environment("LAKE_BUCKET") ?? outputs["LakeBucket"] ?? "cupel-dev-lake-000000000000-\(region)"
        functionPrefix = outputs["FunctionPrefix"] ?? "cupel-dev-"
    }

    /// The value of an environment variable; an empty one counts as none.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What a failed call means to the user.
    func failure(_ error: ControlError) -> CommandFailure {
        switch error {
        case .aws(let error): failure(error)
        case .notFound(let id): .notFound("there is no control record \(id)")
        default: .failed("\(error)")
        }
    }

    func failure(_ error: AWSError) -> CommandFailure {
        if case .transport = error {
            return .unreachable("nothing answers at \(endpoint) (\(error)); start the emulator with: cupel up")
        }
        if error.code == "ResourceNotFoundException" {
            return .notFound("\(error); is the pipeline of \(endpoint) deployed? CONTROL_TABLE names another table")
        }
        return .failed("\(error)")
    }
}
