internal import EmulatorCore

/// The errors of the Iceberg REST catalog: the type is the fault's code.
/// - SeeAlso: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>
extension AWSFault {
    static func badRequest(_ message: String) -> AWSFault { AWSFault("BadRequestException", message) }

    /// A requirement of a commit does not hold, or another commit was faster.
    static func commitFailed(_ message: String) -> AWSFault {
        AWSFault("CommitFailedException", message, status: 409)
    }

    static func noSuchNamespace(_ name: String) -> AWSFault {
        AWSFault("NoSuchNamespaceException", "Namespace does not exist: \(name)", status: 404)
    }

    static func noSuchTable(_ name: TableName) -> AWSFault {
        AWSFault("NoSuchTableException", "Table does not exist: \(name)", status: 404)
    }

    static func alreadyExists(_ what: String) -> AWSFault {
        AWSFault("AlreadyExistsException", "\(what)", status: 409)
    }

    /// An operation of the specification that AWS Glue does not support.
    static func unsupported(_ message: String) -> AWSFault {
        AWSFault("UnsupportedOperationException", message, status: 406)
    }
}
