import Foundation
import TestEmulator
import Testing

/// A contract that is published to a running pipeline is in force at once.
@Suite struct PublishedContractTests {
    private static let data = "id,name\n1,a\nx2,b\n"

    private static func contract(_ idType: String, version: String, name: String = "") -> String {
        """
        apiVersion: v3.1.0
        kind: DataContract
        id: order
        version: \(version)
        status: active
        schema:
          - name: orders
            properties:
              - {name: id, logicalType: \(idType), required: true}
              - {name: name, logicalType: string\(name)}

        """
    }

    private static func cupel(_ arguments: [String], _ emulator: RunningEmulator) async throws -> Command {
        try await Command.run(Programs.cupel, arguments + ["--endpoint", emulator.endpoint])
    }

    @Test(
        "a file in error succeeds after its contract is changed, published and the file replayed, without a restart",
        arguments: ["100000", "1"])
    func changeTheContractAndReplay(lambdaMaxRecords: String) async throws {
        let folder = try TemporaryDirectory()
        let emulator = try await RunningEmulator(parameters: ["LambdaMaxRecords": lambdaMaxRecords])
        let file = "\(folder.path)/orders.csv"
        let contract = "\(folder.path)/orders.odcs.yaml"
        try Self.data.write(toFile: file, atomically: true, encoding: .utf8)
        func publish(_ text: String) async throws -> Command {
            try text.write(toFile: contract, atomically: true, encoding: .utf8)
            return try await Self.cupel(["contract", "publish", contract], emulator)
        }
        func record() async throws -> [String: Any] {
            let records = try await Referee.lake(emulator, "settle").records("records")
            return try #require(records.first { $0.text("schema_name") == "dm_bronze" })
        }
        func replay(_ id: String) async throws {
            let replay = try await Self.cupel(["replay", "--id", id], emulator)
            #expect(replay.status == 0, "\(replay.errors)")
        }

        // No contract describes the table yet: the running functions get one.
        try await Referee.lake(emulator, "put", ["raw/orders/orders.csv", file])
        var stored = try await record()
        #expect(stored.text("error_type") == "UnknownTable")
        let id = try #require(stored.text("control_id"))
        let first = try await publish(Self.contract("integer", version: "1.0.0"))
        #expect(first.status == 0 && first.text.contains("published"), "\(first.text)\(first.errors)")
        try await replay(id)
        stored = try await record()
        #expect(stored.text("error_type") == "ContractBroken", "\(stored)")
        #expect(stored.text("error_message")?.contains("cupel contract publish") == true)
        let pinned = try #require(stored.text("contract_hash"))

        let second = try await publish(Self.contract("string", version: "2.0.0"))
        #expect(second.status == 0, "\(second.errors)")
        try await replay(id)
        stored = try await record()
        #expect(stored.text("status") == "success" && stored.int("written_count") == 2, "\(stored)")
        #expect(stored.text("contract_version") == "2.0.0")
        #expect(stored.text("contract_hash") != pinned)
        #expect(emulator.stop() == 0)
    }

    @Test("a contract file of two tables is published as two contracts, and files of both arrive")
    func twoTables() async throws {
        let folder = try TemporaryDirectory()
        let emulator = try await RunningEmulator()
        let contract = "\(folder.path)/shop.odcs.yaml"
        let lines = """
              - name: Order_Lines
                properties:
                  - {name: line, logicalType: integer, required: true}

            """
        try (Self.contract("string", version: "1.0.0") + lines).write(
            toFile: contract, atomically: true, encoding: .utf8)
        let published = try await Self.cupel(["contract", "publish", contract], emulator)
        #expect(published.status == 0, "\(published.errors)")
        for table in ["orders", "order_lines"] {
            #expect(published.text.contains("\(table) "), "\(published.text)")
        }
        for (table, text) in [("orders", Self.data), ("order_lines", "line\n1\n2\n3\n")] {
            let file = "\(folder.path)/\(table).csv"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            try await Referee.lake(emulator, "put", ["raw/\(table)/\(table).csv", file])
        }
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        #expect(records.map { $0.text("status") } == ["success", "success"], "\(records)")
        let rows = Dictionary(uniqueKeysWithValues: records.map { ($0.text("table_name"), $0.int("written_count")) })
        #expect(rows == ["orders": 2, "order_lines": 3])
        #expect(emulator.stop() == 0)
    }

    @Test("`up` and `run` put the contracts of their folder in force, and refuse weaker masking") func folder()
        async throws
    {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        let contracts = "\(folder.path)/infra/contracts"
        let contract = "\(contracts)/orders.odcs.yaml"
        let file = "\(folder.path)/orders.csv"
        try Self.data.write(toFile: file, atomically: true, encoding: .utf8)
        let masked = ", classification: PII, customProperties: [{property: masking, value: redact}]"
        try Self.contract("integer", version: "1.0.0", name: masked).write(
            toFile: contract, atomically: true, encoding: .utf8)
        let emulator = try await RunningEmulator(template: pipeline.template)
        let run = ["run", file, "--data", emulator.data.path]
        let broken = try await Command.run(Programs.cupel, run)
        #expect(broken.status == 1 && broken.errors.contains("ContractBroken"), "\(broken.text)\(broken.errors)")

        // As printed: change the contract, publish it, replay the file.
        try Self.contract("string", version: "2.0.0", name: masked).write(
            toFile: contract, atomically: true, encoding: .utf8)
        let at = ["--data", emulator.data.path]
        let published = try await Command.run(Programs.cupel, ["contract", "publish"] + at)
        #expect(published.text.contains(#/orders +2\.0\.0 +\w+ +published/#), "\(published.text)\(published.errors)")
        #expect(published.text.contains(#/beer .*unchanged/#), "\(published.text)")
        let command = try #require(broken.errors.firstMatch(of: #/cupel (replay .*)/#)?.output.1)
        let replay = try await Command.run(Programs.cupel, command.split(separator: " ").map(String.init))
        #expect(replay.status == 0, "\(replay.errors)")
        let records = try await Referee.lake(emulator, "settle").records("records")
        #expect(records.filter { $0.text("schema_name") == "dm_bronze" }.map { $0.text("status") } == ["success"])

        try Self.contract("string", version: "3.0.0").write(toFile: contract, atomically: true, encoding: .utf8)
        let weaker = try await Command.run(Programs.cupel, run)
        #expect(weaker.status == 1 && weaker.errors.contains("orders, name: the masking redact becomes none"))
        let allowed = try await Command.run(Programs.cupel, run + ["--allow-weaker-masking"])
        #expect(
            allowed.status == 0 && allowed.errors.contains("the contract of orders, version 3.0.0"), "\(allowed.errors)"
        )
        try Self.contract("string", version: "4.0.0", name: masked).write(
            toFile: contract, atomically: true, encoding: .utf8)
        #expect(emulator.stop() == 0)
        try await emulator.restart()
        let again = try await Command.run(Programs.cupel, ["contract", "publish"] + at)
        #expect(again.text.contains(#/orders +4\.0\.0 .*unchanged/#), "\(again.text)\(again.errors)")

        let shared = try Data(contentsOf: URL(filePath: "\(emulator.data.path)/endpoint.json"))
        #expect(String(decoding: shared, as: UTF8.self).contains(contracts))
        let other = try await Command.run(Programs.cupel, run + ["--parameter", "LambdaMaxRecords=1"])
        #expect(other.status == 2 && other.errors.contains("was started with no LambdaMaxRecords"), "\(other.errors)")
        #expect(emulator.stop() == 0)
    }
}
