import Contracts
import JSON
import TestMetrics
import Testing

@testable import FirehoseTransform

@Suite struct FirehoseTransformTests {
    @Test("a change becomes one line: its fields, then the change columns") func flattening() throws {
        var batch = Batch()
        batch.add(Array(envelope(data: #"{"beer_id":1,"beer_name":"Ü \"x\""}"#).utf8), sequenceNumber: "4965")
        let answer = try transform(batch)
        #expect(
            answer.line()
                == #"{"beer_id":1,"beer_name":"Ü \"x\"","operation":"insert","#
                + #""_cdc_timestamp":"2025-07-01T00:00:00.000001Z","_cdc_transaction_id":7,"_cdc_sequence":"4965","#
                + #""_cdc_order":"001752000000000000-"# + String(repeating: "0", count: 52) + #"4965-0000000000"}"#
                + "\n")
        #expect(
            answer.records[0].object?.names == ["recordId", "result", "data", "metadata"]
                && answer.results == ["Ok"])
        #expect(answer.records[0]["metadata"] == ["partitionKeys": ["table_name": "beer"]])
    }

    @Test(
        "a value passes byte for byte",
        arguments: [
            "12345678901234567890123456789.10", "-0", "0.1000", "1E+400", "9223372036854775808",
            #""\ud83d\ude00\u0000\/""#,
            "[1, {\"operation\": [null, true,false]}]", "{\"a\" :{}}", #""\#u{1F600}日本""#,
        ])
    func valueBytes(value: String) throws {
        let answer = try transform(.of(envelope(data: #"{"v":\#(value)}"#)))
        #expect(answer.line().hasPrefix(#"{"v":\#(value),"operation""#))
        _ = try JSON(parsing: String(answer.line().dropLast()))
    }

    @Test("a change keeps its operation", arguments: ["insert", "update", "delete"])
    func operations(operation: String) throws {
        let answer = try transform(.of(envelope(operation: #""\#(operation)""#)))
        let row = try JSON(parsing: answer.line())
        #expect(row["operation"]?.string == operation && row["_cdc_load"] == nil)
    }

    @Test("a row of a full load is an insert that says so") func load() throws {
        let row = try JSON(parsing: transform(.of(envelope(operation: #""lo\u0061d""#))).line())
        #expect(row["operation"] == "insert" && row["_cdc_load"] == true && row["beer_id"] == 1)
    }

    @Test("a truncate is a line without a row, whatever its data") func truncate() throws {
        let bare = #"{"metadata":{"record-type":"data","operation":"truncate","table-name":"beer"}}"#
        let answer = try transform(
            .of(bare, envelope(data: "null", operation: #""truncate""#), envelope(operation: #""truncate""#)))
        #expect(answer.results == ["Ok", "Ok", "Ok"])
        for index in 0..<3 {
            let row = try JSON(parsing: answer.line(index))
            #expect(row["operation"] == "truncate" && row["beer_id"] == nil)
        }
    }

    @Test("a table that takes changes of one schema refuses those of another, with its name")
    func foreignSchema() throws {
        let tables = [TableSource(table: "beer", schemas: ["dm_core"]), TableSource(table: "review")]
        let answer = try transform(
            .of(
                envelope(), envelope(schema: #""archive""#), envelope(schema: #""DM_CORE""#), envelope(schema: "null"),
                envelope(schema: #""d\u006d_core""#), envelope(table: #""review""#, schema: #""archive""#)),
            tables: tables)
        #expect(answer.results == ["Ok", "ProcessingFailed", "ProcessingFailed", "ProcessingFailed", "Ok", "Ok"])
        #expect(!answer.line().contains("_schema"))
        let said = answer.log.filter { $0.contains("record failed") }
        #expect(said[0].contains(#"takes changes of the schema \"dm_core\", not of \"archive\""#), "\(said[0])")
        #expect(said[0].contains("list it in the contract's sourceSchema"))
        #expect(said[2].contains("the envelope has no metadata.schema-name"), "\(said[2])")
    }

    @Test("a table that takes changes of several schemas says of which each is")
    func severalSchemas() throws {
        let tables = [TableSource(table: "beer", schemas: ["dm_core", "archive"])]
        let answer = try transform(
            .of(
                envelope(), envelope(schema: #""archive""#), envelope(schema: #""other""#),
                envelope(operation: #""truncate""#, schema: #""archive""#)), tables: tables)
        #expect(answer.results == ["Ok", "Ok", "ProcessingFailed", "Ok"])
        let schemas = try [0, 1, 3].map { try JSON(parsing: answer.line($0))["_schema"]?.string }
        #expect(schemas == ["dm_core", "archive", "archive"])
    }

    @Test("the commit's time, the columns that a change lacks, and a changed row's old key are columns of their own")
    func changeColumns() throws {
        func line(_ members: String) throws -> Answer {
            let metadata = #""record-type":"data","operation":"update","table-name":"beer","timestamp":"made","#
            return try transform(.of(#"{"data":{"beer_id":1},"metadata":{\#(metadata)\#(members)}}"#))
        }
        let full = try line(
            "\"commit-timestamp\":\"2026-01-02T03:04:05Z\",\"unchanged\":[\n\"a\",\"b\"],\"previous-key\":{\"beer_id\":\r\n7.00}"
        )
        #expect(
            full.line()
                == #"{"beer_id":1,"operation":"update","_cdc_timestamp":"2026-01-02T03:04:05Z","#
                + #""_cdc_transaction_id":null,"_cdc_unchanged":["a","b"],"_cdc_previous_key":{"beer_id":7.00},"#
                + #""_cdc_sequence":"seq","_cdc_order":null}"# + "\n")
        let none = try JSON(
            parsing: line(#""commit-timestamp":null,"unchanged":null,"previous-key":null"#).line())
        #expect(none["_cdc_timestamp"] == "made")
        #expect(none["_cdc_unchanged"] == nil && none["_cdc_previous_key"] == nil)
        #expect(none["_cdc_before"] == nil)
        #expect(try line(#""unchanged":{}"#).results == ["ProcessingFailed"])
        #expect(try line(#""previous-key":7"#).results == ["ProcessingFailed"])
    }

    @Test("a before-image stays as it is written, under either of its names", arguments: ["before", "before-image"])
    func beforeImage(name: String) throws {
        let metadata = #""metadata":{"record-type":"data","operation":"update","table-name":"beer"}"#
        func answer(_ value: String) throws -> Answer {
            try transform(.of(#"{"data":{"beer_id":1},"\#(name)":\#(value),\#(metadata)}"#))
        }
        #expect(
            try answer("{\"beer_id\" : 1.00,\n\"operation\":[null]}").line()
                == #"{"beer_id":1,"operation":"update","_cdc_timestamp":null,"_cdc_transaction_id":null,"#
                + #""_cdc_before":{"beer_id" : 1.00,"operation":[null]},"_cdc_sequence":"seq","_cdc_order":null}"#
                + "\n")
        #expect(try answer("{}").line().contains(#""_cdc_before":{},"#))
        #expect(try !answer("null").line().contains("_cdc_before"))
        for bad in ["7", "[]", #""x""#] {
            let failed = try answer(bad)
            #expect(failed.results == ["ProcessingFailed"])
            #expect(failed.log[0].contains("the envelope's before is not an object"))
        }
        let twice = try answer(#"{},"before":{}"#)
        #expect(twice.results == ["ProcessingFailed"] && twice.log[0].contains("has before more than once"))
        let truncate =
            #"{"before":{"beer_id":1},"metadata":{"record-type":"data","operation":"truncate","table-name":"beer"}}"#
        #expect(try !transform(.of(truncate)).line().contains("_cdc_before"))
    }

    @Test("what the source says about tables goes to a folder of its own, of any table, with its definition")
    func definitions() throws {
        func control(_ members: String, _ metadata: String = #","schema-name":"public","table-name":"new""#) -> String {
            #"{\#(members)"metadata":{"record-type":"control","operation":"create-table"\#(metadata),"timestamp":"t"}}"#
        }
        let answer = try transform(
            .of(
                control("\"control\":{\"table-def\":{\n\"columns\":{\"id\":{\"type\":\"INT32\"}}}},"),
                control(#""control":null,"data":{"operation":1},"#, ""), control(#""control":{},"#)))
        #expect(answer.results == ["Ok", "Ok", "Ok"])
        let folders = answer.records.map { $0["metadata"]?["partitionKeys"]?["table_name"]?.string }
        #expect(folders == ["_control", "_control", "_control"])
        #expect(
            answer.line(0)
                == #"{"operation":"create-table","schema_name":"public","table_name":"new","#
                + #""control":{"table-def":{"columns":{"id":{"type":"INT32"}}}},"_cdc_timestamp":"t","#
                + #""_cdc_sequence":"seq"}"# + "\n")
        #expect(
            answer.line(1)
                == #"{"operation":"create-table","schema_name":null,"table_name":null,"control":null,"#
                + #""_cdc_timestamp":"t","_cdc_sequence":"seq"}"# + "\n")
        let logged = try answer.log.map { try JSON(parsing: $0) }
        #expect(logged.map { $0["operation"]?.string } == ["create-table", "create-table", "create-table", nil])
        #expect(logged.first?["table"]?.string?.contains("new") == true && logged.last?["control"] == 3)
    }

    @Test(
        "a control record that cannot be read fails, and the log says why",
        arguments: [
            (
                #"{"control":7,"metadata":{"record-type":"control","operation":"drop-table"}}"#,
                "control is not an object"
            ),
            (#"{"metadata":{"record-type":"control"}}"#, "no metadata.operation"),
            (#"{"metadata":{"record-type":"control","operation":"a","table-name":[]}}"#, "table-name is an object"),
            (#"{"control":{},"control":{},"metadata":{"record-type":"control"}}"#, "has control more than once"),
            (#"{"metadata":{"record-type":"control","schema-name":1,"schema-name":2}}"#, "schema-name more than once"),
        ])
    func unreadableDefinition(text: String, reason: String) throws {
        let answer = try transform(.of(text))
        #expect(answer.results == ["ProcessingFailed"])
        #expect(answer.log.first?.contains(reason) == true, "\(answer.log)")
    }

    @Test("many control records are all kept, and not all logged") func definitionLimit() throws {
        var batch = Batch()
        let record = #"{"metadata":{"record-type":"control","operation":"drop-table"}}"#
        for _ in 0..<300 { batch.add(Array(record.utf8)) }
        let answer = try transform(batch)
        #expect(answer.results.count == 300 && Set(answer.results) == ["Ok"])
        #expect(answer.log.count == FirehoseTransform.loggedDefinitionsPerBatch + 1)
    }

    @Test("a batch logs counts of its changes, control records and failed records") func metrics() throws {
        let batch = Batch.of(envelope(data: "{}"), envelope(data: "{}"), envelope(recordType: #""control""#), "broken")
        let answer = try transform(batch.event.bytes, pipeline: "cupel-test")
        let metrics = try MetricLine.all(in: answer.log)
        #expect(metrics.map(\.values) == [["RecordsOk": 2, "RecordsControl": 1, "RecordsFailed": 1]])
        #expect(metrics[0].dimensionSets == [["Pipeline"]] && metrics[0].root["Pipeline"] == "cupel-test")
    }

    @Test("metadata that the envelope or the stream lacks is null") func absentMetadata() throws {
        var batch = Batch()
        let bare = #"{"data":{},"metadata":{"record-type":"data","operation":"load","table-name":"beer"}}"#
        batch.add(Array(bare.utf8), sequenceNumber: nil)
        let answer = try transform(batch)
        #expect(
            answer.line()
                == #"{"operation":"insert","_cdc_timestamp":null,"_cdc_transaction_id":null,"_cdc_load":true,"#
                + #""_cdc_sequence":null,"_cdc_order":null}"# + "\n"
        )
    }

    @Test("an envelope over several lines becomes one line") func severalLines() throws {
        let spread = "\r\n" + envelope(data: "{\n  \"a\" : \"b\\n\",\r\n\t\"c\":[\n]\n}") + "\n "
        let answer = try transform(.of(spread))
        #expect(answer.line().utf8.filter { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.count == 1)
        #expect(answer.line().hasPrefix("{  \"a\" : \"b\\n\",\t\"c\":[],\"operation\""))
    }

    @Test("members are read in any order and spelling") func memberOrder() throws {
        let odd =
            #"{"x":[1],"metad\u0061ta":{"t\u0061ble-name":"be\u0065r","operation":"update","#
            + #""record-type":"d\u0061ta"},"x":2,"data":{"b":2}}"#
        let answer = try transform(.of(odd))
        #expect(answer.line().hasPrefix(#"{"b":2,"operation":"update","#))
        #expect(answer.records[0]["metadata"]?["partitionKeys"]?["table_name"] == "beer")
    }

    @Test(
        "an invalid record is answered ProcessingFailed, and the log says why",
        arguments: [
            ("", "not a JSON object"), ("{", "end of the text"), ("[]", "expected an object"),
            ("{} x", "expected the end of the text at byte 3"), (#"{"a":01}"#, "expected ',' or '}' at byte 6"),
            (#"{"a":1,}"#, "expected a name in quotes"),
            ("{\"a\":\"\u{1}\"}", "an unescaped control character at byte 6"),
            (#"{"a":tru}"#, "unknown word"), (#"{"a":"\x"}"#, "unknown escape"), (#"{"a" 1}"#, "expected ':'"),
            (#"{"a":"\u12g4"}"#, "unknown escape at byte 6"),
            (#"{"a":"\ud83d\u0041"}"#, "half of a surrogate pair at byte 6"),
            (#"{"a":"\ude00"}"#, "half of a surrogate pair at byte 6"), (#"{"a":"\u"#, "unknown escape"),
            (#"{"a":[1 2]}"#, "',' or ']'"), (#"{"a":1.}"#, "digit"), (#"{"a":-}"#, "digit"), (#"{"a":1e}"#, "digit"),
            ("{\"a\"\u{0}:1}", "control character"), ("{}", "no metadata.record-type"),
            (#"{"data":{"a":1},"data":null,"# + #""metadata":{}}"#, "has data more than once"),
            (
                #"{"metadata":{"operation":"insert","oper\u0061tion":"delete"}}"#,
                "has metadata.operation more than once"
            ),
            (#"{"metadata":{},"metadata":1,"data":{}}"#, "has metadata more than once"),
            (#"{"data":{"a":1}}"#, "no metadata.record-type"), (#"{"data":{"a":1},"metadata":[]}"#, "record-type"),
            (envelope(data: "null"), "no data"), (envelope(data: "[1]"), "no data"),
            (envelope(recordType: #""row""#), "record-type \"row\""), (envelope(recordType: "1"), "record-type"),
            (envelope(operation: #""drop-table""#), "operation \"drop-table\""),
            (envelope(operation: "null"), "operation"),
            (envelope(table: #""wine""#), "table \"wine\""), (envelope(table: #""../beer""#), "table \"../beer\""),
            (envelope(table: #""BEER""#), "table \"BEER\""), (envelope(table: "null"), "table-name"),
            (envelope(timestamp: "{}"), "metadata.timestamp is an object"),
            (envelope(transaction: "[1]"), "transaction-id"),
            (envelope(data: #"{"operation":1}"#), "field \"operation\""),
            (envelope(data: #"{"_cdc_\u0073equence":1}"#), "field \"_cdc_sequence\""),
            (
                envelope(data: String(repeating: #"{"a":"#, count: 500) + "1" + String(repeating: "}", count: 500)),
                "nested"
            ),
        ])
    func invalidRecords(text: String, reason: String) throws {
        let answer = try transform(.of(text, envelope()))
        #expect(answer.results == ["ProcessingFailed", "Ok"])
        #expect(answer.records[0].object?.names == ["recordId", "result"])
        let line = try JSON(parsing: try #require(answer.log.first))
        #expect(line["recordId"] == "r0")
        #expect(line["message"]?.string?.contains(reason) == true, "\(line)")
    }

    @Test("invalid UTF-8 and invalid base64 fail only their own record") func invalidBytes() throws {
        var batch = Batch.of(envelope())
        for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] {
            batch.add(Array(#"{"data":{"a":""#.utf8) + bad + Array(#""}}"#.utf8))
        }
        for bad in ["a", "ab=c", "====", "e30", "e3 0", "e30=\n", "é30="] {
            batch.records.append(["recordId": .string(bad), "data": .string(bad)])
        }
        let answer = try transform(batch)
        #expect(answer.results == ["Ok"] + Array(repeating: "ProcessingFailed", count: 12))
        #expect(answer.log.filter { $0.contains("is not base64") }.count == 7)
    }

    @Test("record ids and their order stay, whatever they contain") func recordIDs() throws {
        var batch = Batch()
        let ids = (0..<200).map { $0 % 3 == 0 ? "a\"\\/\n\($0)" : "\($0)" }
        for (position, id) in ids.enumerated() {
            batch.add(Array(position % 5 == 0 ? "no".utf8 : envelope().utf8), id: id)
        }
        #expect(try transform(batch).ids == ids)
    }

    @Test("base64 with JSON escapes is decoded") func escapedBase64() throws {
        let event =
            #"{"records":[{"recordId":"1","data":"\#(Array(envelope(data: #"{"a":"???>>>"}"#).utf8).base64)"}]}"#
        let escaped = Array(event.utf8).flatMap { $0 == UInt8(ascii: "/") ? Array("\\/".utf8) : [$0] }
        #expect(escaped.count > event.utf8.count)
        #expect(try transform(escaped).results == ["Ok"])
    }

    @Test(
        "an event that is not Firehose's fails as a whole",
        arguments: ["", "{}", "[]", #"{"records":{}}"#, #"{"records":[{"recordId":"1"}]}"#, #"{"records":[]"#])
    func foreignEvent(event: String) {
        #expect(throws: UnreadableEvent.self) { try transform(Array(event.utf8)) }
    }

    @Test("an empty batch has an empty answer") func emptyBatch() throws {
        #expect(try transform(Batch()).records.isEmpty)
    }

    @Test("a record that would exceed the response limit fails, and shorter records after it still fit")
    func responseLimit() throws {
        var batch = Batch()
        for number in 0..<30 {
            batch.add(
                Array(envelope(data: #"{"a":"\#(String(repeating: "x", count: number % 3 == 1 ? 3000 : 30))"}"#).utf8))
        }
        let whole = try transform(batch)
        #expect(Set(whole.results) == ["Ok"])
        for limit in [whole.sizeInBytes - 1, whole.sizeInBytes / 2, 12_000] {
            let answer = try transform(batch, limitInBytes: limit)
            #expect(answer.sizeInBytes <= limit)
            #expect(answer.ids == whole.ids)
            #expect(Set(answer.results) == ["Ok", "ProcessingFailed"])
            #expect(answer.log[0].contains("would exceed Lambda's \(limit) bytes"))
        }
        #expect(try transform(batch, limitInBytes: whole.sizeInBytes).results == whole.results)
        let short = try transform(batch, limitInBytes: 12_000).results
        let firstFailure = try #require(short.firstIndex(of: "ProcessingFailed"))
        #expect(short[firstFailure...].contains("Ok"))
    }

    @Test("many broken records are counted, not logged one by one") func loggingLimit() throws {
        var batch = Batch()
        for _ in 0..<500 { batch.add([0]) }
        let answer = try transform(batch)
        #expect(answer.log.count == FirehoseTransform.loggedFaultsPerBatch + 1)
        #expect(try JSON(parsing: try #require(answer.log.last))["failed"] == 500)
    }
}
