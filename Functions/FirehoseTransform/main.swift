// AWS DMS change records from Kinesis, in batches of Firehose, to flat NDJSON by table.
internal import CKernels
internal import Contracts
internal import LambdaRuntime

// Each batch takes some 16 MB and gives it back: with it in hand, a batch costs half the CPU.
ck_keep_freed_memory()

LambdaRuntime(.process()).run { environment in
    let contracts = try ContractCatalog(directory: environment.folder("CONTRACTS_DIR", default: "contracts"))
    return FirehoseTransform(tables: contracts.tables, pipeline: environment["PIPELINE"])
}
