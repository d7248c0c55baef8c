internal import EmulatorCore
internal import JSON

/// Checks the documents that describe databases, tables and partitions.
enum CatalogInput {
    /// - Parameter what: such as `table`.
    static func named(_ input: JSON, _ what: String) throws(AWSFault) -> JSONObject {
        try CatalogNames.check(try input.required("Name"), what)
        return try checked(input)
    }

    /// The members that are not null.
    /// - Throws: ``AWSFault`` if parameters are not texts, or a column has no name.
    static func checked(_ input: JSON) throws(AWSFault) -> JSONObject {
        var members = input.object ?? [:]
        for (name, value) in members where value.isNull { members[name] = nil }
        try checkParameters(input)
        if let storage = input.present("StorageDescriptor") {
            try checkParameters(storage)
            try checkColumns(storage, "Columns")
        }
        try checkColumns(input, "PartitionKeys")
        return members
    }

    private static func checkParameters(_ input: JSON) throws(AWSFault) {
        for (name, value) in input["Parameters"]?.object ?? [:] where value.string == nil {
            throw AWSFault("SerializationException", "Parameters: the value of \(name) is not a string")
        }
    }

    private static func checkColumns(_ input: JSON, _ member: String) throws(AWSFault) {
        var names: Set<String> = []
        for column in input[member]?.array ?? [] {
            let name = try column.required("Name")
            guard names.insert(name.lowercased()).inserted else {
                throw .invalidInput("\(member) has two columns named \(name)")
            }
        }
    }
}
