import Foundation
import TestEmulator
import Testing

/// The queries of the dashboard over gold, as Grafana's plugin sends them to Athena.
@Suite struct GrafanaTests {
    @Test("every panel of the dashboard of gold has rows, and they are what the raw rows give") func beers()
        async throws
    {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let states = try await Referee.gold(emulator, "make", [folder.path, "1", "0"]).records("states")
        for file in try #require(states.first?["files"] as? [[String]]) {
            try await Referee.lake(emulator, "put", file)
        }
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.gold(emulator, "follow")
        let answer = try await Referee.gold(emulator, "grafana", [folder.path, "0"])
        let panels = try #require(answer["panels"] as? [String: Int])
        #expect(panels.count == 10 && panels.values.allSatisfy { $0 > 0 }, "\(panels)")
        #expect(answer["workGroups"] as? [String] == ["cupel-dev"])
        #expect(emulator.stop() == 0)
    }
}
