package import JSON

/// The Iceberg tables of a catalog, below HTTP, for services of the same emulator.
///
/// Each operation throws ``AWSFault`` with the code that the Iceberg REST protocol has: `NoSuchTableException`,
/// `AlreadyExistsException`, and `CommitFailedException` for a commit whose requirements do not hold.
/// - SeeAlso: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>
package protocol TableCatalog: Peer {
    /// The metadata document of a table's current state.
    func loadTable(_ name: String, in database: String) throws(AWSFault) -> JSON

    /// Creates a table with its first rows: readers see it with them, or not at all.
    /// - Parameters:
    ///   - request: the protocol's `CreateTableRequest`.
    ///   - fill: gets the metadata of the table that is about to be, writes its files, and returns the updates that
    ///     make them the table's.
    func createTable(
        _ request: JSON, in database: String, filling fill: @Sendable (JSON) async throws -> [JSON]
    ) async throws

    /// Changes a table if it is still as the change requires.
    /// - Parameter change: the protocol's `CommitTableRequest`.
    func commit(_ change: JSON, to name: String, in database: String) async throws(AWSFault)
}
