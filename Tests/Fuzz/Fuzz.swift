import Glibc

/// One reader under fuzz: it takes any bytes at all, and stops the process where what it promises does not hold.
protocol FuzzTarget: Sendable {
    func take(_ bytes: [UInt8]) throws
}

/// libFuzzer's driver, with the target that `CUPEL_FUZZ_TARGET` names.
/// - SeeAlso: <https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library>
@main
struct Fuzz {
    static let target: any FuzzTarget = {
        switch getenv("CUPEL_FUZZ_TARGET").map({ String(cString: $0) }) {
        case "contract": ContractTarget()
        case "csv": CSVTarget()
        case "firehose": FirehoseTarget()
        case "gzip": GzipTarget()
        case "gzip-header": GzipHeaderTarget()
        case "iceberg": IcebergTarget()
        case "json": JSONTarget()
        case "json-policy": JSONPolicyTarget()
        case "jsonata": JSONataTarget()
        case "ndjson": NDJSONTarget()
        case "parquet": ParquetTarget()
        case "pattern": PatternTarget()
        case "pgoutput": PgOutputTarget()
        case "request": RequestTarget()
        case "state-machine": StateMachineTarget()
        case "template": TemplateTarget()
        case let name: fatal("CUPEL_FUZZ_TARGET is \(name ?? "not set"); fuzz.py knows the targets")
        }
    }()

    static func main() {
        _ = target
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, takeInput))
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The name that libFuzzer's own `main` looks for; the linker wants it, though ours is the one that runs.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        try Fuzz.target.take(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatal("an error that the target does not expect: \(error)")
    }
    return 0
}

/// Stops the process, which libFuzzer reports together with the input.
func fatal(_ message: String) -> Never {
    let line = "fuzz: \(message)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    abort()
}

/// What must hold for every input.
func require(_ isSo: Bool, _ message: @autoclosure () -> String) {
    if !isSo { fatal(message()) }
}
