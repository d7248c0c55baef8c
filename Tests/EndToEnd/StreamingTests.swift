import Foundation
import TestEmulator
import Testing

/// Changes go from a Kinesis stream through Firehose and its function to bronze, as `infra/stream.yaml` wires them.
@Suite struct StreamingTests {
    @Test("the template's stream and delivery stream are emulated")
    func template() async throws {
        let emulator = try await RunningEmulator()
        let parts = emulator.output.split(separator: "Not emulated:")
        #expect(
            parts[0].contains("AWS::Kinesis::Stream ") && parts[0].contains("AWS::KinesisFirehose::DeliveryStream "))
        #expect(parts.dropFirst().allSatisfy { !$0.contains("Kinesis") })
        #expect(emulator.stop() == 0)
    }

    @Test("changes become bronze rows by table; what is no change is kept under the error prefix")
    func changes() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1", "--enforce-iam"])
        var envelopes: [String] = []
        for id in 1...700 {
            envelopes.append(
                Self.envelope("beer", ["beer_id": id, "brewery_id": 7, "beer_name": "Beer \(id)", "abv": 4.5]))
            if id.isMultiple(of: 7) { envelopes.append(Self.envelope("brewery", ["brewery_id": id, "state": "BY"])) }
        }
        envelopes.insert("no JSON", at: 3)
        let sequences = try #require(try await Self.referee(emulator, "put", envelopes)["sequences"] as? [String])
        let errors = try await Self.referee(emulator, "errors", "1").records("errors")
        #expect(errors.map { $0.text("text") } == ["no JSON"])
        let found = try await Self.referee(emulator, "rows", "800")
        let tables = try #require(found["tables"] as? [String: [[String: Any]]])
        let beers = try #require(tables["beer"])
        #expect(beers.compactMap { $0.int("beer_id") }.sorted() == Array(1...700))
        #expect(beers.allSatisfy { $0.text("beer_name") == "Beer \($0.int("beer_id") ?? 0)" })
        let breweries = try #require(tables["brewery"])
        #expect(breweries.compactMap { $0.int("brewery_id") }.sorted() == Array(stride(from: 7, through: 700, by: 7)))
        let arrived = Set((beers + breweries).compactMap { $0.text("_cdc_sequence") })
        #expect(arrived == Set(sequences).subtracting([sequences[3]]))
        #expect(emulator.stop() == 0)
    }

    @Test("every kind of change arrives with its values, its nulls and its change columns")
    func everyKind() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        let whole: [String: Any] = ["beer_id": 1, "brewery_id": 7, "beer_name": "Kölsch", "beer_style": "Kölsch"]
        // One key, so one shard: the changes keep their order.
        func change(
            _ row: [String: Any]?, _ operation: String, _ more: [String: Any] = [:], before: [String: Any]? = nil
        ) -> String { Self.envelope("beer", row, operation, more, before: before) }
        try await Self.referee(
            emulator, "put",
            [
                change(nil, "create-table", ["record-type": "control"]),
                change(whole, "load", ["transaction-id": NSNull()]),
                // DMS omits columns that are null.
                change(["beer_id": 1, "brewery_id": 7], "insert", ["commit-timestamp": "2026-01-02T03:04:05.000001Z"]),
                change(whole, "update", before: ["beer_id": 1, "brewery_id": 6]),
                change(["beer_id": 1, "beer_style": "Alt"], "update", ["unchanged": ["brewery_id", "beer_name"]]),
                change(
                    ["beer_id": 1, "brewery_id": 8], "update", ["previous-key": ["beer_id": 12_345_678_901_234_567]]
                )
                // DMS writes long integers so.
                .replacingOccurrences(of: #""brewery_id":8"#, with: #""brewery_id":1.2345678901234568E+16"#),
                change(["beer_id": 1], "delete"),
                change(nil, "truncate"),
                // An insert carries all that is required.
                change(["beer_id": 1], "insert"),
            ])
        let found = try await Self.referee(emulator, "rows", "8")
        let definitions = try await Self.referee(emulator, "control", "1")
        #expect(definitions.records("lines").map { $0.text("operation") } == ["create-table"])
        #expect(definitions.records("recorded").isEmpty)
        let quarantined = found.records("quarantined")
        #expect(quarantined.map { $0.text("reason") } == ["missing_value"])
        #expect(quarantined.map { $0.text("column") } == ["brewery_id"])
        let rows = try #require((found["tables"] as? [String: [[String: Any]]])?["beer"])
        // The truncate has no key, and maybe another shard.
        let truncates = rows.filter { $0.text("operation") == "truncate" }
        #expect(truncates.count == 1 && truncates.allSatisfy { $0.int("beer_id") == nil })
        let changes = rows.filter { $0.text("operation") != "truncate" }
        #expect(changes.map { $0.text("operation") } == ["insert", "insert", "update", "update", "update", "delete"])
        #expect(changes.allSatisfy { $0.int("beer_id") == 1 })
        #expect(changes.map { $0.int("brewery_id") } == [7, 7, 7, nil, 12_345_678_901_234_568, nil])
        #expect(changes.map { $0.text("beer_name") } == ["Kölsch", nil, "Kölsch", nil, nil, nil])
        #expect(changes.map { $0.text("beer_style") } == ["Kölsch", nil, "Kölsch", "Alt", nil, nil])
        #expect(changes.map { $0["_cdc_load"] as? Bool } == [true, nil, nil, nil, nil, nil])
        #expect(changes.map { $0.text("_cdc_unchanged") }[3] == #"["brewery_id","beer_name"]"#)
        #expect(changes.count { $0.text("_cdc_unchanged") != nil } == 1)
        #expect(changes.map { $0.text("_cdc_previous_key") }[4] == #"{"beer_id":12345678901234567}"#)
        #expect(changes.count { $0.text("_cdc_previous_key") != nil } == 1)
        #expect(changes.map { $0.text("_cdc_before") }[2] == #"{"beer_id":1,"brewery_id":6}"#)
        #expect(changes.count { $0.text("_cdc_before") != nil } == 1)
        let (committed, made) = ("2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.678901Z")
        #expect(changes.map { $0.text("_cdc_timestamp") } == [made, committed, made, made, made, made])
        #expect(changes.map { $0.text("_cdc_transaction_id") } == [nil, "7", "7", "7", "7", "7"])
        #expect(emulator.stop() == 0)
    }

    @Test("changes of a table arrive once its contract is published, without a restart") func newTable() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        let folder = try TemporaryDirectory()
        let contract = "\(folder.path)/orders.odcs.yaml"
        try """
        {apiVersion: v3.1.0, kind: DataContract, id: order, version: 1.0.0, status: active, schema: [{name: orders,
         properties: [{name: order_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}]}]}
        """.write(toFile: contract, atomically: true, encoding: .utf8)
        // The first one is from before: Firehose keeps it.
        try await Self.referee(emulator, "put", [Self.envelope("orders", ["order_id": 1])])
        _ = try await Self.referee(emulator, "errors", "1")
        let publish = try await Command.run(
            Programs.cupel, ["contract", "publish", contract, "--endpoint", emulator.endpoint])
        #expect(publish.status == 0, "\(publish.errors)")
        try await Self.referee(emulator, "put", [Self.envelope("orders", ["order_id": 2])])
        let found = try await Self.referee(emulator, "rows", "1")
        let rows = try #require((found["tables"] as? [String: [[String: Any]]])?["orders"])
        #expect(rows.map { $0.int("order_id") } == [2])
        // What was kept can now be processed.
        let list = try await Command.run(Programs.cupel, ["errors", "list", "--endpoint", emulator.endpoint])
        #expect(list.status == 0 && list.text.contains("errors/processing-failed/"), "\(list.text)\(list.errors)")
        let redrive = try await Command.run(
            Programs.cupel, ["errors", "redrive", "--json", "--endpoint", emulator.endpoint])
        #expect(redrive.text == #"{"objects":1,"records":1,"dry_run":false}"# + "\n", "\(redrive.errors)")
        let all = try await Self.referee(emulator, "rows", "2")
        let again = (all["tables"] as? [String: [[String: Any]]])?["orders"]
        #expect(Set(again?.compactMap { $0.int("order_id") } ?? []) == [1, 2])
        let after = try await Command.run(
            Programs.cupel, ["errors", "list", "--json", "--endpoint", emulator.endpoint])
        #expect(after.text == #"{"records":[]}"# + "\n", "\(after.errors)")
        let none = try await Command.run(
            Programs.cupel, ["errors", "list", "--delivery-stream", "none", "--endpoint", emulator.endpoint])
        #expect(none.status == 3 && none.errors.contains("--delivery-stream"), "\(none.errors)")
        #expect(emulator.stop() == 0)
    }

    @Test("tables of one name in several schemas are told apart, or refused, as their contract says")
    func schemas() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        let folder = try TemporaryDirectory()
        for (table, schemas) in [("orders", "[public, archive]"), ("pets", "public")] {
            try """
            {apiVersion: v3.1.0, kind: DataContract, id: \(table), version: 1.0.0, status: active,
             customProperties: [{property: sourceSchema, value: \(schemas)}], schema: [{name: \(table),
             properties: [{name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}]}]}
            """.write(toFile: "\(folder.path)/\(table).odcs.yaml", atomically: true, encoding: .utf8)
        }
        let publish = try await Command.run(
            Programs.cupel, ["contract", "publish", folder.path, "--endpoint", emulator.endpoint])
        #expect(publish.status == 0, "\(publish.errors)")
        let archived = ["schema-name": "archive"]
        try await Self.referee(
            emulator, "put",
            [
                Self.envelope("orders", ["id": 1]), Self.envelope("orders", ["id": 1], "insert", archived),
                Self.envelope("orders", ["id": 2], "delete", ["schema-name": "other"]),
                Self.envelope("pets", ["id": 3]), Self.envelope("pets", ["id": 3], "insert", archived),
            ])
        let found = try await Self.referee(emulator, "rows", "3")
        let tables = try #require(found["tables"] as? [String: [[String: Any]]])
        #expect(Set((tables["orders"] ?? []).map { $0.text("_schema") }) == ["public", "archive"])
        #expect((tables["orders"] ?? []).allSatisfy { $0.int("id") == 1 })
        #expect(tables["pets"]?.map { $0.int("id") } == [3])
        #expect(tables["pets"]?.allSatisfy { $0.keys.contains("_schema") == false } == true)
        let errors = try await Self.referee(emulator, "errors", "2").records("errors")
        #expect(errors.count { $0.text("text")?.contains("other") == true } == 1)
        #expect(errors.count { $0.text("text")?.contains("archive") == true } == 1)
        #expect(emulator.stop() == 0)
    }

    @Test("changes that arrive in another order than they were made are in theirs by _cdc_order")
    func order() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        /// In the order in which they were made, but for the full load, which is below every change.
        let made: [(operation: String, metadata: [String: Any])] = [
            ("load", [:]),
            ("load", ["commit-timestamp": "2026-01-02T03:04:05Z"]),
            ("insert", Self.place("2026-01-02T03:04:05.999999Z", "0000000F/FFFFFFFF.3.0000000F/FFFFFFFF", 1)),
            // An hour later in another zone.
            ("update", Self.place("2026-01-02T05:04:06+01:00", "00000009/00000000.2.00000009/00000000", 2)),
            ("update", Self.place("2026-01-02T04:04:06Z", "00000009/00000000.2.00000009/00000000", 10)),
            // As text, 10/0 is before 9/0.
            ("update", Self.place("2026-01-02T04:04:06.0000Z", "10/0", 1)),
            ("delete", Self.place("2026-01-02T04:04:06.000001Z", "10/1", 1)),
            // The commit's time alone: then its place in the stream counts.
            ("insert", ["commit-timestamp": "2026-01-02T04:04:07Z"]),
            // Neither: it is from when it arrived, which is now.
            ("update", [:]),
        ]
        let arriving = [8, 6, 0, 7, 3, 2, 5, 1, 4]
        try await Self.referee(
            emulator, "put",
            arriving.map { index in
                let row: [String: Any] = ["beer_id": 1, "brewery_id": index, "beer_name": "change \(index)"]
                return Self.envelope("beer", row, made[index].operation, made[index].metadata)
            })
        let found = try await Self.referee(emulator, "rows", "\(made.count)")
        let rows = try #require((found["tables"] as? [String: [[String: Any]]])?["beer"])
        #expect(rows.map { $0.int("brewery_id") } == arriving, "by _cdc_sequence")
        let ordered = try rows.map { (try #require($0.text("_cdc_order")), $0.int("brewery_id")) }
            .sorted { $0.0 < $1.0 }
        #expect(ordered.map(\.1) == Array(made.indices))
        #expect(emulator.stop() == 0)
    }

    @Test("a before-image and an old key show of masked columns what bronze shows of them")
    func maskedImages() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        let row: [String: Any] = ["profile_id": 2, "profile_name": "ann", "email": "ann@example.org", "state": "BY"]
        let before: [String: Any] = ["profile_id": 1, "profile_name": "ann", "email": "bob@example.org", "pet": "bob"]
        try await Self.referee(
            emulator, "put",
            [
                Self.envelope(
                    "profile", row, "update", ["previous-key": ["profile_id": 1, "email": "x"]], before: before)
            ])
        let found = try await Self.referee(emulator, "rows", "1")
        let change = try #require((found["tables"] as? [String: [[String: Any]]])?["profile"]?.first)
        #expect(change.text("email") == "a*************g")
        #expect(
            change.text("_cdc_before")
                == #"{"email":"b*************g","pet":"[redacted]","profile_id":1,"profile_name":"ann"}"#)
        #expect(change.text("_cdc_previous_key") == #"{"email":"*","profile_id":1}"#)
        #expect(emulator.stop() == 0)
    }

    @Test("what DMS says about tables is kept, of tables without a contract too, and is no row")
    func definitions() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        let control = ["record-type": "control", "partition-key-type": "task-id"]
        let definition =
            #"{"table-def":{"columns":{"pet_id":{"nullable":false,"type":"INT32"}},"primary-key":["pet_id"]}}"#
        try await Self.referee(
            emulator, "put",
            [
                Self.envelope("pet", nil, "create-table", control)
                    .replacingOccurrences(of: #"{"metadata""#, with: #"{"control":\#(definition),"metadata""#),
                Self.envelope(
                    "awsdms_apply_exceptions", nil, "create-table", control.merging(["schema-name": ""]) { $1 }),
                Self.envelope("beer", nil, "add-column", control),
                Self.envelope("pet", nil, "drop-table", control),
            ])
        let kept = try await Self.referee(emulator, "control", "4").records("lines")
        #expect(kept.count == 4 && Set(kept.compactMap { $0.text("table_name") }).count == 3)
        let created = try #require(
            kept.first { $0.text("operation") == "create-table" && $0.text("table_name") == "pet" })
        let text = try JSONSerialization.data(withJSONObject: try #require(created["control"]), options: [.sortedKeys])
        #expect(String(decoding: text, as: UTF8.self) == definition)
        #expect(created.text("schema_name") == "public" && created.text("_cdc_sequence") != nil)
        // The next file is announced after theirs.
        try await Self.referee(emulator, "put", [Self.envelope("beer", ["beer_id": 1, "brewery_id": 7])])
        let tables = try await Self.referee(emulator, "rows", "1")["tables"] as? [String: [[String: Any]]]
        #expect(tables?.mapValues(\.count) == ["beer": 1])
        #expect(try await Self.referee(emulator, "control", "4").records("recorded").isEmpty)
        #expect(emulator.stop() == 0)
    }

    @Test("status shows where a source differs from its contract, and drift proposes the change that takes it up")
    func drift() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        func cupel(_ arguments: [String]) async throws -> Command {
            try await Command.run(Programs.cupel, arguments + ["--endpoint", emulator.endpoint])
        }
        #expect(try await cupel(["contract", "drift"]).text == "no difference\n")
        let columns = [
            "beer_id": "INT8", "brewery_id": "WSTRING", "beer_name": "WSTRING", "beer_style": "WSTRING",
            "colour": "WSTRING",
        ].mapValues { ["type": $0] }
        let definition: [String: Any] = ["table-def": ["columns": columns, "primary-key": ["beer_id"]]]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: definition), as: UTF8.self)
        let row: [String: Any] = ["beer_id": 1, "brewery_id": 7, "foam": ["height": 2]]
        try await Self.referee(
            emulator, "put",
            [
                Self.envelope("beer", nil, "add-column", ["record-type": "control"])
                    .replacingOccurrences(of: #"{"metadata""#, with: #"{"control":\#(text),"metadata""#),
                Self.envelope("beer", row),
            ])
        _ = try await Self.referee(emulator, "rows", "1")
        _ = try await Self.referee(emulator, "control", "1")
        let status = try await cupel(["status"])
        #expect(status.status == 0 && status.text.contains("beer   colour"), "\(status.text)\(status.errors)")
        #expect(status.text.contains("new in the source as WSTRING (add-column at 2026-01-02T03:04:05.678901Z)"))
        let drift = try await cupel(["contract", "drift", "--table", "beer"])
        #expect(drift.status == 1, "\(drift.errors)")
        for line in [
            "  colour: new in the source as WSTRING", "    - {name: colour, logicalType: string}",
            "  brewery_id: WSTRING in the source", "  beer_abv: no longer in the source",
            "  foam: unknown to the contract, object in 1 of the rows",
            "    - {name: foam, logicalType: object, physicalType: json}",
        ] { #expect(drift.text.contains("\n\(line)"), "\(line) is not in \(drift.text)") }
        #expect(try await cupel(["contract", "drift", "--table", "review"]).text == "no difference\n")
        #expect(emulator.stop() == 0)
    }

    private static func place(_ committed: String, _ position: String, _ index: Int) -> [String: Any] {
        ["commit-timestamp": committed, "stream-position": position, "transaction-record-id": index]
    }

    @Test("no record is lost or doubled when the emulator is killed on its way, six times")
    func kills() async throws {
        // A dead worker's lease must expire before the test ends.
        let emulator = try await RunningEmulator(
            parameters: ["LeaseSeconds": "5"], options: ["--firehose-interval", "1"])
        for round in 0..<6 {
            let envelopes = (1...200).map { Self.envelope("beer", ["beer_id": round * 200 + $0, "brewery_id": 7]) }
            try await Self.referee(emulator, "put", envelopes)
            try await Task.sleep(for: .milliseconds(round * 400))
            emulator.killAtOnce()
            try await emulator.restart()
        }
        let found = try await Self.referee(emulator, "rows", "1200")
        let beers = try #require((found["tables"] as? [String: [[String: Any]]])?["beer"])
        #expect(beers.compactMap { $0.int("beer_id") }.sorted() == Array(1...1200))
        #expect(emulator.stop() == 0)
    }

    /// A change as AWS DMS writes it.
    static func envelope(
        _ table: String, _ row: [String: Any]?, _ operation: String = "insert", _ more: [String: Any] = [:],
        before: [String: Any]? = nil
    ) -> String {
        let metadata: [String: Any] = [
            "timestamp": "2026-01-02T03:04:05.678901Z", "record-type": "data", "operation": operation,
            "partition-key-type": "primary-key", "schema-name": "public", "table-name": table, "transaction-id": 7,
        ]
        var document: [String: Any] = ["metadata": metadata.merging(more) { $1 }]
        if let row { document["data"] = row }
        if let before { document["before"] = before }
        let text = try? JSONSerialization.data(withJSONObject: document, options: [.sortedKeys])
        return String(decoding: text ?? Data(), as: UTF8.self)
    }

    @discardableResult
    static func referee(
        _ emulator: RunningEmulator, _ command: String, _ envelopes: [String]
    ) async throws -> [String: Any] {
        let folder = try TemporaryDirectory()
        let file = folder.path + "/envelopes"
        try Data(envelopes.joined(separator: "\n").utf8).write(to: URL(filePath: file))
        return try await referee(emulator, command, file)
    }

    static func referee(
        _ emulator: RunningEmulator, _ command: String, _ argument: String
    ) async throws -> [String: Any] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/streaming.py"
        let run = try await Command.run(Programs.python, [script, emulator.endpoint, command, argument], seconds: 1800)
        guard run.status == 0, let answer = try? JSONSerialization.jsonObject(with: run.output) as? [String: Any] else {
            throw Command.Failure(
                description: "streaming.py \(command) \(argument) ended with \(run.status): \(run.text.suffix(2000))"
                    + run.errors.suffix(4000))
        }
        return answer
    }
}
