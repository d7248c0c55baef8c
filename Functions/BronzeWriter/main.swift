// Raw -> bronze: one file in, one Parquet file out; as a function, as a task, or on local files.
internal import Contracts
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

let help = """
    Converts a raw file to Parquet, as the table's data contract says. Its name ends in .csv, .json,
    .ndjson or .jsonl, alone or with .gz or .zst.

    bronze-writer                              a Lambda function, where AWS_LAMBDA_RUNTIME_API is set
    bronze-writer --control-id ID              one record, then the end; CONTROL_ID in the environment does the same
    bronze-writer convert --contract FILE IN OUT
                  [--table NAME]               which, in a contract of several tables
                  [--quarantine FILE]          rows that break the contract; OUT.quarantine.ndjson.gz otherwise
                  [--threads N]                1 for no parallel work; the output is the same
                  [--compression snappy|gzip|zstd|none]

    Exit status of the task and of convert: 0 done, 1 the file is at fault, 2 usage, 75 retry.
    """

let environment = Environment.process()
let arguments = CommandLine.arguments.dropFirst()

switch (arguments.first, environment["CONTROL_ID"]) {
case ("--help", _), ("-h", _), ("help", _):
    print(help)
case ("convert", _):
    do {
        if arguments.contains("--help") {
            print(help)
        } else {
            print(try ConvertCommand(Array(arguments.dropFirst()), environment).run())
        }
    } catch {
        StandardError.put(Array("bronze-writer: \(error)\n".utf8))
        if case ConversionError.usage = error { exit(2) }
        exit(1)
    }
case ("--control-id", _) where arguments.count == 2:
    exit(TaskCommand(id: arguments.last ?? "", environment: environment).run())
case (nil, let id?):
    exit(TaskCommand(id: id, environment: environment).run())
case (nil, nil) where environment["AWS_LAMBDA_RUNTIME_API"] != nil:
    LambdaRuntime(environment).run { environment in
        BronzeWriter(settings: try Settings(environment))
    }
default:
    StandardError.put(Array((help + "\n").utf8))
    exit(2)
}
