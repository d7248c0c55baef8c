// PostgreSQL -> Kinesis: the changes of tables, as AWS DMS writes them.
internal import AWSClient
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

let environment = Environment.process()
let arguments = Array(CommandLine.arguments.dropFirst())
let log = Log(environment)

if arguments.contains("--help") || arguments.contains("-h") {
    print(CaptureOptions.help)
    exit(0)
}
let parent = getppid()
do {
    let options = try CaptureOptions(arguments, environment)
    Interruption.listen(alsoToKeyboard: true)
    // A connection that was lost is an error, not the end.
    signal(SIGPIPE, SIG_IGN)
    let client = try AWSClient { $0 == "AWS_ENDPOINT_URL" ? options.endpoint : environment[$0] }
    let capture = ChangeCapture(options, client, log) {
        Interruption.isAsked() || options.endsWithParent && getppid() != parent
    }
    if options.isDropping { try capture.drop() } else { try capture.run() }
    if options.endsWithParent, getppid() != parent {
        log.warning("ended with the process that started it, as --with-parent says")
    }
} catch let error as UsageError {
    StandardError.put(Array("change-capture: \(error)\n".utf8))
    exit(2)
} catch {
    log.error("\(error)")
    exit(1)
}
