import Foundation
import TestEmulator
import Testing

/// A table without a key that keeps every record.
@Suite struct SilverAppendTests {
    @Test("cupel run takes records of files and of a stream to a table that has each once, however often they come")
    func append() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let contract = """
            apiVersion: v3.1.0
            kind: DataContract
            id: click
            version: 1.0.0
            status: active
            customProperties:
              - {property: silverMode, value: append}
              - {property: silverPartition, value: page}
            schema:
              - name: click
                properties:
                  - {name: visitor, logicalType: integer}
                  - {name: page, logicalType: string, classification: public}
                  - {name: seen, logicalType: timestamp}
            """
        let contracts = "\(folder.path)/contracts"
        try FileManager.default.createDirectory(atPath: contracts, withIntermediateDirectories: true)
        try (contract + "\n").write(toFile: "\(contracts)/click.odcs.yaml", atomically: true, encoding: .utf8)

        // Of a batch file, two rows are equal.
        let rows = (0..<40).map { row($0 % 39) }
        // Of the stream, records come again in another file, as after a failure of Firehose.
        let stream = (0..<60).map { number in
            "{\"operation\":\"\(["insert", "update", "delete"][number % 3])\",\"_cdc_order\":\"\(order(number))\","
                + row(number).dropFirst()
        }
        var inserted = 0
        for (name, lines) in [("batch", rows), ("a", Array(stream[..<40])), ("b", Array(stream[20...]))] {
            let file = "\(folder.path)/\(name).json"
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await Command.run(
                Programs.cupel,
                [
                    "run", file, "--table", "click", "--json", "--contracts", contracts, "--endpoint",
                    emulator.endpoint,
                ])
            try #require(run.status == 0, "\(run.text)\(run.errors)")
            let document = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
            inserted += try #require(document?.records("silver").first?.int("inserted"))
        }
        #expect(inserted == 100)
        #expect(try await Referee.silver(emulator, "appended", ["click"]).int("rows") == 100)
        let reload = try await Command.run(
            Programs.cupel, ["reload", "--table", "click", "--json", "--endpoint", emulator.endpoint])
        #expect(reload.status == 0, "\(reload.errors)")
        #expect(try await Referee.silver(emulator, "appended", ["click"]).int("rows") == 100)
        let query = try await Command.run(
            Programs.cupel,
            [
                "query", "SELECT count(*) AS n, count(DISTINCT _record_id) AS d FROM silver.click", "--format", "csv",
                "--endpoint", emulator.endpoint,
            ])
        #expect(query.status == 0 && query.text.contains("100,100"), "\(query.text)\(query.errors)")
        #expect(emulator.stop() == 0)
    }

    private func row(_ number: Int) -> String {
        "{\"visitor\":\(number % 7),\"page\":\"p\(number % 3)\",\"seen\":\"2026-03-01T10:00:\(10 + number % 50)Z\"}"
    }

    /// As `firehose-transform` makes it.
    private func order(_ number: Int) -> String {
        let time = String(1_772_359_200_000_000 + number)
        return String(repeating: "0", count: 18 - time.count) + time + "-00000000000000A0-"
            + String(repeating: "0", count: 10 - "\(number)".count) + "\(number)"
    }
}
