/// An Amazon Resource Name: `arn:<partition>:<service>:<region>:<account>:<resource>`.
///
/// Parts may be empty, as region and account are for a bucket. The resource keeps its own colons and slashes.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
package struct ARN: Sendable, Hashable, CustomStringConvertible {
    /// The ARN as written.
    package let text: String
    package let partition: String
    /// Such as `lambda`.
    package let service: String
    package let region: String
    package let account: String
    /// Such as `function:bronze-writer`.
    package let resource: String

    /// - Returns: nil unless the text has all six parts, with a service and a resource.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[2].isEmpty, !parts[5].isEmpty else { return nil }
        self.text = text
        partition = String(parts[1])
        service = String(parts[2])
        region = String(parts[3])
        account = String(parts[4])
        resource = String(parts[5])
    }

    package var description: String { text }

    /// Whether `text` claims to be an ARN, well-formed or not. Operations that take a name or an ARN decide by this.
    package static func isClaimed(by text: String) -> Bool { text.hasPrefix("arn:") }
}
