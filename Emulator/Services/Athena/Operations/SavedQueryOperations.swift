internal import EmulatorCore
internal import JSON
internal import Time

// Named queries and prepared statements.
// See <https://docs.aws.amazon.com/athena/latest/APIReference/API_CreatePreparedStatement.html>

extension AthenaService {
    // MARK: Named queries

    func createNamedQuery(_ input: JSON) async throws -> JSON {
        let group = input.present("WorkGroup")?.string ?? StoredWorkGroup.primary
        _ = try workGroup(group)
        let id = clock.uuid()
        var document: JSONObject = [
            "Name": .string(try input.required("Name")), "Database": .string(try input.required("Database")),
            "QueryString": .string(try input.required("QueryString")), "NamedQueryId": .string(id),
            "WorkGroup": .string(group),
        ]
        document["Description"] = input.present("Description")
        let saved = document
        try await store.write { try StoredQueries.save(.named, id, of: group, saved, in: $0) }
        return ["NamedQueryId": .string(id)]
    }

    func namedQuery(_ input: JSON) throws -> JSON {
        let id = try input.required("NamedQueryId")
        guard let query = try store.read({ try StoredQueries.find(.named, id, of: nil, in: $0) }) else {
            throw AWSFault.invalidRequest("NamedQuery \(id) was not found")
        }
        return ["NamedQuery": .object(query)]
    }

    func namedQueries(_ input: JSON) throws -> JSON {
        let ids = (input["NamedQueryIds"]?.array ?? []).compactMap(\.string)
        let (found, missing) = try store.read { snapshot in
            var found: [JSON] = []
            var missing: [JSON] = []
            for id in ids {
                if let query = try StoredQueries.find(.named, id, of: nil, in: snapshot) {
                    found.append(.object(query))
                } else {
                    missing.append(["NamedQueryId": .string(id), "ErrorCode": "INVALID_NAMED_QUERY_ID"])
                }
            }
            return (found, missing)
        }
        return ["NamedQueries": .array(found), "UnprocessedNamedQueryIds": .array(missing)]
    }

    func listNamedQueries(_ input: JSON) throws -> JSON {
        let group = input.present("WorkGroup")?.string ?? StoredWorkGroup.primary
        _ = try workGroup(group)
        let queries = try store.read { try StoredQueries.all(.named, of: group, in: $0) }
        let (page, next) = try input.page(of: queries)
        var answer: JSONObject = ["NamedQueryIds": .array(page.map { $0["NamedQueryId"] ?? .null })]
        answer["NextToken"] = next.map(JSON.string)
        return .object(answer)
    }

    func updateNamedQuery(_ input: JSON) async throws -> JSON {
        let id = try input.required("NamedQueryId")
        let (name, text) = (try input.required("Name"), try input.required("QueryString"))
        let description = input.present("Description")
        try await store.write { transaction in
            guard var query = try StoredQueries.find(.named, id, of: nil, in: transaction.snapshot) else {
                throw AWSFault.invalidRequest("NamedQuery \(id) was not found")
            }
            (query["Name"], query["QueryString"]) = (.string(name), .string(text))
            if let description { query["Description"] = description }
            try StoredQueries.save(.named, id, of: query["WorkGroup"]?.string ?? "", query, in: transaction)
        }
        return [:]
    }

    func deleteNamedQuery(_ input: JSON) async throws -> JSON {
        let id = try input.required("NamedQueryId")
        try await store.write { transaction in
            guard try StoredQueries.delete(.named, id, of: nil, in: transaction) else {
                throw AWSFault.invalidRequest("NamedQuery \(id) was not found")
            }
        }
        return [:]
    }

    // MARK: Prepared statements

    private static func noStatement(_ name: String) -> AWSFault {
        AWSFault(
            "ResourceNotFoundException", "PreparedStatement \(name) was not found",
            details: ["ResourceName": .string(name)])
    }

    /// Saves a prepared statement, which must be one.
    func savePreparedStatement(_ name: String, _ text: String, of group: String, description: JSON?) async throws {
        do throws(SQLProblem) { _ = try SQLScanner.tokens(of: text) } catch {
            throw AWSFault.invalidRequest(error.message(in: text), code: "MALFORMED_QUERY")
        }
        var document: JSONObject = [
            "StatementName": .string(name), "QueryStatement": .string(text), "WorkGroupName": .string(group),
            "LastModifiedTime": .int(clock.now().milliseconds),
        ]
        document["Description"] = description
        let saved = document
        try await store.write { try StoredQueries.save(.prepared, name, of: group, saved, in: $0) }
    }

    func createPreparedStatement(_ input: JSON) async throws -> JSON {
        let (name, group) = (try input.required("StatementName"), try input.required("WorkGroup"))
        _ = try workGroup(group)
        guard try store.read({ try StoredQueries.find(.prepared, name, of: group, in: $0) }) == nil else {
            throw AWSFault.invalidRequest("PreparedStatement \(name) already exists in WorkGroup \(group)")
        }
        try await savePreparedStatement(
            name, try input.required("QueryStatement"), of: group, description: input.present("Description"))
        return [:]
    }

    func updatePreparedStatement(_ input: JSON) async throws -> JSON {
        let (name, group) = (try input.required("StatementName"), try input.required("WorkGroup"))
        guard try store.read({ try StoredQueries.find(.prepared, name, of: group, in: $0) }) != nil else {
            throw Self.noStatement(name)
        }
        try await savePreparedStatement(
            name, try input.required("QueryStatement"), of: group, description: input.present("Description"))
        return [:]
    }

    func preparedStatement(_ input: JSON) throws -> JSON {
        let (name, group) = (try input.required("StatementName"), try input.required("WorkGroup"))
        guard let statement = try store.read({ try StoredQueries.find(.prepared, name, of: group, in: $0) }) else {
            throw Self.noStatement(name)
        }
        return ["PreparedStatement": Self.shown(statement)]
    }

    func preparedStatements(_ input: JSON) throws -> JSON {
        let group = try input.required("WorkGroup")
        let names = (input["PreparedStatementNames"]?.array ?? []).compactMap(\.string)
        return try store.read { snapshot in
            var found: [JSON] = []
            var missing: [JSON] = []
            for name in names {
                if let statement = try StoredQueries.find(.prepared, name, of: group, in: snapshot) {
                    found.append(Self.shown(statement))
                } else {
                    missing.append(["StatementName": .string(name), "ErrorCode": "STATEMENT_NOT_FOUND"])
                }
            }
            return ["PreparedStatements": .array(found), "UnprocessedPreparedStatementNames": .array(missing)]
        }
    }

    func listPreparedStatements(_ input: JSON) throws -> JSON {
        let group = try input.required("WorkGroup")
        let statements = try store.read { try StoredQueries.all(.prepared, of: group, in: $0) }
        let (page, next) = try input.page(of: statements)
        var answer: JSONObject = [
            "PreparedStatements": .array(
                page.map {
                    let shown = Self.shown($0)
                    return [
                        "StatementName": shown["StatementName"] ?? .null,
                        "LastModifiedTime": shown["LastModifiedTime"] ?? .null,
                    ]
                })
        ]
        answer["NextToken"] = next.map(JSON.string)
        return .object(answer)
    }

    func deletePreparedStatement(_ input: JSON) async throws -> JSON {
        let (name, group) = (try input.required("StatementName"), try input.required("WorkGroup"))
        try await store.write { transaction in
            guard try StoredQueries.delete(.prepared, name, of: group, in: transaction) else {
                throw Self.noStatement(name)
            }
        }
        return [:]
    }

    private static func shown(_ statement: JSONObject) -> JSON {
        var shown = statement
        shown["LastModifiedTime"] = shown["LastModifiedTime"]?.int.map { Timestamp.json(Int64($0)) }
        return .object(shown)
    }
}
