import Foundation
import TestEmulator
import Testing

/// A table that keeps every version of its keys.
@Suite struct SilverHistoryTests {
    @Test(
        "cupel run takes changes that come late and twice to versions that readers see as a fold of bronze makes them")
    func history() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let contract = """
            apiVersion: v3.1.0
            kind: DataContract
            id: price
            version: 1.0.0
            status: active
            customProperties:
              - {property: silverMode, value: history}
            schema:
              - name: price
                properties:
                  - {name: item, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
                  - {name: amount, logicalType: number, physicalType: 'decimal(9,2)'}
                  - {name: label, logicalType: string, classification: public}
            """
        let contracts = try put(contract, in: folder)
        let changes = (0..<120).map { number in
            let operation = number % 17 == 16 ? "delete" : number < 20 ? "insert" : "update"
            let head =
                "{\"operation\":\"\(operation)\",\"_cdc_order\":\"\(order(number))\",\"item\":\(number * 7 % 20)"
            if operation == "delete" { return head + "}" }
            let label =
                number % 3 == 0 && number >= 20 ? ",\"_cdc_unchanged\":[\"label\"]" : ",\"label\":\"l\(number)\""
            return head + ",\"amount\":\(number).25\(label)}"
        }
        // Late ones come last, and some come twice.
        let files = [Array(changes[..<30]), Array(changes[70...]), Array(changes[30..<75])]
        for (number, lines) in files.enumerated() {
            let file = "\(folder.path)/\(number).json"
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await Command.run(
                Programs.cupel,
                [
                    "run", file, "--table", "price", "--json", "--contracts", contracts, "--endpoint",
                    emulator.endpoint,
                ])
            try #require(run.status == 0, "\(run.text)\(run.errors)")
        }
        let checked = try await Referee.silver(emulator, "versions", ["price", "item"])
        #expect(checked.int("rows") == 120)
        #expect(try #require(checked.int("current")) <= 20)

        // A contract of another mode is refused, and says so.
        let other = contract.replacing("value: history", with: "value: upsert")
        _ = try put(other.replacing("1.0.0", with: "2.0.0"), in: folder)
        let file = "\(folder.path)/more.json"
        try (changes[0] + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let run = try await Command.run(
            Programs.cupel,
            ["run", file, "--table", "price", "--contracts", contracts, "--endpoint", emulator.endpoint])
        #expect(
            run.status != 0 && (run.errors + run.text).contains("kept in the mode history"), "\(run.errors)\(run.text)")
        #expect(emulator.stop() == 0)
    }

    /// - Returns: the folder of the contracts.
    private func put(_ text: String, in folder: TemporaryDirectory) throws -> String {
        let contracts = "\(folder.path)/contracts"
        try FileManager.default.createDirectory(atPath: contracts, withIntermediateDirectories: true)
        try (text + "\n").write(toFile: "\(contracts)/price.odcs.yaml", atomically: true, encoding: .utf8)
        return contracts
    }

    /// As `firehose-transform` makes it.
    private func order(_ number: Int) -> String {
        let time = String(1_772_359_200_000_000 + number * 1000)
        return String(repeating: "0", count: 18 - time.count) + time + "-00000000000000A0-"
            + String(repeating: "0", count: 10 - "\(number)".count) + "\(number)"
    }
}
