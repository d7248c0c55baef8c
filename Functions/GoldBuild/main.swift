// Silver -> gold: the models in SQL become Iceberg tables; as a function, or as a task for a model that reads too much for one.
internal import LambdaRuntime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

let environment = Environment.process()
let arguments = CommandLine.arguments.dropFirst()

switch (arguments.first, environment["MODEL"]) {
case ("--model", _) where arguments.count == 2:
    exit(TaskCommand(model: arguments.last ?? "", environment: environment).run())
case (nil, let model?):
    exit(TaskCommand(model: model, environment: environment).run())
default:
    LambdaRuntime(environment).run { environment in
        GoldBuild(settings: try Settings(environment))
    }
}
