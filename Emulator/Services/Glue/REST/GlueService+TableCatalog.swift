package import EmulatorCore
package import JSON

/// The Iceberg tables, for services of the same emulator.
extension GlueService: TableCatalog {
    package func loadTable(_ name: String, in database: String) throws(AWSFault) -> JSON {
        do {
            let (_, location) = try iceberg.table(Namespace(levels: [database]), name)
            return try iceberg.files.read(location).json
        } catch let fault as AWSFault { throw fault } catch { throw .internalFailure(error) }
    }

    package func createTable(
        _ request: JSON, in database: String, filling fill: @Sendable (JSON) async throws -> [JSON]
    ) async throws {
        _ = try await iceberg.createTable(in: Namespace(levels: [database]), request, filling: fill)
    }

    package func commit(_ change: JSON, to name: String, in database: String) async throws(AWSFault) {
        do {
            try await iceberg.commit(Namespace(levels: [database]), name, change)
        } catch let fault as AWSFault { throw fault } catch { throw .internalFailure(error) }
    }
}
