import Contracts
import JSON
import LambdaRuntime
import Synchronization

@testable import FirehoseTransform

/// A batch of records as Firehose sends them.
struct Batch {
    var records: [JSON] = []

    mutating func add(_ envelope: [UInt8], id: String? = nil, sequenceNumber: String? = "seq") {
        var record: JSONObject = [
            "recordId": .string(id ?? "r\(records.count)"), "approximateArrivalTimestamp": 1_752_000_000_000,
            "data": .string(envelope.base64),
        ]
        if let sequenceNumber {
            record["kinesisRecordMetadata"] = [
                "shardId": "s-0", "subsequenceNumber": 0, "sequenceNumber": .string(sequenceNumber),
                "approximateArrivalTimestamp": 1_752_000_000_000,
            ]
        }
        records.append(.object(record))
    }

    static func of(_ envelopes: String...) -> Batch {
        var batch = Batch()
        for envelope in envelopes { batch.add(Array(envelope.utf8)) }
        return batch
    }

    var event: JSON { ["invocationId": "i", "region": "us-east-1", "records": .array(records)] }
}

/// The function's answer, parsed with another JSON reader than the function's own.
struct Answer {
    let records: [JSON]
    let sizeInBytes: Int
    let log: [String]

    var ids: [String] { records.compactMap { $0["recordId"]?.string } }
    var results: [String] { records.compactMap { $0["result"]?.string } }
    func line(_ index: Int = 0) -> String {
        String(decoding: [UInt8](base64: records[index]["data"]?.string ?? "") ?? [], as: UTF8.self)
    }
}

func transform(
    _ batch: Batch, limitInBytes: Int = TransformResponse.limitInBytes, tables: [TableSource] = knownTables
) throws -> Answer {
    try transform(batch.event.bytes, limitInBytes: limitInBytes, tables: tables)
}

let knownTables = [TableSource(table: "beer"), TableSource(table: "review")]

func transform(
    _ event: [UInt8], limitInBytes: Int = TransformResponse.limitInBytes, pipeline: String? = nil,
    tables: [TableSource] = knownTables
) throws -> Answer {
    let lines = LogLines()
    let context = InvocationContext(requestID: "q", deadline: .now, log: Log(sink: lines.append))
    let function = FirehoseTransform(
        tables: tables, pipeline: pipeline, responseLimitInBytes: limitInBytes)
    let response = try function.handle(event, context)
    let records = try JSON(parsing: response)["records"]?.array ?? []
    return Answer(records: records, sizeInBytes: response.count, log: lines.all)
}

final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    @Sendable func append(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
}

/// The envelope of a change of `beer`. A test may replace each part.
func envelope(
    data: String = #"{"beer_id":1}"#, operation: String = #""insert""#, table: String = #""beer""#,
    recordType: String = #""data""#, schema: String = #""dm_core""#,
    timestamp: String = #""2025-07-01T00:00:00.000001Z""#, transaction: String = "7"
) -> String {
    #"{"data":\#(data),"metadata":{"timestamp":\#(timestamp),"record-type":\#(recordType),"operation":\#(operation),"#
        + #""partition-key-type":"schema-table","schema-name":\#(schema),"table-name":\#(table),"#
        + #""transaction-id":\#(transaction)}}"#
}
