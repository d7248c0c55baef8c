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
}
