internal import AWSClient
internal import Columnar
internal import Contracts
internal import Control
internal import LambdaRuntime
internal import PublishedContracts

/// The settings of the function and of the task, from the environment.
struct Settings: Sendable {
    var contracts: ContractSource
    let lakeBucket: String
    var control: ControlTable
    var objects: ObjectStore
    var options = FileConversion.Options()
    /// Reads the masking key for a contract that needs one.
    var maskingKey = MaskingKeySource()
    /// How long a lease lasts without being renewed.
    var leaseSeconds = 120
    /// The pipeline in the metrics; nil writes no metrics.
    var pipeline: String?
}

extension Settings {
    init(_ environment: Environment) throws {
        let aws = try AWSClient { environment[$0] }
        self.init(
            contracts: try ContractSource(environment),
            lakeBucket: try environment.require("LAKE_BUCKET"),
            control: ControlTable(
                name: try environment.require("CONTROL_TABLE"), client: aws,
                attemptLimit: try environment.count("MAX_ATTEMPTS", default: 3),
                retentionInDays: try environment.countIfSet("RECORD_RETENTION_DAYS")),
            objects: ObjectStore(aws))
        leaseSeconds = try environment.count("LEASE_SECONDS", default: leaseSeconds)
        pipeline = environment["PIPELINE"]
        options = try FileConversion.Options(environment)
        try options.connect(environment, for: []) { aws }
        // Read when a file needs it: Parameter Store answers 40 reads a second, and a thousand functions may start at once.
        let key = try MaskingKey(environment)
        maskingKey = MaskingKeySource { try key?.load { aws } }
    }
}

extension FileConversion.Options {
    init(_ environment: Environment) throws {
        inflate.bytes = try environment.count("MAX_DECOMPRESSED_BYTES", default: inflate.bytes)
        reader.lineBytes = try environment.count("MAX_LINE_BYTES", default: reader.lineBytes)
        threads = try environment.count("CONVERSION_THREADS", default: threads)
        if let name = environment["PII_ACTION"] {
            guard let policy = PersonalDataPolicy(rawValue: name) else {
                throw ConversionError.usage("PII_ACTION is \(name); off, report, mask, hash and redact are known")
            }
            personalData = policy
        }
    }

    /// Reads the masking key if a contract needs one, and connects to Comprehend if the environment asks for it.
    ///
    /// - Parameter aws: called only if a service is needed.
    mutating func connect(
        _ environment: Environment, for contracts: [Contract], _ aws: () throws -> AWSClient
    ) throws {
        if contracts.contains(where: { $0.needsMaskingKey(personalData) }) {
            maskingKey = try MaskingKey(environment)?.load(aws)
        }
        switch environment["PII_DETECTOR"] ?? "local" {
        case "local": break
        case "comprehend":
            let language = environment["PII_LANGUAGE"] ?? "en"
            // https://docs.aws.amazon.com/comprehend/latest/dg/API_DetectPiiEntities.html
            guard ["en", "es"].contains(language) else {
                throw ConversionError.usage("PII_LANGUAGE is \(language); Comprehend finds personal data in en and es")
            }
            personalDataService = PersonalDataService(
                Comprehend(try aws()), language: language,
                sampleInBytes: try environment.count("PII_SAMPLE_BYTES", default: PersonalDataService.defaultSample))
        case let name:
            throw ConversionError.usage("PII_DETECTOR is \(name); local and comprehend are known")
        }
    }
}
