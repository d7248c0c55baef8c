// swift-tools-version: 6.1
import PackageDescription

// The architecture on one screen: a target may import only what stands beside its name.
// `swift build --explicit-target-dependency-import-check error` holds everyone to it.

// MARK: Runtime: what ships to AWS, and nothing else

// Gzip is inflated by ISA-L, or by zlib alone where this is set.
let isal: [Target.Dependency] = Context.environment["CUPEL_WITHOUT_ISAL"] == nil ? ["CISAL"] : []

// libcurl is loaded with the first call, or linked in where this is set: static executables load nothing.
let isStatic = Context.environment["CUPEL_STATIC"] != nil

let systemLibraries: [Target] = [
    system("CCrypto", package: "libcrypto", debian: "libssl-dev"),
    system("CCurlLibrary", package: "libcurl", debian: "libcurl4-openssl-dev"),
    system("CISAL", package: "libisal", debian: "libisal-dev"),
    system("CSnappy", package: "snappy", debian: "libsnappy-dev"),
    system("CSQLite", package: "sqlite3", debian: "libsqlite3-dev"),
    system("CYAML", package: "yaml-0.1", debian: "libyaml-dev"),
    system("CZlib", package: "zlib", debian: "zlib1g-dev"),
    system("CZstd", package: "libzstd", debian: "libzstd-dev"),
]

let runtime: [Target] = [
    .target(name: "CKernels", path: "Runtime/CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .target(
        name: "CCurl", dependencies: isStatic ? ["CCurlLibrary"] : [], path: "Runtime/CCurl",
        cSettings: isStatic ? [.define("CUPEL_STATIC_LIBCURL")] : []),
    layer("JSON", in: "Runtime", exclude: ["README.md"]),
    layer("XML", in: "Runtime"),
    layer("Time", in: "Runtime"),
    layer("URLCoding", in: "Runtime"),
    layer("Threads", in: "Runtime"),
    layer("CRC", in: "Runtime", imports: ["CKernels"]),
    layer("Gzip", in: "Runtime", imports: ["CZlib"]),
    layer("YAML", in: "Runtime", imports: ["CYAML"]),
    layer("Digest", in: "Runtime", imports: ["CCrypto"]),
    layer("LambdaRuntime", in: "Runtime", imports: ["JSON", "Time"], exclude: ["README.md"]),
    layer("AWSModels", in: "Runtime", imports: ["JSON", "Time", "URLCoding"]),
    layer(
        "AWSClient", in: "Runtime",
        imports: ["AWSModels", "JSON", "XML", "Time", "URLCoding", "Digest", "CCurl"], exclude: ["README.md"]),
    layer("Pattern", in: "Runtime", imports: ["CKernels"], exclude: ["README.md"]),
    layer("PII", in: "Runtime", exclude: ["README.md"]),
    layer("Columns", in: "Runtime", exclude: ["README.md"]),
    layer("Contracts", in: "Runtime", imports: ["Pattern", "YAML"], exclude: ["README.md"]),
    layer(
        "Columnar", in: "Runtime",
        imports: [
            "Columns", "Contracts", "CRC", "Digest", "Gzip", "JSON", "Pattern", "Threads", "Time", "CKernels", "CZlib",
        ] + isal,
        exclude: ["README.md", "Quality/README.md"], defines: isal.isEmpty ? ["WITHOUT_ISAL"] : []),
    layer(
        "Parquet", in: "Runtime", imports: ["Columns", "CRC", "CKernels", "CSnappy", "CZlib", "CZstd"],
        exclude: ["README.md"]),
    layer("Control", in: "Runtime", imports: ["AWSClient", "AWSModels", "Digest", "Time"], exclude: ["README.md"]),
]

// MARK: Functions: one executable a stage

let functions: [Target] = [
    function(
        "FirehoseTransform", imports: ["LambdaRuntime", "Contracts", "CKernels", "JSON"], exclude: ["README.md"]),
    function("ControlRecorder", imports: ["LambdaRuntime", "AWSClient", "AWSModels", "Contracts", "Control", "JSON"]),
    function("ComputeRouter", imports: ["LambdaRuntime", "AWSClient", "AWSModels", "Columnar", "Control", "JSON"]),
    function(
        "BronzeWriter",
        imports: [
            "LambdaRuntime", "AWSClient", "AWSModels", "Contracts", "Columnar", "Columns", "Parquet", "PII", "Control",
            "Digest", "Threads", "CKernels", "JSON",
        ],
        exclude: ["README.md"]),
    function("Replayer", imports: ["LambdaRuntime", "AWSClient", "AWSModels", "Control", "JSON", "Time"]),
]

// MARK: Emulator: the same functions, state machines and template on a laptop

let services: [Target] = [
    service("CloudFormation", imports: ["XML", "YAML"]),
    service("DynamoDB", imports: ["Digest"]),
    service("ECS"),
    service("Firehose", imports: ["Gzip"], exclude: ["README.md"]),
    service("IAM", imports: ["XML"]),
    service("Kinesis", imports: ["Digest"], exclude: ["README.md"]),
    service("Lambda", imports: ["CZlib", "Digest", "URLCoding"], exclude: ["README.md"]),
    service("Logs"),
    service("Pipes"),
    service("S3", imports: ["CRC", "Digest", "Threads", "URLCoding", "XML"], exclude: ["README.md"]),
    service("SNS", imports: ["XML"], exclude: ["README.md"]),
    service("SQS", imports: ["Digest"], exclude: ["README.md"]),
    service("SSM", imports: ["Digest"]),
    service("Scheduler"),
    service("StepFunctions", imports: ["ASL", "Threads"]),
]

let emulator: [Target] = [
    .target(name: "CProcess", path: "Emulator/CProcess"),
    layer("JSONata", in: "Emulator", imports: ["JSON", "Digest", "Time", "URLCoding"], exclude: ["README.md"]),
    layer("ASL", in: "Emulator", imports: ["JSONata", "JSON", "Digest", "Time"], exclude: ["README.md"]),
    // Its non-copyable types crash the cross-module optimizer of Swift 6.3.1.
    layer(
        "EmulatorCore", in: "Emulator", at: "Core",
        imports: ["JSON", "XML", "Time", "URLCoding", "Digest", "Threads", "CSQLite", "CProcess"],
        exclude: ["Store/README.md"],
        optimizedAcrossModules: false),
    layer(
        "Emulator", in: "Emulator",
        imports: ["EmulatorCore", "JSON", "Time", "URLCoding"] + services.map { .target(name: $0.name) },
        optimizedAcrossModules: false),
    layer(
        "EmulatorServer", in: "Emulator", at: "Server",
        imports: [
            "EmulatorCore", "Time",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
        ]),
    layer(
        "ContractTools", in: "Emulator", imports: ["Columnar", "Columns", "Contracts", "JSON", "PII", "YAML"],
        exclude: ["README.md"]),
    .executableTarget(
        name: "cupel",
        dependencies: [
            "ContractTools", "Emulator", "EmulatorCore", "EmulatorServer", "CProcess", "AWSClient", "AWSModels",
            "Contracts", "Control", "Digest", "JSON", "Threads", "Time", "CZlib",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "Emulator/cupel",
        swiftSettings: strict()),
    // Nobody imports it: `swift build --target Programs` builds the executables, and neither test support nor the tools of
    // the packages we depend on.
    .target(
        name: "Programs", dependencies: functions.map { .target(name: $0.name) } + ["cupel"], path: "Emulator/Programs",
        swiftSettings: strict()),
]

// MARK: Tests: mirror the tree

let tests: [Target] = [
    layer("TestRandom", in: "Tests/Support"),
    layer("TestMetrics", in: "Tests/Support", imports: ["JSON"]),
    layer("FakeAWS", in: "Tests/Support", imports: ["AWSClient", "AWSModels", "Digest", "JSON", "Time"]),
    layer("TestReferee", in: "Tests/Support"),
    layer("TestEmulator", in: "Tests/Support", imports: ["TestReferee"]),
    layer("TestServices", in: "Tests/Support", imports: ["EmulatorCore", "JSON", "Time"]),
    unitTests(of: "JSON"),
    .testTarget(
        name: "JSONPolicyTests",
        dependencies: [
            "Columnar", "Columns", "Contracts", "FirehoseTransform", "JSON", "LambdaRuntime", "TestReferee",
        ],
        path: "Tests/Unit/JSONPolicyTests", swiftSettings: strict()),
    unitTests(of: "XML", imports: ["TestRandom"]),
    unitTests(of: "Time", imports: ["TestRandom"]),
    unitTests(of: "URLCoding", imports: ["TestRandom"]),
    unitTests(of: "Threads"),
    unitTests(of: "CRC", imports: ["TestRandom"]),
    unitTests(of: "Digest", imports: ["TestRandom"]),
    unitTests(of: "YAML"),
    unitTests(of: "LambdaRuntime", imports: ["JSON", "TestMetrics"]),
    unitTests(of: "AWSModels", imports: ["JSON", "Time"]),
    unitTests(of: "AWSClient", imports: ["AWSModels", "JSON", "Digest", "Time"]),
    unitTests(of: "Pattern", imports: ["CKernels", "TestRandom"]),
    unitTests(of: "PII", imports: ["TestRandom"]),
    unitTests(of: "Contracts", imports: ["YAML"]),
    unitTests(of: "Columns", imports: ["TestRandom"]),
    unitTests(
        of: "Columnar",
        imports: ["Columns", "Contracts", "CKernels", "Digest", "Gzip", "JSON", "TestRandom", "TestReferee"]),
    unitTests(of: "Parquet", imports: ["Columns", "JSON", "TestRandom", "TestReferee"]),
    unitTests(of: "Control", imports: ["AWSClient", "AWSModels", "FakeAWS", "JSON", "TestRandom", "Time"]),
    unitTests(
        of: "FirehoseTransform", imports: ["JSON", "Contracts", "LambdaRuntime", "TestMetrics", "TestRandom"]),
    unitTests(
        of: "ControlRecorder",
        imports: ["AWSClient", "AWSModels", "Control", "FakeAWS", "JSON", "LambdaRuntime", "Time"]),
    unitTests(
        of: "ComputeRouter",
        imports: ["AWSClient", "AWSModels", "Columnar", "Control", "CZlib", "FakeAWS", "JSON", "LambdaRuntime"]),
    unitTests(
        of: "BronzeWriter",
        imports: [
            "AWSClient", "AWSModels", "Columnar", "Contracts", "Control", "FakeAWS", "Gzip", "JSON", "LambdaRuntime",
            "Parquet", "TestMetrics", "TestRandom", "TestReferee", "Time",
        ]),
    unitTests(
        of: "Replayer", imports: ["AWSModels", "Control", "FakeAWS", "JSON", "LambdaRuntime", "TestMetrics", "Time"]),
    unitTests(of: "JSONata", imports: ["JSON"]),
    unitTests(of: "ASL", imports: ["JSONata", "JSON", "Time"]),
    unitTests(of: "EmulatorCore", imports: ["JSON", "TestRandom", "TestServices", "Time"]),
    unitTests(of: "EmulatedCloudFormation", imports: ["EmulatorCore", "JSON", "TestServices", "Time", "YAML"]),
    unitTests(of: "EmulatedDynamoDB", imports: ["EmulatorCore", "JSON", "TestRandom", "TestServices"]),
    unitTests(of: "EmulatedECS", imports: ["EmulatorCore", "JSON", "TestServices"]),
    unitTests(of: "EmulatedFirehose", imports: ["CZlib", "EmulatorCore", "JSON", "TestServices", "Time"]),
    unitTests(of: "EmulatedIAM", imports: ["EmulatorCore", "JSON", "TestServices", "XML"]),
    unitTests(
        of: "EmulatedKinesis",
        imports: ["EmulatedCloudFormation", "Digest", "EmulatorCore", "JSON", "TestRandom", "TestServices", "Time"]),
    unitTests(of: "EmulatedLambda", imports: ["EmulatedSQS", "EmulatorCore", "JSON", "TestServices", "Time"]),
    unitTests(of: "EmulatedLogs", imports: ["EmulatorCore", "JSON", "TestServices", "Time"]),
    unitTests(of: "EmulatedPipes", imports: ["EmulatedSQS", "EmulatorCore", "JSON", "TestServices", "Time"]),
    unitTests(
        of: "EmulatedS3", imports: ["Digest", "EmulatorCore", "JSON", "TestRandom", "TestServices", "URLCoding", "XML"]),
    unitTests(
        of: "EmulatedSNS", imports: ["EmulatedCloudFormation", "EmulatedSQS", "EmulatorCore", "JSON", "TestServices"]),
    unitTests(
        of: "EmulatedSQS", imports: ["EmulatedCloudFormation", "Digest", "EmulatorCore", "JSON", "TestServices"]),
    unitTests(of: "EmulatedSSM", imports: ["EmulatorCore", "JSON", "TestServices", "Time"]),
    unitTests(of: "EmulatedScheduler", imports: ["EmulatorCore", "JSON", "TestServices", "Time"]),
    unitTests(of: "EmulatedStepFunctions", imports: ["EmulatorCore", "JSON", "TestServices"]),
    unitTests(of: "Emulator", imports: ["EmulatorCore", "JSON"]),
    unitTests(
        of: "ContractTools", imports: ["BronzeWriter", "Columnar", "Columns", "Contracts", "JSON", "TestReferee"]),
    unitTests(of: "EmulatorServer", imports: ["EmulatorCore"]),
    unitTests(
        of: "cupel",
        imports: [
            "AWSClient", "AWSModels", "Columnar", "Contracts", "Control", "CZlib", "FakeAWS", "JSON", "Time",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    .testTarget(
        name: "ConformanceTests", dependencies: ["ASL", "JSON", "TestEmulator", "YAML"], path: "Tests/Conformance",
        exclude: ["Referees", "asl-not-emulated.txt"], swiftSettings: strict()),
    .testTarget(
        name: "EndToEndTests", dependencies: ["JSON", "TestEmulator", "TestRandom"], path: "Tests/EndToEnd",
        exclude: ["Referees"],
        swiftSettings: strict()),
]

// MARK: Fuzzing: `make fuzz` builds these instead, instrumented, in a folder of their own

let isFuzzing = Context.environment["CUPEL_FUZZING"] != nil

let fuzzing: [Target] = [
    // A function is an executable; without its main it can be called.
    .target(
        name: "FirehoseTransform",
        dependencies: functions.first { $0.name == "FirehoseTransform" }?.dependencies ?? [],
        path: "Functions/FirehoseTransform", exclude: ["README.md", "main.swift"], swiftSettings: strict()),
    .executableTarget(
        name: "Fuzz",
        dependencies: [
            "Columnar", "Columns", "Contracts", "CZlib", "FirehoseTransform", "JSON", "LambdaRuntime", "Pattern",
            "YAML",
        ],
        path: "Tests/Fuzz", exclude: ["README.md", "fuzz.py"], swiftSettings: strict()),
]

let package = Package(
    name: "cupel",
    platforms: [.macOS(.v15)],
    products: isFuzzing
        ? []
        : [
            .executable(name: "cupel", targets: ["cupel"]),
            .executable(name: "firehose-transform", targets: ["FirehoseTransform"]),
            .executable(name: "control-recorder", targets: ["ControlRecorder"]),
            .executable(name: "compute-router", targets: ["ComputeRouter"]),
            .executable(name: "bronze-writer", targets: ["BronzeWriter"]),
            .executable(name: "replayer", targets: ["Replayer"]),
        ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
    ],
    targets: systemLibraries + runtime + (isFuzzing ? fuzzing : functions + services + emulator + tests),
    swiftLanguageModes: [.v6]
)

func strict(optimizedAcrossModules: Bool = true) -> [SwiftSetting] {
    let features: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
    guard optimizedAcrossModules else { return features }
    return features + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]
}

/// Without the regular expressions that Swift imports unasked: they make each function's zip half a megabyte larger, and its
/// process three. A file that needs them says `import _StringProcessing`.
func shipped() -> [SwiftSetting] {
    strict() + [.unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])]
}

/// A library of the system: a module map over its headers, found with pkg-config.
func system(_ name: String, package: String, debian: String) -> Target {
    .systemLibrary(
        name: name, path: "Runtime/System/\(name)", pkgConfig: package, providers: [.apt([debian])])
}

func layer(
    _ name: String, in house: String, at folder: String? = nil, imports: [Target.Dependency] = [],
    exclude: [String] = [],
    defines: [String] = [], optimizedAcrossModules: Bool = true
) -> Target {
    let settings = house == "Runtime" ? shipped() : strict(optimizedAcrossModules: optimizedAcrossModules)
    return .target(
        name: name, dependencies: imports, path: "\(house)/\(folder ?? name)", exclude: exclude,
        swiftSettings: settings + defines.map { .define($0) })
}

/// A service of the emulator. It imports the emulator's core, and no other service.
func service(_ name: String, imports: [String] = [], exclude: [String] = []) -> Target {
    precondition(!imports.contains { $0.hasPrefix("Emulated") }, "\(name): a service imports no other service")
    return layer(
        "Emulated\(name)", in: "Emulator/Services", at: name,
        imports: (["EmulatorCore", "JSON", "Time"] + imports).map { .byName(name: $0) }, exclude: exclude,
        optimizedAcrossModules: false)
}

func function(_ name: String, imports: [Target.Dependency], exclude: [String] = []) -> Target {
    .executableTarget(
        name: name, dependencies: imports, path: "Functions/\(name)", exclude: exclude, swiftSettings: shipped())
}

func unitTests(of name: String, imports: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + imports, path: "Tests/Unit/\(name)Tests",
        swiftSettings: strict())
}
