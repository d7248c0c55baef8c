// Silver -> gold: the models in SQL become Iceberg tables.
internal import LambdaRuntime

LambdaRuntime(.process()).run { environment in
    GoldBuild(settings: try Settings(environment))
}
