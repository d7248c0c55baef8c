internal import EmulatorCore

/// `AttributesToGet`, the legacy form of a projection expression.
struct AttributesToGet: Sendable {
    let names: [String]?

    func checkDistinct() throws(DynamoDBFault) {
        for name in names ?? [] { try AttributeName.check(name) }
        var seen: Set<[UInt8]> = []
        for name in names ?? [] where !seen.insert(Array(name.utf8)).inserted {
            throw .invalidParameter("Duplicate value in attribute name: \(name)")
        }
    }

    /// Nil if the request does not have the parameter.
    var projection: Projection? { names.map { Projection(paths: $0.map { DocumentPath(attribute: $0) }) } }
}

extension WireStructure {
    func attributesToGet(_ constraints: inout Constraints) throws(DynamoDBFault) -> AttributesToGet {
        let names = try strings("AttributesToGet")
        if let names {
            constraints.length(
                "attributesToGet", names.count, shown: "[\(names.joined(separator: ", "))]", 1...255)
        }
        return AttributesToGet(names: names)
    }
}
