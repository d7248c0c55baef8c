// Flattens AWS DMS change records from Kinesis, in Firehose batches, to NDJSON by table.
internal import CKernels
internal import Contracts
internal import LambdaRuntime

// Each batch allocates and frees 16 MB. Keeping them in the process halves its CPU.
ck_keep_freed_memory()

LambdaRuntime(.process()).run { environment in
    let contracts = try ContractCatalog(directory: environment.folder("CONTRACTS_DIR", default: "contracts"))
    for warning in contracts.warnings { Log(environment).warning("\(warning)") }
    return FirehoseTransform(tables: contracts.tables, pipeline: environment["PIPELINE"])
}
