import Contracts
import JSON
import LambdaRuntime

@testable import FirehoseTransform

/// Every record is answered once, in order, with one line of JSON where it is Ok, and never above the limit.
struct FirehoseTarget: FuzzTarget {
    private static let limitInBytes = 2000
    private let function = FirehoseTransform(
        tables: [TableSource(table: "beer"), TableSource(table: "review", schemas: ["dm_core", "archive"])],
        responseLimitInBytes: Self.limitInBytes)

    func take(_ bytes: [UInt8]) throws {
        try takeEvent(bytes)
        let envelopes = bytes.split(separator: 0, maxSplits: 7, omittingEmptySubsequences: false)
        let records = envelopes.enumerated().map { number, envelope -> JSON in
            ["recordId": .string("\(number)"), "data": .string(Array(envelope).base64)]
        }
        try takeEvent(JSON.object(["records": .array(records)]).bytes)
    }

    private func takeEvent(_ event: [UInt8]) throws {
        let context = InvocationContext(requestID: "fuzz", deadline: .now, log: Log(sink: { _ in }))
        let response: [UInt8]
        do {
            response = try function.handle(event, context)
        } catch is UnreadableEvent {
            return
        }
        guard let sent = try JSON(parsing: event)["records"]?.array else { fatal("answered what is no event") }
        guard let got = try JSON(parsing: response)["records"]?.array else { fatal("no records in the answer") }
        require(sent.map { $0["recordId"] } == got.map { $0["recordId"] }, "other ids, or another order")
        for record in got {
            switch record["result"]?.string {
            case "Ok": try checkLine(record)
            case "ProcessingFailed": require(record["data"] == nil, "data where there is none")
            default: fatal("no result")
            }
        }
        let smallest = got.reduce(20) { $0 + 40 + ($1["recordId"]?.bytes.count ?? 0) }
        // Ids may be spelled with escapes, six bytes for one.
        require(response.count <= max(Self.limitInBytes, smallest * 6), "\(response.count) bytes")
    }

    private func checkLine(_ record: JSON) throws {
        guard let data = record["data"]?.string, let line = [UInt8](base64: data) else { fatal("no base64") }
        require(line.last == 0x0A && line.firstIndex(of: 0x0A) == line.count - 1, "not one line")
        guard let row = try JSON(parsing: line).object else { fatal("no object") }
        let table = record["metadata"]?["partitionKeys"]?["table_name"]?.string
        if table == "_control" {
            return require(row["operation"]?.string != nil && row["table_name"] != nil, "nothing about a table")
        }
        require(["insert", "update", "delete", "truncate"].contains(row["operation"]?.string), "no operation")
        require(row["_cdc_timestamp"] != nil && row["_cdc_sequence"] != nil, "no place")
        require(
            row["_cdc_order"].map { $0.string?.utf8.count ?? 46 } == 46 || row["_cdc_order"]?.string?.utf8.count == 86,
            "no order")
        require(table == "beer" || table == "review", "no table")
    }
}
