import AWSModels
import Control
import FakeAWS
import JSON
import LambdaRuntime
import TestMetrics
import Testing

@testable import BronzeWriter

/// The CloudWatch metrics of a conversion.
@Suite struct ConversionMetricsTests {
    let fixture = BronzeWriterTests()

    private func write(_ record: ControlRecord, pipeline: String? = "cupel-test") throws {
        var settings = try fixture.settings()
        settings.pipeline = pipeline
        _ = try BronzeWriter(settings: settings).convert(
            record.controlID, owner: "execution", requestID: "request", log: Log(sink: fixture.lines.append))
    }

    private var metrics: [MetricLine] {
        get throws { try MetricLine.all(in: fixture.lines.text.split(separator: "\n").map { "\($0)\n" }) }
    }

    @Test("a converted file logs rows, bytes and time for the pipeline and for its table") func convertedFile() throws {
        let bytes = gzip(header + rows(0..<499) + "x,y,z,0\n")
        let record = try fixture.add(bytes)
        fixture.aws.before("PUT /lake") { [fixture] in fixture.aws.advance(byMilliseconds: 250) }
        try write(record)
        let line = try #require(try metrics.first)
        #expect(try metrics.count == 1)
        #expect(line.dimensionSets == [["Pipeline"], ["Pipeline", "Table"]])
        #expect(line.root["Pipeline"] == "cupel-test" && line.root["Table"] == "beer")
        let output = try #require(try fixture.output(record))
        #expect(
            line.values == [
                "FilesConverted": 1, "RowsRead": 500, "RowsWritten": 499, "RowsQuarantined": 1,
                "BytesRead": bytes.count, "BytesWritten": output.count, "ConversionTime": line.values["ConversionTime"],
            ])
        #expect(line.values["ConversionTime"].map { $0 >= 250 } == true)
    }

    @Test("a failed file counts once, under its error type") func failedFile() throws {
        let record = try fixture.add(gzip("name\n"))
        #expect(throws: ConversionError.self) { try write(record) }
        let line = try #require(try metrics.first)
        #expect(line.values == ["ConversionsFailed": 1])
        #expect(line.root["error_type"]?.string == (try fixture.stored(record).errorType))
    }

    @Test("a transient error counts as an interruption, not as a failure") func interruption() throws {
        let record = try fixture.add()
        fixture.aws.refuse("GET /stage", "SlowDown", status: 503)
        #expect(throws: (any Error).self) { try write(record) }
        #expect(try metrics.map(\.values) == [["ConversionsInterrupted": 1]])
    }

    @Test("without a pipeline name nothing is logged") func noPipelineName() throws {
        try write(try fixture.add(), pipeline: nil)
        #expect(try metrics.isEmpty)
    }
}
