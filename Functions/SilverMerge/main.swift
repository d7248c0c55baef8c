// Bronze -> silver: the pending files of one table become the current state of every key, in Iceberg.
internal import LambdaRuntime

LambdaRuntime(.process()).run { environment in
    SilverMerge(settings: try Settings(environment))
}
