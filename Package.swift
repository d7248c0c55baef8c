// swift-tools-version: 6.1
import PackageDescription

// The architecture on one screen: a line is a target and what it may import. Nothing else compiles, because the build runs
// with `--explicit-target-dependency-import-check error`. Tests and tools follow, then how a line becomes a target.

/// Runtime: what ships to AWS, and nothing else. The order of imports is the linker's: libraries that the packages build
/// themselves, such as those of Digest and CCurl, come before those of the system, or a static program links the system's.
let runtime: [Target] = [
    kernels(), curl(), layer("Columns"), layer("CRC", "CKernels"), layer("Digest", "CCrypto"), layer("Gzip", "CZlib"),
    layer("JSON"), layer("PII"), layer("Postgres", "CPostgres"), layer("PostgresReplication"), layer("RawFile"),
    layer("SignatureV4", "Digest Time URLCoding"), layer("Threads"), layer("Time"), layer("URLCoding"), layer("XML"),
    layer("YAML", "CYAML"),
    layer("LambdaRuntime", "JSON Time"),
    layer("AWSModels", "JSON Time URLCoding"),
    layer("AWSClient", "AWSModels JSON XML Time URLCoding Digest SignatureV4 CCurl"),
    layer("Pattern", "CKernels"),
    layer("Contracts", "Pattern YAML"),
    layer("Columnar", "Columns Contracts CRC Digest Gzip JSON Pattern RawFile Threads Time CKernels CZlib CZstd CISAL"),
    layer("Parquet", "CKernels Columns CRC CSnappy CZlib CZstd", exclude: ["Read"]),
    // Apart from the writer, so that functions that only write are not larger for it.
    layer("ParquetRead", at: "Parquet/Read", "CKernels Columns CRC CSnappy CZlib CZstd Parquet CISAL"),
    layer("Iceberg", "CZlib JSON"), layer("DuckDB", "Iceberg"),
    layer("Control", "AWSClient AWSModels Digest RawFile Time"),
    layer("Lake", "AWSClient AWSModels Columns Contracts Digest Iceberg JSON Parquet ParquetRead"),
    layer("LakeRewrite", "AWSClient Columns Iceberg Lake Parquet ParquetRead"), layer("Publication", "JSON"),
    layer("PublishedContracts", "AWSClient AWSModels Contracts Digest JSON LambdaRuntime Publication"),
    layer("PublishedModels", "AWSClient AWSModels Digest JSON Publication"),
]

/// Functions: one executable a stage.
let functions: [Target] = [
    function("FirehoseTransform", "LambdaRuntime AWSClient Contracts CKernels JSON PublishedContracts Time"),
    function("ControlRecorder", "LambdaRuntime AWSClient AWSModels Control JSON PublishedContracts"),
    function("ComputeRouter", "LambdaRuntime AWSClient AWSModels Columnar Control JSON RawFile"),
    function(
        "BronzeWriter",
        "LambdaRuntime AWSClient AWSModels Contracts Columnar Columns Parquet PII Control Digest PublishedContracts "
            + "RawFile Threads CKernels JSON"),
    function(
        "SilverMerge",
        "LambdaRuntime AWSClient AWSModels Columns Contracts Control Digest Iceberg JSON Lake Parquet ParquetRead "
            + "PublishedContracts Threads CKernels Time"),
    function(
        "GoldBuild",
        "LambdaRuntime AWSClient AWSModels Columns Contracts Control Digest DuckDB Iceberg JSON Lake ParquetRead Publication "
            + "PublishedModels Threads Time"),
    function(
        "LakeMaintenance",
        "LambdaRuntime AWSClient AWSModels CKernels Contracts Control Iceberg JSON Lake LakeRewrite PublishedContracts Time"
    ),
    function("Replayer", "LambdaRuntime AWSClient AWSModels Control JSON Time"),
    function(
        "ChangeCapture",
        "LambdaRuntime AWSClient AWSModels CKernels Digest Gzip JSON Postgres PostgresReplication Threads Time"),
]

/// The emulator's services. Each imports the core, JSON, Time and what its line says, and no other service.
let services: [Target] = [
    service("Athena", "DuckDB Iceberg Lake ParquetRead URLCoding"), service("CloudFormation", "XML YAML"),
    service("CloudWatch", "Gzip XML"),
    service("DynamoDB", "Digest Gzip"),
    service("ECS"), service("EMRServerless", "Gzip URLCoding"), service("Events"),
    service("Firehose", "Digest Gzip JQ"), service("Glue", "Iceberg Pattern URLCoding"), service("IAM", "Digest XML"),
    service("KMS", "Digest"),
    service("Kinesis", "CRC Digest"), service("Lambda", "CZlib Digest URLCoding"), service("Logs", "Gzip"),
    service("Pipes"),
    service("S3", "CRC Digest Threads URLCoding XML"), service("SNS", "Digest XML"), service("SQS", "Digest"),
    service("SSM", "Digest"), service("Scheduler"), service("SecretsManager"),
    service("StepFunctions", "ASL Columns Gzip Parquet ParquetRead Threads"),
]

/// What the emulator's services share.
let core = part(
    "EmulatorCore", at: "Core", "CKernels CProcess CSQLite CZstd Digest JSON SignatureV4 Threads Time URLCoding XML")

/// The emulator: the same functions, state machines and template on a laptop.
let emulator: [Target] = [
    .target(name: "CProcess", path: "Emulator/CProcess"), .target(name: "CJQ", path: "Emulator/CJQ"),
    .target(name: "CSockets", path: "Emulator/CSockets"),
    part("JQ", "CJQ Threads"), part("JSONata", "Digest JSON Time URLCoding"), part("ASL", "Digest JSON JSONata Time"),
    core, part("Policies", "JSON Time"), part("Permissions", "EmulatorCore JSON Policies Time URLCoding XML"),
    part("Emulator", "EmulatorCore JSON Permissions Time URLCoding " + names(services)),
    part("Console", "EmulatorCore JSON Threads Time URLCoding"),
    part("EmulatorServer", at: "Server", "CSockets EmulatorCore Threads Time"),
    part("ContractTools", "Columnar Columns Contracts JSON PII RawFile YAML"), part("SampleData", "Gzip"),
    // Digest comes last here: it decides on the folder that the linker searches first.
    program(
        "cupel",
        "AWSClient AWSModels ArgumentParser Columnar Columns Console ContractTools Contracts Control CProcess CZlib Emulator "
            + "EmulatorCore EmulatorServer Gzip Iceberg JSON Lake LakeRewrite Parquet ParquetRead Publication "
            + "PublishedContracts PublishedModels RawFile SampleData Threads Time YAML Digest"),
    // Nobody imports it: `swift build --target Programs` builds what `make run` runs, and neither test support nor the
    // tools of the packages we depend on.
    part("Programs", "cupel " + names(functions.filter { $0.name != "ChangeCapture" })),
]

/// Tests: they mirror the tree. A unit test imports what it tests and what its line says.
let tests: [Target] = [
    support("TestRandom"), support("TestMetrics", "JSON"),
    support("TestProcess", "Threads"), support("TestReferee", "TestProcess"),
    support("FakeAWS", "AWSClient AWSModels Digest JSON Time"), support("TestEmulator", "TestProcess TestReferee"),
    support("TestPostgres", "TestEmulator TestProcess"), support("TestServices", "EmulatorCore JSON Time"),
    unitTests(of: "JSON"), unitTests(of: "XML", "TestRandom"), unitTests(of: "Time", "TestRandom"),
    unitTests(of: "URLCoding", "TestRandom"), unitTests(of: "RawFile"), unitTests(of: "Threads"),
    unitTests(of: "TestProcess"),
    unitTests(of: "CRC", "TestRandom"), unitTests(of: "Digest", "TestRandom"), unitTests(of: "SignatureV4", "Digest"),
    unitTests(of: "YAML"), unitTests(of: "LambdaRuntime", "JSON TestMetrics"), unitTests(of: "AWSModels", "JSON Time"),
    unitTests(of: "AWSClient", "AWSModels Digest JSON Time"), unitTests(of: "Pattern", "CKernels TestRandom"),
    unitTests(of: "PII", "TestRandom"), unitTests(of: "Contracts", "YAML"), unitTests(of: "Columns", "TestRandom"),
    unitTests(of: "Columnar", "CKernels Columns Contracts CZstd Digest Gzip JSON RawFile TestRandom TestReferee"),
    unitTests(of: "Parquet", "Columns JSON ParquetRead TestRandom TestReferee"), unitTests(of: "Postgres"),
    unitTests(of: "PostgresReplication"),
    unitTests(of: "Iceberg", "JSON"), unitTests(of: "DuckDB", "Iceberg"),
    unitTests(of: "ChangeCapture", "Digest Gzip JSON LambdaRuntime PostgresReplication TestRandom"),
    unitTests(of: "Control", "AWSClient AWSModels FakeAWS JSON TestRandom Time"),
    unitTests(
        of: "PublishedContracts", "AWSClient AWSModels Contracts FakeAWS JSON LambdaRuntime Publication TestMetrics"),
    unitTests(of: "FirehoseTransform", "Contracts JSON LambdaRuntime TestMetrics TestProcess TestRandom"),
    unitTests(
        of: "ControlRecorder",
        "AWSClient AWSModels Contracts Control FakeAWS JSON LambdaRuntime PublishedContracts Time"),
    unitTests(of: "ComputeRouter", "AWSClient AWSModels Columnar Control CZlib FakeAWS JSON LambdaRuntime"),
    unitTests(
        of: "BronzeWriter",
        "AWSClient AWSModels Columnar Contracts Control FakeAWS Gzip JSON LambdaRuntime Parquet "
            + "Publication PublishedContracts RawFile TestMetrics TestProcess TestRandom TestReferee Time"),
    unitTests(
        of: "SilverMerge",
        "AWSClient AWSModels Columns Contracts Control FakeAWS Iceberg JSON Lake LakeMaintenance LakeRewrite LambdaRuntime Parquet "
            + "ParquetRead PublishedContracts TestMetrics TestRandom Time"),
    unitTests(of: "PublishedModels", "AWSClient AWSModels FakeAWS JSON Publication"),
    unitTests(
        of: "GoldBuild",
        "AWSClient AWSModels Columns Contracts Control Digest FakeAWS Iceberg JSON Lake LakeMaintenance LakeRewrite LambdaRuntime "
            + "Parquet ParquetRead Publication PublishedModels TestEmulator TestRandom TestReferee Time"),
    unitTests(of: "LakeMaintenance", "Iceberg JSON LakeRewrite"),
    unitTests(of: "Replayer", "AWSModels Control FakeAWS JSON LambdaRuntime TestMetrics Time"), unitTests(of: "JQ"),
    unitTests(of: "JSONata", "JSON"), unitTests(of: "ASL", "JSON JSONata Time"),
    unitTests(of: "Policies", "JSON"), unitTests(of: "Permissions", "EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatorCore", "Digest JSON SignatureV4 TestRandom TestServices Time"),
    unitTests(of: "EmulatedAthena", "EmulatedGlue EmulatedS3 EmulatorCore Iceberg JSON TestEmulator TestServices Time"),
    unitTests(of: "EmulatedCloudFormation", "EmulatorCore JSON TestServices Time YAML"),
    unitTests(of: "EmulatedCloudWatch", "EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatedDynamoDB", "EmulatorCore JSON TestRandom TestServices"),
    unitTests(of: "EmulatedECS", "EmulatorCore JSON TestServices"),
    unitTests(of: "EmulatedEMRServerless"),
    unitTests(of: "EmulatedEvents", "EmulatedSQS EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatedFirehose", "CZlib EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatedGlue", "EmulatedS3 EmulatorCore JSON TestRandom TestServices Time"),
    unitTests(of: "EmulatedIAM", "EmulatorCore JSON TestServices Time XML"),
    unitTests(of: "EmulatedKMS", "EmulatorCore JSON TestServices"),
    unitTests(of: "EmulatedKinesis", "Digest EmulatedCloudFormation EmulatorCore JSON TestRandom TestServices Time"),
    unitTests(of: "EmulatedLambda", "Digest EmulatedSQS EmulatorCore JSON SignatureV4 TestServices Time"),
    unitTests(of: "EmulatedLogs", "EmulatorCore Gzip JSON TestServices Time"),
    unitTests(of: "EmulatedPipes", "EmulatedSQS EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatedS3", "Digest EmulatorCore JSON TestRandom TestServices URLCoding XML"),
    unitTests(of: "EmulatedSNS", "EmulatedCloudFormation EmulatedSQS EmulatorCore JSON TestServices"),
    unitTests(of: "EmulatedSQS", "Digest EmulatedCloudFormation EmulatorCore JSON TestServices"),
    unitTests(of: "EmulatedSSM", "EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatedScheduler", "EmulatorCore JSON TestServices Time"),
    unitTests(of: "EmulatedSecretsManager", "EmulatorCore JSON TestServices"),
    unitTests(of: "EmulatedStepFunctions", "Columns EmulatorCore Gzip JSON Parquet TestServices Time"),
    unitTests(of: "Emulator", "EmulatorCore JSON Time"),
    unitTests(of: "ContractTools", "BronzeWriter Columnar Columns Contracts Gzip JSON RawFile TestReferee"),
    unitTests(of: "Console", "EmulatorCore JSON"),
    unitTests(of: "EmulatorServer", "EmulatorCore TestRandom"), unitTests(of: "SampleData"),
    unitTests(
        of: "cupel",
        "ArgumentParser AWSClient AWSModels Columnar Columns Console Contracts ContractTools Control CZlib EmulatorCore "
            + "FakeAWS Iceberg JSON Publication PublishedContracts PublishedModels RawFile SampleData TestRandom Threads Time"
    ),
    suite(
        "Unit/JSONPolicyTests",
        "Columnar Columns Contracts FirehoseTransform JSON LambdaRuntime RawFile TestReferee"),
    suite("Conformance", "ASL JSON TestEmulator TestReferee YAML"),
    suite("EndToEnd", "JSON TestEmulator TestPostgres TestProcess TestRandom"),
]

/// `make fuzz` builds these instead of the functions, the emulator and the tests, instrumented, in a folder of their own.
let fuzzing: [Target] = [
    // A function is an executable; without its main it can be called.
    part(
        "FirehoseTransform", in: "Functions", "CKernels Contracts JSON LambdaRuntime Time", exclude: ["main.swift"]),
    .target(name: "CProcess", path: "Emulator/CProcess"), core,
    .target(name: "CSockets", path: "Emulator/CSockets"),
    part("EmulatorServer", at: "Server", "CSockets EmulatorCore Threads Time"),
    part("JSONata", "Digest JSON Time URLCoding"), part("ASL", "Digest JSON JSONata Time"),
    service("CloudFormation", "XML YAML"),
    program(
        "Fuzz", in: "Tests",
        "ASL Columnar Columns Contracts CZlib EmulatedCloudFormation EmulatorCore EmulatorServer FirehoseTransform Iceberg JSON JSONata LambdaRuntime "
            + "Parquet ParquetRead Pattern PostgresReplication RawFile Time YAML"),
]

/// Built instead of the functions, the emulator and the tests where `CUPEL_BENCHMARKS` is set.
let benchmarks: [Target] = [program("ParquetScan", in: "Tests/Benchmarks", "Columns ParquetRead")]

let package = Package(
    name: "cupel",
    platforms: [.macOS(.v15)],
    products: Variant.isFuzzing || Variant.isBenchmarking
        ? []
        : [
            .executable(name: "cupel", targets: ["cupel"]),
            .executable(name: "firehose-transform", targets: ["FirehoseTransform"]),
            .executable(name: "control-recorder", targets: ["ControlRecorder"]),
            .executable(name: "compute-router", targets: ["ComputeRouter"]),
            .executable(name: "bronze-writer", targets: ["BronzeWriter"]),
            .executable(name: "replayer", targets: ["Replayer"]),
            .executable(name: "change-capture", targets: ["ChangeCapture"]),
            .executable(name: "silver-merge", targets: ["SilverMerge"]),
            .executable(name: "gold-build", targets: ["GoldBuild"]),
            .executable(name: "lake-maintenance", targets: ["LakeMaintenance"]),
        ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: systemLibraries() + runtime
        + (Variant.isFuzzing
            ? fuzzing : Variant.isBenchmarking ? benchmarks : functions + services + emulator + tests),
    swiftLanguageModes: [.v6]
)

// MARK: What the environment chooses

enum Variant {
    /// Set by `make fuzz`.
    static var isFuzzing: Bool { Context.environment["CUPEL_FUZZING"] != nil }

    static var isBenchmarking: Bool { Context.environment["CUPEL_BENCHMARKS"] != nil }

    /// Gzip is inflated by ISA-L, or by zlib alone where this is set.
    static var usesISAL: Bool { Context.environment["CUPEL_WITHOUT_ISAL"] == nil }

    /// libcurl is loaded with the first call, or linked in where this is set: static executables load nothing.
    static var isStatic: Bool { Context.environment["CUPEL_STATIC"] != nil }
}

// MARK: How a line becomes a target

/// What a line names, separated by spaces: targets of this package, and products of the packages that it depends on.
func imports(_ names: String) -> [Target.Dependency] {
    names.split(separator: " ").map { name in
        switch name {
        case "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser")
        default: .target(name: String(name))
        }
    }
}

func names(_ targets: [Target]) -> String {
    targets.map(\.name).joined(separator: " ")
}

/// A library in `Runtime`. One that reads gzip can be built without ISA-L.
func layer(_ name: String, at folder: String? = nil, _ names: String = "", exclude: [String] = []) -> Target {
    let path = "Runtime/\(folder ?? name)"
    let lacksISAL = names.hasSuffix(" CISAL") && !Variant.usesISAL
    return .target(
        name: name, dependencies: imports(lacksISAL ? String(names.dropLast(" CISAL".count)) : names), path: path,
        exclude: exclude + documents(in: path),
        swiftSettings: shipped() + (lacksISAL ? [.define("WITHOUT_ISAL")] : []))
}

/// An executable in `Functions`.
func function(_ name: String, _ names: String) -> Target {
    let path = "Functions/\(name)"
    return .executableTarget(
        name: name, dependencies: imports(names), path: path, exclude: documents(in: path),
        swiftSettings: shipped(optimization(of: name)))
}

func service(_ name: String, _ names: String = "") -> Target {
    precondition(!names.contains("Emulated"), "\(name): a service imports no other service")
    return part("Emulated\(name)", at: "Services/\(name)", "EmulatorCore JSON Time " + names)
}

/// A library that does not ship to AWS.
func part(
    _ name: String, in house: String = "Emulator", at folder: String? = nil, _ names: String = "",
    exclude: [String] = []
) -> Target {
    let path = "\(house)/\(folder ?? name)"
    return .target(
        name: name, dependencies: imports(names), path: path, exclude: exclude + documents(in: path),
        swiftSettings: strict(optimization(of: name)))
}

func program(_ name: String, in house: String = "Emulator", _ names: String) -> Target {
    let path = "\(house)/\(name)"
    return .executableTarget(
        name: name, dependencies: imports(names), path: path, exclude: documents(in: path),
        swiftSettings: strict(optimization(of: name)))
}

func support(_ name: String, _ names: String = "") -> Target {
    part(name, in: "Tests/Support", names)
}

/// The unit tests of a target.
func unitTests(of name: String, _ names: String = "") -> Target {
    suite("Unit/\(name)Tests", "\(name) \(names)")
}

/// The tests in a folder: `Unit/JSONTests` is the target JSONTests, `EndToEnd` is EndToEndTests.
func suite(_ folder: String, _ names: String) -> Target {
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    let path = "Tests/\(folder)"
    return .testTarget(
        name: name.hasSuffix("Tests") ? name : "\(name)Tests", dependencies: imports(names), path: path,
        exclude: documents(in: path), swiftSettings: strict())
}

/// What is no source in a target's folder.
func documents(in path: String) -> [String] {
    switch path {
    case "Emulator/Core": ["Store/README.md"]
    case "Emulator/cupel": ["Erase/README.md", "Query/README.md"]
    case "Runtime/Columnar": ["README.md", "Quality/README.md"]
    case "Tests/Conformance": ["Firehose", "Referees", "asl-not-emulated.txt"]
    case "Tests/EndToEnd": ["Referees"]
    case "Tests/Fuzz": ["README.md", "fuzz.py"]
    case "Emulator/ASL", "Emulator/Console", "Emulator/ContractTools", "Emulator/JSONata", "Emulator/Services/Athena",
        "Emulator/Services/CloudFormation", "Emulator/Services/CloudWatch", "Emulator/Services/DynamoDB",
        "Emulator/Services/Events",
        "Emulator/Services/Firehose", "Emulator/Services/StepFunctions",
        "Emulator/Services/Glue", "Emulator/Services/Kinesis", "Emulator/Services/Lambda", "Emulator/Services/S3",
        "Emulator/Services/SNS", "Emulator/Services/SQS", "Functions/BronzeWriter", "Functions/ChangeCapture",
        "Functions/FirehoseTransform", "Functions/GoldBuild", "Functions/LakeMaintenance", "Functions/SilverMerge",
        "Runtime/AWSClient",
        "Runtime/Columns",
        "Runtime/Contracts", "Runtime/Control", "Runtime/Iceberg", "Runtime/JSON", "Runtime/LambdaRuntime",
        "Runtime/PII", "Runtime/Parquet", "Runtime/Pattern", "Runtime/PublishedContracts", "Runtime/PublishedModels":
        ["README.md"]
    default: []
    }
}

func kernels() -> Target {
    .target(name: "CKernels", path: "Runtime/CKernels", cSettings: [.unsafeFlags(["-O3"])])
}

func curl() -> Target {
    .target(
        name: "CCurl", dependencies: imports(Variant.isStatic ? "CCurlLibrary" : ""), path: "Runtime/CCurl",
        cSettings: Variant.isStatic ? [.define("CUPEL_STATIC_LIBCURL")] : [])
}

/// Libraries of the system: a module map over their headers, which pkg-config finds.
func systemLibraries() -> [Target] {
    [
        ("CCrypto", "libcrypto", "libssl-dev"),
        ("CCurlLibrary", "libcurl", "libcurl4-openssl-dev"),
        ("CISAL", "libisal", "libisal-dev"),
        ("CPostgres", "libpq", "libpq-dev"),
        ("CSnappy", "snappy", "libsnappy-dev"),
        ("CSQLite", "sqlite3", "libsqlite3-dev"),
        ("CYAML", "yaml-0.1", "libyaml-dev"),
        ("CZlib", "zlib", "zlib1g-dev"),
        ("CZstd", "libzstd", "libzstd-dev"),
    ].map { name, package, debian in
        .systemLibrary(name: name, path: "Runtime/System/\(name)", pkgConfig: package, providers: [.apt([debian])])
    }
}

// MARK: Settings

/// How far a release build optimizes a target.
enum Optimization {
    /// Also by what the modules that it imports do.
    case acrossModules
    case withinModule
    /// By LLVM alone: a third of the time to compile, for what is called seldom and is not small.
    case afterSwift
    /// What compiles slowly and decides no speed: the first build takes a minute less.
    case none
}

func optimization(of target: String) -> Optimization {
    switch target {
    case "cupel", "EmulatedCloudWatch", "EmulatedECS", "EmulatedEMRServerless", "EmulatedIAM", "EmulatedKMS",
        "EmulatedSSM",
        "EmulatedScheduler":
        .none
    case "Console", "EmulatedAthena", "EmulatedEvents", "EmulatedGlue", "EmulatedLambda", "EmulatedLogs", "EmulatedSNS",
        "EmulatedSecretsManager", "GoldBuild", "JSONata", "LakeMaintenance", "Permissions", "Policies":
        .afterSwift
    // The non-copyable types of the emulator's store crash the cross-module optimizer of Swift 6.3.1.
    case "EmulatorCore", "Emulator": .withinModule
    default: target.hasPrefix("Emulated") ? .withinModule : .acrossModules
    }
}

func strict(_ optimization: Optimization = .acrossModules) -> [SwiftSetting] {
    let features: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
    return switch optimization {
    case .acrossModules:
        features + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]
    case .withinModule: features
    case .afterSwift:
        features + [.unsafeFlags(["-Xfrontend", "-disable-sil-perf-optzns"], .when(configuration: .release))]
    case .none: features + [.unsafeFlags(["-Onone"], .when(configuration: .release))]
    }
}

/// Without the regular expressions that Swift imports unasked: they make each function's zip half a megabyte larger, and its
/// process three. A file that needs them says `import _StringProcessing`.
func shipped(_ optimization: Optimization = .acrossModules) -> [SwiftSetting] {
    strict(optimization) + [.unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])]
}
