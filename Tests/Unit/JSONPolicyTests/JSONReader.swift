import Columnar
import Contracts
import JSON
import LambdaRuntime
import RawFile

@testable import FirehoseTransform

/// One of the three validators, with a place in its input where it meets JSON.
struct JSONReader: Sendable {
    let name: String
    /// Levels of nesting around the text.
    let levels: Int
    let accepts: @Sendable (_ text: [UInt8]) throws -> Bool

    static let all = [
        JSONReader(name: "JSON", levels: 0) { (try? JSON(parsing: $0)) != nil },
        JSONReader(name: "NDJSON: a text column, by the learned shape", levels: 1) {
            try Self.acceptsLine(#"{"id":2,"name":"# + $0 + "}")
        },
        JSONReader(name: "NDJSON: a text column, read with care", levels: 1) {
            try Self.acceptsLine(#" { "name" : "# + $0 + #" , "id" : 2 } "#)
        },
        JSONReader(name: "NDJSON: an unknown field", levels: 1) {
            try Self.acceptsLine(#"{"id":2,"more":"# + $0 + "}")
        },
        JSONReader(name: "NDJSON: a member of a flattened object", levels: 2) {
            try Self.acceptsLine(#"{"id":2,"person":{"name":"# + $0 + "}}")
        },
        JSONReader(name: "NDJSON: a member of a struct", levels: 2) {
            try Self.acceptsLine(#"{"id":2,"place":{"name":"# + $0 + "}}")
        },
        JSONReader(name: "CSV: a field of JSON text", levels: 0) { text in
            let quoted = text.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
            return try isJSON(lastRowOf: "id,document\n2,\"" + quoted + "\"\n", .csv)
        },
        JSONReader(name: "firehose-transform: a field of the row", levels: 2) {
            try Self.transform(#"{"data":{"name":"# + $0 + "}," + metadata).result == "Ok"
        },
    ]

    /// Where the text itself is the row; for texts that are objects.
    static let ofObjects = [
        JSONReader(name: "NDJSON: the line", levels: 0) { try Self.acceptsLine($0) },
        JSONReader(name: "firehose-transform: the row", levels: 1) {
            try Self.transform(#"{"data":"# + $0 + "," + metadata).result == "Ok"
        },
    ]

    // MARK: Columnar

    static func table() throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
                  {name: id, logicalType: integer, physicalType: bigint}, {name: name, logicalType: string},
                  {name: code, logicalType: string},
                  {name: document, logicalType: string, physicalType: json},
                  {name: place, logicalType: object, properties: [{name: name, logicalType: string}]},
                  {name: person, logicalType: object, properties: [{name: name, logicalType: string}],
                   customProperties: [{property: layout, value: flatten}]}]}]}
                """, file: "fixture")
    }

    /// A newline would end the line, so a carriage return takes its place: white space as well, and as wrong in a string.
    private static func acceptsLine(_ line: [UInt8]) throws -> Bool {
        let line = line.map { $0 == 0x0A ? 0x0D : $0 }
        return try isJSON(lastRowOf: #"{"id":1,"name":"ale"}"# + "\n" + line + "\n", .json)
    }

    private static func isJSON(lastRowOf text: [UInt8], _ format: RawFormat) throws -> Bool {
        let batch = try read(text, format)
        guard let reason = batch.rejected.first?.reason else { return true }
        // An object where the column holds a single value is JSON all the same.
        return reason == .nestedValue
    }

    static func read(_ text: [UInt8], _ format: RawFormat) throws -> RecordBatch {
        let contract = try table()
        let reader = try format.reader(of: MemorySource(text), contract: contract)
        var batch = RecordBatch(contract.bronzeColumns)
        _ = try reader.read(into: &batch)
        return batch
    }

    // MARK: Firehose

    static let metadata = #""metadata":{"record-type":"data","operation":"insert","table-name":"beer"}}"#

    /// What the transform answers for one record, with the line if there is one.
    static func transform(_ envelope: [UInt8]) throws -> (result: String?, line: [UInt8]?) {
        let event: JSON = ["records": [["recordId": "1", "data": .string(envelope.base64)]]]
        let context = InvocationContext(requestID: "1", deadline: .now, log: Log(sink: { _ in }))
        let answer = try JSON(
            parsing: try FirehoseTransform(tables: [TableSource(table: "beer")]).handle(event.bytes, context))
        let record = answer["records"]?[0]
        return (record?["result"]?.string, record?["data"]?.string.flatMap { [UInt8](base64: $0) })
    }
}

func + (text: String, bytes: [UInt8]) -> [UInt8] { Array(text.utf8) + bytes }
func + (bytes: [UInt8], text: String) -> [UInt8] { bytes + Array(text.utf8) }
