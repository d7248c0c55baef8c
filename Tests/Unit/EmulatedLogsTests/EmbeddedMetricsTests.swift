import JSON
import Testing

@testable import EmulatedLogs

struct EmbeddedMetricsTests {
    private func event(_ directive: String, _ members: String) -> String {
        #"{"_aws":{"Timestamp":1780000000000,"CloudWatchMetrics":[\#(directive)]},\#(members)}"#
    }

    @Test("each metric is put for each set of dimensions")
    func sets() {
        let text = event(
            #"{"Namespace":"N","Dimensions":[["A"],["A","B"]],"Metrics":[{"Name":"m","Unit":"Count"},{"Name":"list"}]}"#,
            #""A":"x","B":2,"m":3,"list":[1,2]"#)
        let request = EmbeddedMetrics(text)?.requests.first
        #expect(request?["Namespace"] == "N")
        let data = request?["MetricData"]?.array ?? []
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

    @Test("a plain message has no metrics")
    func plain() {
        #expect(EmbeddedMetrics("START RequestId: 1") == nil)
        #expect(EmbeddedMetrics(#"{"CloudWatchMetrics":1"#) == nil)
    }
}
