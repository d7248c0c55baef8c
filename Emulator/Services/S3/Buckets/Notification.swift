internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// A rule of a bucket's notification configuration, which sends some events to a function, a queue or a topic.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html>
struct NotificationRule: Sendable {
    var id: String
    /// The ARN of the function, queue or topic.
    var function: String
    /// Such as `s3:ObjectCreated:*`.
    var events: [String]
    var prefix = ""
    var suffix = ""

    /// The elements of a configuration, and what each names, by the service of the target.
    static let kinds = [
        "lambda": (element: "CloudFunctionConfiguration", target: "CloudFunction"),
        "sqs": (element: "QueueConfiguration", target: "Queue"),
        "sns": (element: "TopicConfiguration", target: "Topic"),
    ]
    /// The element that sends all events of the bucket to EventBridge, and the name of its configuration.
    static let eventBridge = "EventBridgeConfiguration"

    /// The service of the target.
    var service: String { ARN(function)?.service ?? "lambda" }

    private static let families = ["s3:ObjectCreated:", "s3:ObjectRemoved:"]

    /// - Throws: `InvalidArgument` for events that are never sent.
    init(id: String, function: String, events: [String], filters: [(name: String, value: String)]) throws(S3Fault) {
        guard !events.isEmpty, !function.isEmpty else { throw .malformedXML }
        guard ARN(function) != nil else { throw .invalidArgument("The ARN is not well formed") }
        for event in events where !Self.families.contains(where: { event.hasPrefix($0) }) {
            throw .notEmulated("S3's event \(event)")
        }
        for filter in filters {
            switch filter.name.lowercased() {
            case "prefix": prefix = filter.value
            case "suffix": suffix = filter.value
            default: throw .invalidArgument("filter rule name must be either prefix or suffix")
            }
        }
        self.id = id
        self.function = function
        self.events = events
    }

    fileprivate init(_ row: borrowing Row) {
        id = row.text(0)
        function = row.text(1)
        events = row.text(2).split(separator: " ").map(String.init)
        prefix = row.text(3)
        suffix = row.text(4)
    }

    /// Whether to send `event`, such as `ObjectCreated:Put`, for `key`.
    func matches(_ event: String, key: String) -> Bool {
        let isNamed = events.contains { pattern in
            pattern == "s3:" + event || pattern.hasSuffix("*") && ("s3:" + event).hasPrefix(pattern.dropLast())
        }
        let key = key.utf8
        return isNamed && key.starts(with: prefix.utf8) && key.reversed().starts(with: suffix.utf8.reversed())
    }
}

extension Snapshot {
    func notificationRules(_ bucket: String) throws -> [NotificationRule] {
        try all(
            "SELECT id, function, events, prefix, suffix FROM s3_notification WHERE bucket = ? ORDER BY position",
            .text(bucket)
        ) { NotificationRule($0) }
    }
}

extension S3 {
    func notification(_ request: S3Request) async throws -> HTTPResponse {
        switch request.method {
        case "GET":
            let (rules, toBus) = try store.read { snapshot in
                _ = try snapshot.bucket(request.bucket)
                return (
                    try snapshot.notificationRules(request.bucket),
                    try snapshot.configuration(NotificationRule.eventBridge, of: request.bucket) != nil
                )
            }
            return Self.answer(Self.document(rules, toBus: toBus))
        case "PUT":
            let document = try await request.document()
            let rules = try Self.rules(document) { clock.uuid() }
            try await setNotificationRules(rules, of: request.bucket)
            try await sendToBus(document[NotificationRule.eventBridge] != nil, of: request.bucket)
            return Self.answer()
        default: throw S3Fault.methodNotAllowed
        }
    }

    /// Whether all events of the bucket go to the default bus of EventBridge.
    func sendToBus(_ sends: Bool, of bucket: String) async throws {
        try await replace(NotificationRule.eventBridge, of: bucket, by: sends ? [] : nil)
    }

    func setNotificationRules(_ rules: [NotificationRule], of bucket: String) async throws {
        try await store.write { transaction in
            _ = try transaction.snapshot.bucket(bucket)
            try transaction.execute("DELETE FROM s3_notification WHERE bucket = ?", .text(bucket))
            for (position, rule) in rules.enumerated() {
                try transaction.execute(
                    "INSERT INTO s3_notification VALUES (?, ?, ?, ?, ?, ?, ?)", .text(bucket), .integer(position),
                    .text(rule.id), .text(rule.function), .text(rule.events.joined(separator: " ")), .text(rule.prefix),
                    .text(rule.suffix))
            }
        }
    }

    private static func rules(_ document: XMLElement, id: () -> String) throws(S3Fault) -> [NotificationRule] {
        guard document.name == "NotificationConfiguration" else { throw .malformedXML }
        var rules: [NotificationRule] = []
        for child in document.children where child.name != NotificationRule.eventBridge {
            guard let kind = NotificationRule.kinds.values.first(where: { $0.element == child.name }) else {
                throw .notEmulated("S3's notification target \(child.name)")
            }
            let filters = child["Filter"]?["S3Key"]?.all("FilterRule") ?? []
            rules.append(
                try NotificationRule(
                    id: child["Id"]?.text ?? id(), function: child[kind.target]?.text ?? "",
                    events: child.all("Event").map(\.text),
                    filters: filters.map { ($0["Name"]?.text ?? "", $0["Value"]?.text ?? "") }))
        }
        return rules
    }

    private static func document(_ rules: [NotificationRule], toBus: Bool) -> XMLWriter {
        XMLWriter(s3: "NotificationConfiguration") { text in
            if toBus { text.element(NotificationRule.eventBridge) { _ in } }
            for rule in rules {
                guard let kind = NotificationRule.kinds[rule.service] else { continue }
                text.element(kind.element) { text in
                    text.element("Id", rule.id)
                    text.element(kind.target, rule.function)
                    for event in rule.events { text.element("Event", event) }
                    if rule.prefix.isEmpty && rule.suffix.isEmpty { return }
                    text.element("Filter") { text in
                        text.element("S3Key") { text in
                            for (name, value) in [("Prefix", rule.prefix), ("Suffix", rule.suffix)] where !value.isEmpty
                            {
                                text.element("FilterRule") { text in
                                    text.element("Name", name)
                                    text.element("Value", value)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
