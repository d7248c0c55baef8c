import Foundation
import TestEmulator
import Testing

/// The emulator reports a full disk to its clients, and survives it.
@Suite struct FullDiskTests {
    @Test("a full disk refuses uploads, and accepted files are converted once there is space")
    func fullDisk() async throws {
        let emulator = try await RunningEmulator(
            parameters: ["LeaseSeconds": "5"], disk: SmallDisk(sizeInMiB: 16, takenInMiB: 9))
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "beer", rows: 3_000, seed: 17, format: "csv", into: folder)
        // An object outside of raw/ is not ingested.
        #expect(await RawHTTP.put(emulator, key: "notes", file: file))
        var accepted: [String] = []
        for number in 0..<500 {
            let key = "raw/beer/\(number).csv.gz"
            guard await RawHTTP.put(emulator, key: key, file: file) else { break }
            accepted.append(key)
        }
        try #require(!accepted.isEmpty && accepted.count < 500, "\(accepted.count) files fit")
        let status = try await Command.run(Programs.cupel, ["status", "--endpoint", emulator.endpoint])
        #expect(status.status == 0, "the emulator must still answer: \(status.errors)")

        #expect(await RawHTTP.delete(emulator, key: "notes") == 204, "a full disk must allow deletions")
        try emulator.makeRoom()
        try await Referee.lake(emulator, "settle")
        _ = try await Command.run(Programs.cupel, ["replay", "--status", "error", "--endpoint", emulator.endpoint])
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        #expect(Set(records.compactMap { $0.text("object_key") }) == Set(accepted))
        #expect(records.allSatisfy { $0.text("status") == "success" }, "\(records)")
        #expect(try await Referee.lake(emulator, "check").int("rows") == 3_000 * accepted.count)
        #expect(emulator.stop() == 0)
    }

    @Test("a full disk refuses records of streams, and those that were accepted are delivered once there is space")
    func streams() async throws {
        let emulator = try await RunningEmulator(
            disk: SmallDisk(sizeInMiB: 128, takenInMiB: 108),
            options: ["--firehose-interval", "1", "--kinesis-limits", "off"]
        )
        let accepted = try await StreamCrashTests.referee(emulator.endpoint, "fill", "3")
        let count = accepted.values.compactMap { $0 as? [String: [Int]] }.flatMap(\.values).map(\.count).reduce(0, +)
        try #require(count > 0)
        try emulator.makeRoom()
        let folder = try TemporaryDirectory()
        let file = folder.path + "/accepted"
        try JSONSerialization.data(withJSONObject: accepted).write(to: URL(filePath: file))
        let found = try await StreamCrashTests.referee(emulator.endpoint, "check", file)
        #expect((found["problems"] as? [String])?.isEmpty == true, "\(found)")
        #expect((found.int("delivered") ?? 0) >= count)
        #expect(emulator.stop() == 0)
    }
}
