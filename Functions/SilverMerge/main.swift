// Bronze -> silver: the pending files of one table become the current state of every key, in Iceberg; as a function, or as a task
// for a table of which much waits.
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

let environment = Environment.process()
let arguments = CommandLine.arguments.dropFirst()

switch (arguments.first, environment["TABLE"]) {
case ("--table", _) where arguments.count == 2:
    exit(TaskCommand(table: arguments.last ?? "", reloads: false, environment: environment).run())
case ("--reload", _) where arguments.count == 2:
    exit(TaskCommand(table: arguments.last ?? "", reloads: true, environment: environment).run())
case (nil, let table?):
    exit(TaskCommand(table: table, reloads: environment["RELOAD"] == "true", environment: environment).run())
default:
    LambdaRuntime(environment).run { environment in
        SilverMerge(settings: try Settings(environment))
    }
}
