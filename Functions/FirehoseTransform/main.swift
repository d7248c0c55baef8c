// Flattens AWS DMS change records from Kinesis, in Firehose batches, to NDJSON by table.
internal import AWSClient
internal import CKernels
internal import Contracts
internal import LambdaRuntime
internal import PublishedContracts

// Each batch allocates and frees 16 MB. Keeping them in the process halves its CPU.
ck_keep_freed_memory()

LambdaRuntime(.process()).run { environment in
    let contracts = try ContractSource(environment)
    let pipeline = environment["PIPELINE"]
    guard contracts.arePublished else {
        return FirehoseTransform(tables: contracts.packaged.all.map(TableSource.init), pipeline: pipeline)
    }
    let objects = ObjectStore(try AWSClient { environment[$0] })
    return FirehoseTransform(pipeline: pipeline) { context in
        try contracts.inForce(objects.limited(to: context.deadline), context.log).sources
    }
}
