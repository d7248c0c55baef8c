import JSON
import TestMetrics
import Testing

@testable import LambdaRuntime

@Suite struct EmbeddedMetricsTests {
    private let lines = LogLines()

    private let metrics = EmbeddedMetrics(
        [
            Metric("RowsRead", 5, .count), Metric("BytesRead", 1 << 40, .bytes),
            Metric("ConversionTime", 7, .milliseconds),
        ],
        by: [[.init("Pipeline", "cupel-dev")], [.init("Pipeline", "cupel-dev"), .init("Table", "beer")]],
        properties: ["control_id": "1f", "RowsRead": 9, "_aws": "no"])

    @Test("a line follows the specification, and properties replace no metric or dimension") func document() throws {
        Log(sink: lines.append).write(metrics)
        let line = try MetricLine(try #require(lines.all.first))
        #expect(line.namespace == "Cupel" && line.dimensionSets == [["Pipeline"], ["Pipeline", "Table"]])
        #expect(line.values == ["RowsRead": 5, "BytesRead": 1 << 40, "ConversionTime": 7])
        #expect(line.units == ["RowsRead": "Count", "BytesRead": "Bytes", "ConversionTime": "Milliseconds"])
        #expect(line.root["Table"] == "beer" && line.root["control_id"] == "1f")
    }

    @Test("metrics are written whatever the log's format and level") func formatAndLevel() throws {
        let variables = ["AWS_LAMBDA_LOG_FORMAT": "Text", "AWS_LAMBDA_LOG_LEVEL": "FATAL"]
        Log(Environment(variables), sink: lines.append).tagged(requestID: "r").write(metrics)
        #expect(try MetricLine.all(in: lines.all).count == 1)
    }

    @Test(
        "the referee refuses what CloudWatch would refuse",
        arguments: [
            #"{"_aws":{"Timestamp":1772359200000,"CloudWatchMetrics":[]}}"#,
            #"{"_aws":{"Timestamp":1772359200,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["D"]],"Metrics":[{"Name":"M","Unit":"Count"}]}]},"D":"d","M":1}"#,
            #"{"_aws":{"Timestamp":1772359200000,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["D"]],"Metrics":[{"Name":"M","Unit":"Rows"}]}]},"D":"d","M":1}"#,
            #"{"_aws":{"Timestamp":1772359200000,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["D"]],"Metrics":[{"Name":"M","Unit":"Count"}]}]},"D":"","M":1}"#,
            #"{"_aws":{"Timestamp":1772359200000,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["D"]],"Metrics":[{"Name":"M","Unit":"Count"}]}]},"D":"d","M":"1"}"#,
        ])
    func refusals(line: String) {
        #expect(throws: MetricLine.Breach.self) { try MetricLine(line + "\n") }
    }
}
