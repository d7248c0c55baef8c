internal import AWSClient
internal import AWSModels
internal import Control
internal import EmulatorCore
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A deployed pipeline, in an emulator or on AWS.
struct Pipeline: Sendable {
    let endpoint: String
    /// The advice to the user when nothing answers at the endpoint.
    private let remedy: String
    /// The advice to the user when the key or its signature is refused.
    private let keyRemedy: String
    let client: AWSClient
    let control: ControlTable
    let stageBucket: String
    let lakeBucket: String
    /// The bucket of published contracts; nil if functions take theirs from their packages alone.
    let contractsBucket: String?
    /// The ARN of the state machine that takes bronze files to silver; nil if the pipeline has none.
    let silverMachine: String?
    /// The ARN of the state machine that builds the models; nil if the pipeline has none.
    let goldMachine: String?
    /// The prefix of every function's name.
    let functionPrefix: String
    /// Athena's work group of the pipeline, with its limit of what a query scans; nil if it has none.
    let workGroup: String?

    init(
        endpoint: String, client: AWSClient, control: ControlTable, stageBucket: String, lakeBucket: String,
        functionPrefix: String
    ) {
        self.endpoint = endpoint
        remedy = Self.startEmulator
        keyRemedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the key that \(endpoint) accepts"
        self.client = client
        self.control = control
        self.stageBucket = stageBucket
        self.lakeBucket = lakeBucket
        contractsBucket = lakeBucket
        self.functionPrefix = functionPrefix
        silverMachine = nil
        goldMachine = nil
        workGroup = nil
    }

    /// - Parameters:
    ///   - endpoint: the URL at which AWS's services answer.
    ///   - outputs: the outputs of the pipeline's template; a missing one has the template's default.
    ///   - transport: what takes requests to an emulator of this process; nil for the network.
    ///   - environment: looks a variable up.
    init(
        endpoint: String, outputs: [String: String], transport: (any HTTPTransport)? = nil,
        environment: (String) -> String? = Self.variable
    ) throws(CommandFailure) {
        self.endpoint = endpoint
        remedy = Self.startEmulator
        keyRemedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the key that \(endpoint) accepts"
        // Without a key of the environment, calls are signed with the one that an emulator accepts.
        let fallbacks = [
            "AWS_REGION": environment("AWS_DEFAULT_REGION") ?? "us-east-1", "AWS_MAX_ATTEMPTS": "3",
        ].merging(AccessKey.emulator.variables) { own, _ in own }
        let own = ["AWS_ENDPOINT_URL": endpoint]
        do throws(AWSError) {
            client = try AWSClient(
                environment: { own[$0] ?? environment($0) ?? fallbacks[$0] }, transport: transport)
        } catch { throw .usage("\(error)") }
        let region = client.configuration.region
        let controlTable = environment("CONTROL_TABLE") ?? outputs["ControlTable"] ?? "cupel-dev-control"
        control = ControlTable(name: controlTable, client: client)
        stageBucket =
            environment("STAGE_BUCKET") ?? outputs["StageBucket"] ?? "cupel-dev-stage-000000000000-\(region)"
        lakeBucket = environment("LAKE_BUCKET") ?? outputs["LakeBucket"] ?? "cupel-dev-lake-000000000000-\(region)"
        contractsBucket = outputs.isEmpty ? lakeBucket : outputs["ContractsBucket"]
        functionPrefix = outputs["FunctionPrefix"] ?? "cupel-dev-"
        let machine = "arn:aws:states:\(region):000000000000:stateMachine:cupel-dev-"
        silverMachine = outputs.isEmpty ? machine + "silver" : outputs["Silver"]
        goldMachine = outputs.isEmpty ? machine + "gold" : outputs["Gold"]
        workGroup = outputs.isEmpty ? "cupel-dev" : outputs["WorkGroup"]
    }

    /// The pipeline of an AWS account.
    ///
    /// - Parameters:
    ///   - profile: a profile of the shared files; nil uses the environment's credentials.
    ///   - table: the control table's name; by default the stack's output, then `CONTROL_TABLE`.
    ///   - environment: looks a variable up.
    init(
        onAWS profile: String?, region: String?, endpoint: String?, table: String?, stack: String?,
        environment: (String) -> String? = Self.variable
    ) throws(CommandFailure) {
        let own = ["AWS_REGION": region, "AWS_ENDPOINT_URL": endpoint].compactMapValues { $0 }
        do throws(AWSError) {
            client = try AWSClient(environment: { own[$0] ?? environment($0) }, profile: profile)
        } catch { throw .usage("\(error)") }
        self.endpoint = "\(client.configuration.origin(of: "dynamodb"))"
        remedy = "check the region and the network"
        keyRemedy = profile.map { "check the key of the profile \($0)" } ?? "check the key of the environment"
        var outputs: [String: String] = [:]
        if let stack { outputs = try Self.outputs(of: stack, client) }
        guard let table = table ?? outputs["ControlTable"] ?? environment("CONTROL_TABLE") else {
            throw .usage(
                stack.map { "the stack \($0) has no output ControlTable; give the table with --table-name" }
                    ?? "no pipeline is named; give its stack with --stack or its control table with --table-name")
        }
        control = ControlTable(name: table, client: client)
        stageBucket = environment("STAGE_BUCKET") ?? outputs["StageBucket"] ?? ""
        lakeBucket = environment("LAKE_BUCKET") ?? outputs["LakeBucket"] ?? ""
        contractsBucket = outputs["ContractsBucket"]
        // The templates name every resource like the control table.
        let suffix = "control"
        functionPrefix =
            outputs["FunctionPrefix"] ?? (table.hasSuffix("-" + suffix) ? String(table.dropLast(suffix.count)) : "")
        silverMachine = outputs["Silver"]
        goldMachine = outputs["Gold"]
        workGroup = outputs["WorkGroup"]
    }

    private static func outputs(of stack: String, _ client: AWSClient) throws(CommandFailure) -> [String: String] {
        do throws(AWSError) { return try CloudFormation(client).outputs(ofStack: stack) } catch {
            if case .service("ValidationError", let message, _, _, _) = error { throw .notFound(message) }
            throw .failed("\(error)")
        }
    }

    /// The codes of AWS for a key that is unknown or a signature that is wrong.
    private static let refusals: Set<String> = [
        "InvalidAccessKeyId", "InvalidSignatureException", "InvalidToken", "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ]
    private static let startEmulator = "start the emulator with: cupel up"

    /// The value of an environment variable; nil if it is unset or empty.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The failure that a user sees for a failed call.
    func failure(_ error: ControlError) -> CommandFailure {
        switch error {
        case .aws(let error): failure(error)
        case .notFound(let id): .notFound("no control record has the ID \(id)")
        default: .failed("\(error)")
        }
    }

    func failure(_ error: AWSError) -> CommandFailure {
        if case .transport = error {
            return .unreachable("nothing answers at \(endpoint) (\(error)); \(remedy)")
        }
        if error.code == "ResourceNotFoundException" {
            return .notFound(
                "\(error); check that the pipeline at \(endpoint) is deployed and that \(control.name) is its control "
                    + "table (CONTROL_TABLE names another)")
        }
        if let code = error.code, Self.refusals.contains(code) {
            return .failed("\(error); \(keyRemedy)")
        }
        if case .credentials = error { return .usage("\(error)") }
        return .failed("\(error)")
    }
}
