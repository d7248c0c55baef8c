import Foundation
import JSON
import Testing
import YAML

/// Every metric that an alarm or a dashboard names is written by a function or published by AWS, for a resource of the
/// templates.
@Suite struct MonitoringTests {
    static let dashboards = InfraTemplates.names(in: "infra/dashboards")

    /// A metric as an alarm or a dashboard queries it.
    struct Question: Hashable, CustomStringConvertible {
        let place: String
        let namespace: String
        let metric: String
        let dimensions: [String: String]

        var description: String { "\(place): \(namespace) \(metric) \(dimensions)" }
    }

    /// AWS's metrics by namespace, and the dimensions of each.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html>
    static let published: [String: (metrics: Set<String>, dimensions: Set<String>)] = [
        "AWS/Lambda": (
            ["Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"], ["FunctionName"]
        ),
        "AWS/SQS": (["ApproximateNumberOfMessagesVisible"], ["QueueName"]),
        "AWS/States": (
            [
                "ExecutionsStarted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled", "ExecutionTime",
                "ExpressExecutionBilledDuration",
            ], ["StateMachineArn"]
        ),
        "AWS/EventBridge/Pipes": (["ExecutionFailed", "ExecutionThrottled"], ["PipeName"]),
        "AWS/DynamoDB": (
            [
                "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents",
            ], ["TableName", "GlobalSecondaryIndexName"]
        ),
        "AWS/Firehose": (
            [
                "ExecuteProcessing.Success", "DeliveryToS3.Success", "DeliveryToS3.DataFreshness", "PartitionCount",
                "PartitionCountExceeded",
            ], ["DeliveryStreamName"]
        ),
        "AWS/Kinesis": (
            [
                "IncomingBytes", "GetRecords.IteratorAgeMilliseconds", "ReadProvisionedThroughputExceeded",
                "WriteProvisionedThroughputExceeded",
            ], ["StreamName"]
        ),
        // A replication's account and resource identifier.
        "AWS/DMS": (["CDCLatencySource", "CDCLatencyTarget"], ["ReplicationConfigId"]),
        "AWS/Logs": (["IncomingBytes"], ["LogGroupName"]),
        "AWS/S3": (["BucketSizeBytes"], ["BucketName", "StorageType"]),
        "AWS/Billing": (["EstimatedCharges"], ["Currency"]),
    ]

    // MARK: Queried metrics

    private static func grafana(_ file: String) throws -> JSON {
        try JSON(
            parsing: try String(contentsOfFile: "\(InfraTemplates.root)/infra/dashboards/\(file)", encoding: .utf8))
    }

    private static func questions(ofGrafana file: String) throws -> [Question] {
        (try grafana(file)["panels"]?.array ?? []).flatMap { panel in
            (panel["targets"]?.array ?? []).compactMap { target in
                guard let namespace = target["namespace"]?.string else { return nil }
                var dimensions: [String: String] = [:]
                for dimension in target["dimensions"]?.object ?? [:] {
                    dimensions[dimension.name] = dimension.value.array?.first?.string ?? ""
                }
                return Question(
                    place: file, namespace: namespace, metric: target["metricName"]?.string ?? "",
                    dimensions: dimensions)
            }
        }
    }

    private static func questionsOfAlarms() throws -> [Question] {
        try InfraTemplates.resources(ofType: "AWS::CloudWatch::Alarm").flatMap { alarm in
            (alarm.properties?.tree ?? []).compactMap { node in
                guard let namespace = node["Namespace"]?.string, let metric = node["MetricName"]?.string else {
                    return nil
                }
                var dimensions: [String: String] = [:]
                for dimension in node["Dimensions"]?.sequence ?? [] {
                    dimensions[dimension["Name"]?.string ?? ""] = dimension["Value"]?.string
                }
                return Question(place: alarm.path, namespace: namespace, metric: metric, dimensions: dimensions)
            }
        }
    }

    /// The dashboard's body with its references replaced by values.
    private static func dashboard() throws -> JSON {
        let resource = try #require(try InfraTemplates.resources(ofType: "AWS::CloudWatch::Dashboard").first)
        let body = try #require(resource.properties?["DashboardBody"]?.string)
        return try JSON(parsing: body.replacing("${OldestPendingSeconds}", with: "900"))
    }

    /// In a widget's list, `.` repeats the word of the row above, and `...` repeats all of its words but the last.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>
    private static func questionsOfDashboard() throws -> [Question] {
        try (try dashboard()["widgets"]?.array ?? []).flatMap { widget in
            var above: [String] = []
            return try (widget["properties"]?["metrics"]?.array ?? []).map { row in
                var words = (row.array ?? []).compactMap(\.string)
                if words.first == "..." {
                    words = words.count == 1 ? above : above.dropLast() + words.dropFirst()
                }
                words = words.enumerated().map { $1 == "." ? above[$0] : $1 }
                above = words
                try #require(words.count >= 4 && words.count.isMultiple(of: 2), "expected a dimension in \(words)")
                let pairs = stride(from: 2, to: words.count, by: 2).map { (words[$0], words[$0 + 1]) }
                return Question(
                    place: "dashboard", namespace: words[0], metric: words[1],
                    dimensions: Dictionary(uniqueKeysWithValues: pairs))
            }
        }
    }

    private static func questions() throws -> [Question] {
        try questionsOfAlarms() + questionsOfDashboard() + dashboards.flatMap { try questions(ofGrafana: $0) }
    }

    // MARK: Existing metrics and resources

    /// The metrics that the functions write, found in their sources.
    private static func written() throws -> Set<String> {
        var names: Set<String> = []
        let folders = InfraTemplates.names(in: "Functions").map { "Functions/\($0)" } + ["Runtime/PublishedContracts"]
        for folder in folders {
            for file in InfraTemplates.names(in: folder) where file.hasSuffix(".swift") {
                let path = "\(InfraTemplates.root)/\(folder)/\(file)"
                let source = try String(contentsOfFile: path, encoding: .utf8)
                names.formUnion(source.matches(of: #/Metric\(\s*"(\w+)"/#).map { String($0.output.1) })
            }
        }
        return names
    }

    /// The names of the templates' resources, without project, stage, and account.
    private static func named() throws -> Set<String> {
        let properties = [
            "FunctionName", "QueueName", "TableName", "StateMachineName", "DeliveryStreamName", "BucketName", "Name",
            "LogGroupName", "IndexName", "ResourceIdentifier",
        ]
        var names: Set<String> = []
        for node in try InfraTemplates.resources().flatMap({ $0.properties?.tree ?? [] }) {
            names.formUnion(properties.compactMap { node[$0]?.string }.map(bare))
        }
        return names
    }

    private static func bare(_ name: String) -> String {
        var name = Substring(name)
        if name.hasPrefix("arn:"), let colon = name.lastIndex(of: ":") { name = name[name.index(after: colon)...] }
        name = name.trimmingPrefix("${AWS::AccountId}:")
        var text = String(name)
        for (variable, stand) in [
            ("${Project}-${Stage}", "P"), ("$pipeline", "P"), ("${AWS::AccountId}", "A"), ("$account", "A"),
            ("${AWS::Region}", "R"), ("$region", "R"),
        ] { text = text.replacing(variable, with: stand) }
        return text
    }

    // MARK: Tests

    @Test("there are alarms, dashboards, and metrics to check")
    func inventory() throws {
        #expect(Self.dashboards == ["beers.json", "cost.json", "data.json", "health.json"])
        #expect(try Self.questionsOfAlarms().count > 20)
        #expect(try Self.questionsOfDashboard().count > 20)
        #expect(try Self.written().count >= 19)
    }

    @Test("every queried metric exists with its dimensions")
    func queriedMetrics() throws {
        let written = try Self.written()
        for question in try Self.questions() {
            if question.namespace == "Cupel" {
                #expect(written.contains(question.metric), "\(question)")
                #expect(
                    [["Pipeline"], ["Pipeline", "Table"]].contains(question.dimensions.keys.sorted()), "\(question)")
            } else {
                let known = try #require(Self.published[question.namespace], "\(question)")
                #expect(known.metrics.contains(question.metric), "\(question)")
                #expect(known.dimensions.isSuperset(of: question.dimensions.keys), "\(question)")
            }
        }
    }

    @Test("every metric that a function writes is on a dashboard")
    func writtenMetrics() throws {
        let shown = Set(try (Self.dashboards.flatMap { try Self.questions(ofGrafana: $0) }).map(\.metric))
        #expect(try Self.written().subtracting(shown).isEmpty)
    }

    @Test("every dimension value names a resource of the templates")
    func dimensionValues() throws {
        let named = try Self.named()
        let elsewhere: Set = ["Pipeline", "Table", "StorageType", "Currency"]
        for question in try Self.questions() {
            for (dimension, value) in question.dimensions where !elsewhere.contains(dimension) {
                #expect(named.contains(Self.bare(value)), "\(question): no resource is named \(value)")
            }
        }
    }

    @Test("every alarm notifies the topic, says what to do, and defines how to treat missing data")
    func alarms() throws {
        for alarm in try InfraTemplates.resources(ofType: "AWS::CloudWatch::Alarm") {
            for list in ["AlarmActions", "OKActions"] {
                #expect((alarm.properties?[list]?.sequence ?? []).compactMap(\.string) == ["Alarms"], "\(alarm.path)")
            }
            #expect((alarm.properties?["AlarmDescription"]?.string?.count ?? 0) > 30, "\(alarm.path)")
            #expect(alarm.properties?["TreatMissingData"]?.string != nil, "\(alarm.path)")
            #expect(alarm.properties?["AlarmName"]?.string?.hasPrefix("${Project}-${Stage}-") == true, "\(alarm.path)")
        }
    }

    @Test("what fills, carries and empties the stream has an alarm: refused, late, failed, or not running at all")
    func streamAlarms() throws {
        let alarms = try InfraTemplates.resources(ofType: "AWS::CloudWatch::Alarm")
        let watched = Set(try Self.questionsOfAlarms().map(\.metric))
        #expect(
            watched.isSuperset(of: [
                "CDCLatencySource", "CDCLatencyTarget", "WriteProvisionedThroughputExceeded",
                "ReadProvisionedThroughputExceeded", "GetRecords.IteratorAgeMilliseconds", "DeliveryToS3.Success",
                "DeliveryToS3.DataFreshness", "PartitionCountExceeded", "CaptureLag", "CaptureSlot",
            ]))
        // A capture that has stopped publishes nothing.
        for alarm in alarms
        where alarm.properties?["Namespace"]?.string == "AWS/DMS"
            || alarm.properties?["MetricName"]?.string?.hasPrefix("Capture") == true
        {
            #expect(alarm.properties?["TreatMissingData"]?.string == "breaching", "\(alarm.path)")
        }
    }

    @Test("what takes bronze to silver has an alarm: files that failed or wait, merges and runs that fail")
    func silverAlarms() throws {
        let questions = try Self.questionsOfAlarms()
        #expect(
            Set(questions.map(\.metric)).isSuperset(of: [
                "SilverFailedFiles", "SilverAgeOfOldestPendingSeconds", "MergesFailed",
            ]))
        let runs = questions.filter { $0.dimensions["StateMachineArn"]?.hasSuffix("-silver") == true }
        #expect(Set(runs.map(\.metric)) == ["ExecutionsFailed", "ExecutionsTimedOut"])
    }

    @Test("what builds models has an alarm: builds and runs that fail") func goldAlarms() throws {
        let questions = try Self.questionsOfAlarms()
        #expect(questions.contains { $0.metric == "BuildsFailed" })
        let runs = questions.filter { $0.dimensions["StateMachineArn"]?.hasSuffix("-gold") == true }
        #expect(Set(runs.map(\.metric)) == ["ExecutionsFailed", "ExecutionsTimedOut"])
    }

    @Test("an event rule may publish to the topic, and names an existing replication")
    func eventRules() throws {
        let rules = try InfraTemplates.resources(ofType: "AWS::Events::Rule")
        #expect(!rules.isEmpty)
        let named = try Self.named()
        let policy = try #require(try InfraTemplates.resources(ofType: "AWS::SNS::TopicPolicy").first)
        #expect(policy.properties?.tree.contains { $0.string == "events.amazonaws.com" } == true)
        for rule in rules {
            #expect(rule.properties?["Targets"]?.elements.map { $0["Arn"]?.string } == ["Alarms"], "\(rule.path)")
            let resources = rule.properties?["EventPattern"]?["resources"]?.elements.compactMap(\.string) ?? []
            #expect(!resources.isEmpty && resources.allSatisfy { named.contains(Self.bare($0)) }, "\(rule.path)")
        }
    }

    @Test("Grafana has the dashboards' data sources; that of gold asks for a database that the template makes")
    func grafanaSources() throws {
        let sources = try InfraTemplates.read("grafana/datasources.yaml")["datasources"]?.sequence ?? []
        #expect(sources.compactMap { $0["type"]?.string } == ["cloudwatch", "grafana-athena-datasource"])
        let athena = try #require(sources.last?["jsonData"])
        #expect(athena["catalog"]?.string == "AwsDataCatalog")
        let databases = try InfraTemplates.resources(ofType: "AWS::Glue::Database")
        let names = databases.compactMap { $0.properties?["DatabaseInput"]?["Name"]?.string }
        #expect(names.contains(try #require(athena["database"]?.string)), "\(names)")
        for table in try Self.tablesOfGold() { #expect(Self.models.contains(table), "no model makes \(table)") }
    }

    private static let models = InfraTemplates.names(in: "infra/models/gold").filter { $0.hasSuffix(".sql") }.map {
        "dm_gold.\($0.dropLast(".sql".count))"
    }

    /// The tables that the dashboard of gold reads.
    private static func tablesOfGold() throws -> [String] {
        let tables = try grafana("beers.json").text.matches(of: #/dm_gold\.\w+/#).map { String($0.output) }
        try #require(Set(tables).count == models.count, "each model is on the dashboard")
        return tables
    }

    @Test("a Grafana dashboard can be provisioned unchanged", arguments: dashboards)
    func grafanaDashboard(file: String) throws {
        let dashboard = try Self.grafana(file)
        #expect(dashboard["uid"]?.string?.hasPrefix("cupel-") == true && dashboard["id"] == nil)
        let variables = dashboard["templating"]?["list"]?.array ?? []
        let source = try #require(variables.first { $0["type"] == "datasource" })
        // What the pipeline does is in CloudWatch; what it has made, in Athena.
        let kind = file == "beers.json" ? "grafana-athena-datasource" : "cloudwatch"
        #expect(source["name"] == "datasource" && source["query"]?.string == kind)
        let names = Set(variables.compactMap { $0["name"]?.string })
        var taken: Set<[Int]> = []
        let panels = dashboard["panels"]?.array ?? []
        #expect(Set(panels.compactMap { $0["id"]?.int }).count == panels.count)
        for panel in panels {
            let title = panel["title"]?.string ?? ""
            for node in [panel] + (panel["targets"]?.array ?? []) {
                #expect(node["datasource"] == ["type": .string(kind), "uid": "${datasource}"], "\(title)")
            }
            let targets = panel["targets"]?.array ?? []
            #expect(
                !targets.isEmpty && Set(targets.compactMap { $0["refId"]?.string }).count == targets.count, "\(title)")
            let used = panel.text.matches(of: #/\$([a-z]+)/#).map { String($0.output.1) }
            #expect(names.isSuperset(of: used), "\(title) uses an undeclared variable")
            let place = try #require(panel["gridPos"]?.object, "\(title)")
            let (x, y) = (place["x"]?.int ?? -1, place["y"]?.int ?? -1)
            let (width, height) = (place["w"]?.int ?? 0, place["h"]?.int ?? 0)
            #expect(x >= 0 && x + width <= 24, "\(title)")
            for column in x..<x + width {
                for row in y..<y + height {
                    #expect(taken.insert([column, row]).inserted, "\(title) overlaps another panel")
                }
            }
        }
    }
}
