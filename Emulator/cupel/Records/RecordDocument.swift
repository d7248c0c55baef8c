internal import AWSModels
internal import Control
internal import JSON

extension ControlRecord {
    /// The record with its attribute names in the table, in the order of its life.
    var document: JSONObject {
        var document = JSONObject()
        let item = item
        let names = Self.orderOfAttributes + item.keys.filter { !Self.orderOfAttributes.contains($0) }.sorted()
        for name in names { document[name] = item[name].map(\.plainJSON) }
        return document
    }

    private static let orderOfAttributes = [
        "control_id", "status", "schema_name", "table_name", "bucket", "object_key", "object_version", "sequencer",
        "file_format", "file_size", "created_at", "updated_at", "compute_target", "estimated_record_count",
        "attempt_count",
        "lease_owner", "lease_expires_at", "started_at", "finished_at", "duration", "request_id", "record_count",
        "written_count", "quarantined_count", "checksum", "contract_version", "contract_hash", "masked_columns",
        "quality",
        "pii_findings", "rescued_count", "unknown_fields", "output_key", "quarantine_key", "supersedes",
        "superseded_key", "source_key", "batch_id", "superseded_by", "identical_to", "error_type", "error_message",
        "is_permanent",
    ]

    /// Attributes that are easier to read as lines than as JSON, by name.
    var sentences: [String: [String]] {
        let quality = quality.map { rule in
            let least = rule.outcome == .unchecked ? "at least " : ""
            return
                "\(rule.outcome.rawValue): \(rule.rule) is \(least)\(Quantity.shortest(rule.measured)), \(rule.expected) "
                + "(\(rule.severity))"
        }
        let findings = personalData.map {
            "\($0.kind) in \($0.column): \($0.matchedCount) of \($0.sampledCount) values sampled (\($0.action))"
        }
        return ["quality": quality, "pii_findings": findings, "unknown_fields": unknownFieldLines]
            .filter { !$0.value.isEmpty }
    }

    /// The unknown fields, and the lines of a contract that would take them up.
    private var unknownFieldLines: [String] {
        var lines = unknownFields.map {
            "\($0.path) (\($0.kind.rawValue)): in \($0.matchedCount) of \($0.sampledCount) such rows examined"
        }
        let changes = unknownFields.compactMap(\.contractLine)
        if !changes.isEmpty {
            lines += ["To make columns of them, add to the contract, publish it, then replay with --force:"]
            lines += changes.map { "  \($0)" }
        }
        return lines
    }

    /// How many of the contract's rules failed: `5 ok`, `1 of 5 failed`, or a dash if none was measured.
    var qualitySummary: String {
        guard !quality.isEmpty else { return "-" }
        let failed = quality.count { $0.outcome == .failed }
        let unchecked = quality.count { $0.outcome == .unchecked }
        if failed > 0 { return "\(failed) of \(quality.count) failed" }
        return unchecked > 0 ? "\(unchecked) of \(quality.count) unchecked" : "\(quality.count) ok"
    }

    /// What the record says of other versions of its object; nil if it is the only one, or the current one.
    var succession: String? {
        if let supersededBy { return "superseded by \(supersededBy)" }
        return identicalTo.map { "identical to \($0)" }
    }

    /// The last part of the key.
    var fileName: String { String(objectKey.split(separator: "/").last ?? "") }
}

extension AttributeValue {
    /// The value without DynamoDB's type names; sets are sorted lists, bytes base64.
    fileprivate var plainJSON: JSON {
        switch self {
        case .string(let text): .string(text)
        case .number(let digits): JSONNumber(digits).map(JSON.number) ?? .string(digits)
        case .binary(let bytes): .string(bytes.base64)
        case .bool(let value): .bool(value)
        case .null: .null
        case .list(let values): .array(values.map(\.plainJSON))
        case .map(let values):
            .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.plainJSON) }))
        case .stringSet(let values), .numberSet(let values): .array(values.sorted().map(JSON.string))
        case .binarySet(let values): .array(values.map(\.base64).sorted().map(JSON.string))
        }
    }
}
