internal import AWSClient
internal import AWSModels
internal import ContractTools
internal import Contracts
internal import Control
internal import PublishedContracts
internal import Publication

extension Pipeline {
    /// The newest objects under `raw/_control/` that are read: a source speaks of its tables rarely.
    private static let definitionObjects = 500

    /// How the sources of tables differ from the contracts in force, by what they say and by the rows of these records.
    ///
    /// - Parameter packaged: the contracts of tables without a published one.
    func schemaDrift(
        of records: [ControlRecord], packaged: ContractCatalog?, table: String? = nil
    ) throws(CommandFailure) -> [SchemaDrift] {
        let contracts = try contractsInForce(packaged)
        let definitions = try lastDefinitions()
        var drifts: [SchemaDrift] = []
        for contract in contracts where table == nil || contract.table == table {
            let said = definitions.filter {
                $0.table == contract.table
                    && (contract.sourceSchemas.isEmpty || contract.sourceSchemas.contains($0.schema ?? ""))
            }.flatMap { SchemaDrift.between(contract, $0) }
            drifts += said
            let known = Set(contract.columns.compactMap(\.path.first) + said.compactMap(\.column))
            drifts += Self.unknownFields(
                of: records.filter { $0.table == contract.table }, known: known, contract.table)
        }
        return drifts
    }

    /// The last definition of each table of each schema.
    private func lastDefinitions() throws(CommandFailure) -> [SourceDefinition] {
        guard !stageBucket.isEmpty else { return [] }
        let objects = ObjectStore(client)
        var last: [String: SourceDefinition] = [:]
        do throws(AWSError) {
            // Keys begin with the time, so the last ones are the newest.
            for object in try objects.listAll(bucket: stageBucket, prefix: "raw/_control/").suffix(
                Self.definitionObjects)
            {
                let bytes = try objects.get(S3Object(bucket: stageBucket, key: object.key)).bytes
                for definition in (try? SourceDefinition.all(inObject: bytes)) ?? [] {
                    let place = "\(definition.schema ?? "").\(definition.table)"
                    if let other = last[place], definition.precedes(other) { continue }
                    last[place] = definition
                }
            }
        } catch {
            guard error.isNotFound || error.isForbidden else { throw failure(error) }
            return []
        }
        return last.sorted { $0.key < $1.key }.map(\.value)
    }

    private func contractsInForce(_ packaged: ContractCatalog?) throws(CommandFailure) -> [Contract] {
        var contracts: [String: Contract] = [:]
        for contract in packaged?.all ?? [] { contracts[contract.table] = contract }
        if let contractsBucket {
            let store = ContractStore(bucket: contractsBucket, objects: ObjectStore(client))
            do throws(AWSError) {
                let bytes = try store.objects.get(store.index).bytes
                let index = (try? ContractIndex(parsing: bytes, at: "\(store.index)")) ?? ContractIndex()
                for (table, entry) in index.entries {
                    contracts[table] = (try? store.contract(of: table, hash: entry.hash)) ?? contracts[table]
                }
            } catch {
                guard error.isNotFound || error.isForbidden else { throw failure(error) }
            }
        }
        return contracts.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The fields of rows that the contract in force does not know, each once.
    private static func unknownFields(
        of records: [ControlRecord], known: Set<String>, _ table: String
    ) -> [SchemaDrift] {
        var rows: [String: (field: UnknownField, count: Int)] = [:]
        for field in records.flatMap(\.unknownFields) {
            let root = String(field.path.prefix { $0 != "." && $0 != "[" })
            guard !known.contains(root) else { continue }
            rows[field.path] = (field, (rows[field.path]?.count ?? 0) + field.matchedCount)
        }
        return rows.sorted { $0.key < $1.key }.map { path, found in
            SchemaDrift(
                .unknownField, table: table, column: path,
                message: "unknown to the contract, \(found.field.kind.rawValue) in \(found.count) of the rows examined",
                contractLine: found.field.contractLine)
        }
    }
}
