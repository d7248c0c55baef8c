import EmulatorCore
import JSON
import Synchronization
import Testing
import Time

@testable import EmulatedLogs

/// Records what CloudWatch is asked to put.
private final class Monitoring: ActionPerforming {
    private let requests = Mutex<[JSON]>([])
    let actionService = "monitoring"
    var received: [JSON] { requests.withLock { $0 } }

    func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        requests.withLock { $0.append(input) }
        return [:]
    }
}

struct EmbeddedMetricsTests {
    private func event(_ directive: String, _ members: String) -> String {
        #"{"_aws":{"Timestamp":1780000000000,"CloudWatchMetrics":[\#(directive)]},\#(members)}"#
    }

    @Test("each metric is put for each set of dimensions")
    func sets() {
        let text = event(
            #"{"Namespace":"N","Dimensions":[["A"],["A","B"]],"Metrics":[{"Name":"m","Unit":"Count"},{"Name":"list"}]}"#,
            #""A":"x","B":2,"m":3,"list":[1,2]"#)
        let found = EmbeddedMetrics(text)?.data ?? []
        #expect(found.map(\.namespace) == ["N", "N", "N", "N"])
        let data = found.map(\.document)
        #expect(data.map { $0["MetricName"] } == ["m", "m", "list", "list"])
        #expect(data.map { $0["Dimensions"]?.array?.count } == [1, 2, 1, 2])
        #expect(data.first?["Unit"] == "Count")
        #expect(data.last?["Values"] == [1, 2])
        #expect(data.last?["Dimensions"]?[1] == ["Name": "B", "Value": "2"])
        #expect(data.first?["Timestamp"]?.double == 1_780_000_000)
    }

    @Test(
        "what does not follow the format has no metrics",
        arguments: [
            (#"{"Namespace":"N","Dimensions":[["A"]],"Metrics":[{"Name":"m"}]}"#, #""m":1"#),
            (#"{"Namespace":"N","Dimensions":[["A"]],"Metrics":[{"Name":"m"}]}"#, #""A":"x","m":"text""#),
            (#"{"Dimensions":[["A"]],"Metrics":[{"Name":"m"}]}"#, #""A":"x","m":1"#), ("7", #""m":1"#),
        ])
    func faults(directive: String, members: String) {
        #expect(EmbeddedMetrics(event(directive, members)) == nil)
    }

    /// What CloudWatch is asked to put for events of one second.
    private func requests(_ count: Int, for events: [String]) async throws -> [JSON] {
        // The second ends when all events are there.
        let (second, end) = AsyncStream.makeStream(of: Void.self)
        let clock = ClockAndChance(
            now: { Timestamp(milliseconds: 0) }, sleep: { _ in for await _ in second {} })
        let monitoring = Monitoring()
        let reports = EmbeddedMetricReports(peers: Peers(monitoring), clock: clock)
        for event in events { reports.add(event) }
        end.finish()
        while monitoring.received.count < count { try await Task.sleep(for: .milliseconds(1)) }
        return monitoring.received
    }

    @Test("the metrics of many events are put together")
    func together() async throws {
        let events = (0..<1001).map {
            event(#"{"Namespace":"N","Metrics":[{"Name":"m\#($0)"}]}"#, #""m\#($0)":\#($0)"#)
        }
        let received = try await requests(2, for: events + ["START RequestId: 1"])
        #expect(received.map { $0["MetricData"]?.array?.count } == [1000, 1])
        #expect(received.last?["MetricData"]?[0]?["Values"] == [1000])
    }

    @Test("the values of a metric within a second are one datum, up to 150 of them")
    func values() async throws {
        let events = (0..<151).map { number in
            event(
                #"{"Namespace":"N","Dimensions":[["A"]],"Metrics":[{"Name":"m"}]}"#,
                #""A":"\#(number == 1 ? "other" : "x")","m":\#(number)"#)
        }
        let later = events[2].replacing("1780000000000", with: "1780000001000")
        let data = try await requests(1, for: events + [events[0], later])[0]["MetricData"]?.array ?? []
        #expect(data.map { $0["Values"]?.array?.count } == [150, 1, 1, 1])
        #expect(data[0]["Values"]?.array?.prefix(3) == [0, 2, 3])
        #expect(data[1]["Dimensions"]?[0]?["Value"] == "other")
        #expect(data[2]["Values"] == [0])
        #expect(data[3]["Timestamp"]?.double == 1_780_000_001)
    }

    @Test("a plain message has no metrics")
    func plain() {
        #expect(EmbeddedMetrics("START RequestId: 1") == nil)
        #expect(EmbeddedMetrics(#"{"CloudWatchMetrics":1"#) == nil)
    }
}
