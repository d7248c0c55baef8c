package import EmulatorCore
package import YAML

/// Why a template cannot be deployed: where, and what to do.
package enum TemplateError: Error, Sendable, CustomStringConvertible {
    /// The text is not a YAML or JSON document.
    case unreadable(YAMLError)
    /// The document breaks CloudFormation's rules, or uses a feature that is not emulated.
    case invalid(file: String, mark: YAMLMark?, logicalID: String?, reason: String)
    /// The service of the resource refused it.
    case refused(file: String, mark: YAMLMark, logicalID: String, fault: AWSFault)

    package var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .invalid(let file, let mark, let logicalID, let reason):
            Self.place(file, mark) + (logicalID.map { "\($0): " } ?? "") + reason
        case .refused(let file, let mark, let logicalID, let fault):
            "\(Self.place(file, mark))\(logicalID): \(fault.message) (\(fault.code))"
        }
    }

    /// The resource that the error is about, if it is about one.
    var logicalID: String? {
        switch self {
        case .unreadable: nil
        case .invalid(_, _, let logicalID, _): logicalID
        case .refused(_, _, let logicalID, _): logicalID
        }
    }

    /// The same error with the name of the resource in which it was found.
    func inside(_ logicalID: String) -> TemplateError {
        guard case .invalid(let file, let mark, nil, let reason) = self else { return self }
        return .invalid(file: file, mark: mark, logicalID: logicalID, reason: reason)
    }

    private static func place(_ file: String, _ mark: YAMLMark?) -> String {
        mark.map { "\(file):\($0.line):\($0.column): " } ?? "\(file): "
    }
}
