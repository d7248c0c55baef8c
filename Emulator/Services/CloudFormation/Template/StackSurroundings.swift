internal import EmulatorCore
internal import JSON
internal import Synchronization

/// What a template may use of its account beside its own resources.
struct StackSurroundings: Sendable {
    /// The exports of other stacks, by name.
    var exports: [String: String] = [:]
    /// The value of a dynamic reference, such as `ssm:name:1`; without it references are left as they are.
    var resolve: (@Sendable (String) async throws(AWSFault) -> String)?
    /// Whether a resource without a name gets one of the form that AWS makes, so that two stacks never share it.
    var makesNames = false
    /// The names that resources have which are deployed together.
    var names = ResourceNames()
    /// The exports that the template has used.
    let used = UsedExports()

    /// Replaces each `{{resolve:…}}` in the texts of a resource.
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
    func resolved(_ value: JSON) async throws(AWSFault) -> JSON {
        switch value {
        case .string(let text): return .string(try await resolved(text))
        case .array(let elements):
            var values: [JSON] = []
            for element in elements { values.append(try await resolved(element)) }
            return .array(values)
        case .object(let object):
            var members = JSONObject()
            for (name, value) in object { members[name] = try await resolved(value) }
            return .object(members)
        default: return value
        }
    }

    private func resolved(_ text: String) async throws(AWSFault) -> String {
        guard let resolve, text.hasTwo(UInt8(ascii: "{")) else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{resolve:"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            result += rest[..<open.lowerBound]
            result += try await resolve(String(rest[open.upperBound..<close.lowerBound]))
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}

extension String {
    /// Whether a byte is in it twice in a row. Definitions are long, and a search for a text compares characters.
    fileprivate func hasTwo(_ byte: UInt8) -> Bool {
        var isFirst = false
        for next in utf8 {
            guard next != byte || !isFirst else { return true }
            isFirst = next == byte
        }
        return false
    }
}

/// The names of exports that were imported.
final class UsedExports: Sendable {
    private let used = Mutex<Set<String>>([])
    var names: [String] { used.withLock { $0.sorted() } }
    func add(_ name: String) { used.withLock { _ = $0.insert(name) } }
}

/// A value that a stack exports.
struct StackExport: Sendable, Hashable {
    let output: String
    let name: String
    let value: String
}
