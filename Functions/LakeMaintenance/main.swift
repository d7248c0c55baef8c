// Keeps the lake's tables small and fast: joins small files, expires snapshots, removes what nothing names any more.
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

let environment = Environment.process()
let arguments = CommandLine.arguments.dropFirst()

if arguments.isEmpty, environment["TABLE"] == nil {
    LambdaRuntime(environment).run { environment in LakeMaintenance(settings: try MaintenanceSettings(environment)) }
} else {
    exit(TaskCommand(Array(arguments), environment).run())
}
