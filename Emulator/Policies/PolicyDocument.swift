package import JSON

/// A policy of IAM, parsed once.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
package struct PolicyDocument: Sendable {
    package let statements: [PolicyStatement]

    package init(parsing text: String) throws(PolicyError) {
        let document: JSON
        do { document = try JSON(parsing: text) } catch { throw PolicyError("The policy is not JSON: \(error)") }
        try self.init(document)
    }

    package init(_ document: JSON) throws(PolicyError) {
        guard let members = document.object else { throw PolicyError("The policy is not a JSON object.") }
        for name in members.names where !["Version", "Id", "Statement"].contains(name) {
            throw PolicyError("The policy has an unknown element \(name).")
        }
        let version = members["Version"].map(\.policyText) ?? "2008-10-17"
        guard ["2008-10-17", "2012-10-17"].contains(version) else {
            throw PolicyError("Version: expected 2012-10-17 or 2008-10-17, not \(version).")
        }
        guard let listed = members["Statement"]?.listed, !listed.isEmpty else {
            throw PolicyError("The policy has no Statement.")
        }
        var statements: [PolicyStatement] = []
        for (position, statement) in listed.enumerated() {
            statements.append(
                try PolicyStatement(statement, at: position, hasVariables: version == "2012-10-17"))
        }
        self.statements = statements
    }
}

extension JSON {
    /// The elements of a list, or the only one.
    var listed: [JSON] { array ?? [self] }

    /// A text, or what a number or a Boolean is in a policy.
    var policyText: String { string ?? text }
}
