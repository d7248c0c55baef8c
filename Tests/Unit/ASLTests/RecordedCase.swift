import Foundation
import JSON
import Testing

/// A case recorded on AWS: definitions, inputs, and results.
struct RecordedCase: Sendable, CustomTestStringConvertible {
    let id: String
    let category: String
    let document: JSON

    var testDescription: String { id }
    var kind: String { document["kind"]?.string ?? "" }
    var language: String { document["query_language"]?.string ?? "" }
    var needs: [String] { document["needs"]?.array?.compactMap(\.string) ?? [] }
    var runs: [JSON] { document["runs"]?.array ?? [] }
    var isConcurrent: Bool { document["concurrent"]?.bool ?? false }

    /// All recorded cases; none if their folder is missing.
    static let all: [RecordedCase] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../../shared/conformance/asl/cases").standardizedFileURL
        guard let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil) else { return [] }
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }.compactMap { file in
                guard let data = try? Data(contentsOf: file), let document = try? JSON(parsing: Array(data)),
                    let id = document["id"]?.string
                else { return nil }
                return RecordedCase(
                    id: id, category: document["category"]?.string ?? "", document: document)
            }
    }()
}

/// The differences from a recorded answer, in which `<<ANY>>` matches any text. JSON texts are compared as JSON.
struct Comparison {
    static let any = "<<ANY>>"
    private(set) var differences: [String] = []
    private static let ignored: Set<String> = [
        "ResponseMetadata", "SdkHttpMetadata", "SdkResponseMetadata", "stackTrace", "requestId", "billingDetails",
        "timestamp", "X-Amzn-Trace-Id", "x-amzn-RequestId", "AllHttpHeaders", "HttpHeaders", "logResult",
    ]

    init(expected: JSON, actual: JSON) { compare(expected, actual, at: "$") }

    private mutating func compare(_ expected: JSON, _ actual: JSON, at path: String) {
        guard differences.count < 6, expected != .string(Self.any) else { return }
        let actualValue: JSON
        if case .string(let text) = actual, expected.string == nil, let parsed = try? JSON(parsing: text) {
            actualValue = parsed
        } else {
            actualValue = actual
        }
        switch (expected, actualValue) {
        case (.object(let members), .object(let others)): compare(members, others, at: path)
        case (.array(let elements), .array(let others)):
            if elements.count != others.count {
                differences.append("\(path): expected \(elements.count) items, got \(others.count)")
            }
            for (position, pair) in zip(elements, others).enumerated() {
                compare(pair.0, pair.1, at: "\(path)[\(position)]")
            }
        case (.string(let text), .string(let other)):
            if text == other || Self.matches(other, pattern: text) { return }
            if let parsed = try? JSON(parsing: text), let otherParsed = try? JSON(parsing: other) {
                return compare(parsed, otherParsed, at: path)
            }
            differ(expected, actual, at: path)
        case (.string(let text), _):
            if (try? JSON(parsing: text)) != actualValue { differ(expected, actual, at: path) }
        case (.number(let number), .number(let other)):
            if number.double != other.double { differ(expected, actual, at: path) }
        default:
            if expected != actualValue { differ(expected, actual, at: path) }
        }
    }

    private mutating func compare(_ expected: JSONObject, _ actual: JSONObject, at path: String) {
        for (name, value) in expected where !Self.ignored.contains(name) {
            if let other = actual[name] {
                compare(value, other, at: "\(path).\(name)")
            } else if !name.contains(Self.any) {
                differences.append("\(path).\(name): missing, expected \(value.text.prefix(200))")
            }
        }
        for name in actual.names
        where expected[name] == nil && !Self.ignored.contains(name)
            && !expected.names.contains(where: { $0.contains(Self.any) && Self.matches(name, pattern: $0) })
        {
            differences.append("\(path).\(name): unexpected \(actual[name]?.text.prefix(200) ?? "")")
        }
    }

    private mutating func differ(_ expected: JSON, _ actual: JSON, at path: String) {
        differences.append("\(path): expected \(expected.text.prefix(400)), got \(actual.text.prefix(400))")
    }

    private static func matches(_ text: String, pattern: String) -> Bool {
        let parts = pattern.components(separatedBy: any)
        guard parts.count > 1, let first = parts.first, let last = parts.last, text.hasPrefix(first),
            text.hasSuffix(last)
        else { return false }
        var rest = text.dropFirst(first.count)[...]
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.count >= last.count
    }
}
