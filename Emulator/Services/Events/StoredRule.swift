internal import EmulatorCore
internal import JSON

/// A bus in the store; the default one is there without a row.
enum StoredBus {
    static let defaultName = "default"

    static let schema = """
        CREATE TABLE IF NOT EXISTS events_bus (
            name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, tags TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """
}

/// A rule with its targets.
struct StoredRule: Sendable {
    var bus: String
    var name: String
    /// The members of PutRule's request.
    var document: JSONObject
    var targets: [RuleTarget]

    static let schema = """
        CREATE TABLE IF NOT EXISTS events_rule (
            bus TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, targets TEXT NOT NULL, PRIMARY KEY (bus, name)
        ) STRICT, WITHOUT ROWID;
        """

    private static let columns = "bus, name, document, targets"

    private init(_ row: borrowing Row) {
        bus = row.text(0)
        name = row.text(1)
        document = (try? JSON(parsing: row.text(2)).object) ?? JSONObject()
        targets = ((try? JSON(parsing: row.text(3)).array) ?? []).map { RuleTarget($0) }
    }

    init(bus: String, name: String, document: JSONObject, targets: [RuleTarget]) {
        self.bus = bus
        self.name = name
        self.document = document
        self.targets = targets
    }

    var isEnabled: Bool { document["State"]?.string != "DISABLED" }
    var schedule: String? { document["ScheduleExpression"]?.string }

    /// The checked pattern; nil for a rule with a schedule alone.
    var pattern: EventPattern? {
        document["EventPattern"]?.string.flatMap { text in (try? JSON(parsing: text)).flatMap { try? EventPattern($0) }
        }
    }

    func arn(in account: Account) -> String {
        account.arn("events", bus == StoredBus.defaultName ? "rule/\(name)" : "rule/\(bus)/\(name)")
    }

    static func find(_ name: String, on bus: String, in snapshot: borrowing Snapshot) throws -> StoredRule? {
        try snapshot.first(
            "SELECT \(columns) FROM events_rule WHERE bus = ? AND name = ?", .text(bus), .text(name)
        ) { StoredRule($0) }
    }

    static func all(on bus: String, in snapshot: borrowing Snapshot) throws -> [StoredRule] {
        try snapshot.all("SELECT \(columns) FROM events_rule WHERE bus = ? ORDER BY name", .text(bus)) {
            StoredRule($0)
        }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO events_rule VALUES (?, ?, ?, ?)", .text(bus), .text(name),
            .text(JSON.object(document).text), .text(JSON.array(targets.map(\.document)).text))
    }

    func delete(in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM events_rule WHERE bus = ? AND name = ?", .text(bus), .text(name))
    }
}

/// A target of a rule, as a request gives it.
struct RuleTarget: Sendable {
    let document: JSON

    init(_ document: JSON) { self.document = document }

    var id: String { document["Id"]?.string ?? "" }
    var arn: String { document["Arn"]?.string ?? "" }
    var deadLetterQueue: String? { document["DeadLetterConfig"]?["Arn"]?.string }

    /// The text that the target gets for `event`.
    /// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>
    func input(for event: JSON, rule: StoredRule, account: Account) -> String {
        if let constant = document["Input"]?.string { return constant }
        if let path = document["InputPath"]?.string { return (Self.value(at: path, in: event) ?? .null).text }
        guard let transformer = document["InputTransformer"], let template = transformer["InputTemplate"]?.string else {
            return event.text
        }
        var values: [String: JSON] = [:]
        for (name, path) in transformer["InputPathsMap"]?.object ?? JSONObject() {
            values[name] = Self.value(at: path.string ?? "", in: event)
        }
        values["aws.events.rule-arn"] = .string(rule.arn(in: account))
        values["aws.events.rule-name"] = .string(rule.name)
        values["aws.events.event.ingestion-time"] = event["time"]
        values["aws.events.event"] = event
        values["aws.events.event.json"] = event
        return Self.filled(template, values)
    }

    private static func value(at path: String, in event: JSON) -> JSON? {
        guard let path = try? EventPath(path) else { return nil }
        return path.value(in: event)
    }

    /// The template with a value in place of every `<name>`: the text alone inside quotation marks, JSON outside.
    /// A name without a value leaves nothing.
    private static func filled(_ template: String, _ values: [String: JSON]) -> String {
        var result = ""
        var isQuoted = false
        var rest = template[...]
        while let character = rest.first {
            if character == "<", let end = rest.firstIndex(of: ">") {
                let value = values[String(rest[rest.index(after: rest.startIndex)..<end])]
                if isQuoted {
                    let text = value?.string ?? value?.text ?? ""
                    result += JSON.string(text).text.dropFirst().dropLast()
                } else {
                    result += value?.text ?? ""
                }
                rest = rest[rest.index(after: end)...]
                continue
            }
            rest.removeFirst()
            result.append(character)
            if character == "\\", let escaped = rest.first {
                rest.removeFirst()
                result.append(escaped)
            } else if character == "\"" {
                isQuoted.toggle()
            }
        }
        return result
    }
}
