internal import EmulatorCore
internal import JSON

// Versions of tables. See <https://docs.aws.amazon.com/glue/latest/webapi/API_GetTableVersions.html>

extension GlueService {
    /// Without a version, the current one.
    func tableVersion(_ input: JSON) throws -> JSON {
        let (table, versions) = try versions(input)
        guard let wanted = input.present("VersionId")?.string else { return ["TableVersion": shown(version: table)] }
        guard let found = versions.first(where: { $0.version == Int(wanted) }) else {
            throw Self.noVersion(wanted)
        }
        return ["TableVersion": shown(version: found)]
    }

    /// The current one first.
    func tableVersions(_ input: JSON) throws -> JSON {
        let (_, versions) = try versions(input)
        return try CatalogPage(of: versions, input, key: { String($0.version) }) { table, token in
            Int(token).map { table.version < $0 } ?? false
        }.answer("TableVersions", shown(version:))
    }

    func deleteTableVersion(_ input: JSON) async throws -> JSON {
        let version = try input.required("VersionId")
        if let fault = try await delete([version], input)[version] { throw fault }
        return [:]
    }

    func deleteTableVersions(_ input: JSON) async throws -> JSON {
        let versions = try input.requiredTexts("VersionIds")
        let faults = try await delete(versions, input)
        let errors = versions.compactMap { version in
            faults[version].map { fault -> JSON in
                [
                    "TableName": input["TableName"] ?? "", "VersionId": .string(version),
                    "ErrorDetail": fault.errorDetail,
                ]
            }
        }
        return ["Errors": .array(errors)]
    }

    private func versions(_ input: JSON) throws -> (table: StoredTable, versions: [StoredTable]) {
        let (database, name) = (try input.required("DatabaseName"), try input.required("TableName"))
        return try store.read { snapshot in
            let table = try Self.table(database, name, in: snapshot)
            return (table, try StoredTableVersion.all(of: table, in: snapshot))
        }
    }

    /// - Returns: the faults of versions that could not be deleted.
    private func delete(_ versions: [String], _ input: JSON) async throws -> [String: AWSFault] {
        let (database, name) = (try input.required("DatabaseName"), try input.required("TableName"))
        return try await store.write(freesSpace: true) { transaction in
            let table = try Self.table(database, name, in: transaction.snapshot)
            var faults: [String: AWSFault] = [:]
            for text in versions {
                guard let version = Int(text) else {
                    faults[text] = .invalidInput("The version \(text) is not a number.")
                    continue
                }
                if version == table.version {
                    faults[text] = .invalidInput("Cannot delete the latest version of the table.")
                } else if try !StoredTableVersion.delete(version, of: table, in: transaction) {
                    faults[text] = Self.noVersion(text)
                }
            }
            return faults
        }
    }

    private static func noVersion(_ version: String) -> AWSFault { .notFound("Version \(version) not found.") }

    private func shown(version table: StoredTable) -> JSON {
        ["Table": shown(table), "VersionId": .string(String(table.version))]
    }
}
