public import Contracts
internal import LambdaRuntime
internal import Publication

/// The contracts that are in force during one invocation.
public struct ContractsInForce: Sendable {
    let source: ContractSource
    /// Nil if contracts are not published.
    let store: ContractStore?
    let index: ContractIndex
    let log: Log

    /// Whether contracts come from S3, so that files pin theirs.
    public var arePublished: Bool { store != nil }

    /// The tables with a contract, sorted.
    public var tables: [String] {
        Set(source.packaged.tables).subtracting(index.removed.keys).union(index.entries.keys).sorted()
    }

    /// What each of ``tables`` takes from a change stream.
    public var sources: [TableSource] {
        tables.map { table in
            let packaged = { try? source.packaged.contract(forTable: table).sourceSchemas }
            return TableSource(table: table, schemas: index.entries[table]?.schemas ?? packaged() ?? [])
        }
    }

    /// The hash of the contract that a file of `table` pins; nil if the contract comes from the package or cannot be read.
    ///
    /// The contract before the current one is used if the current one cannot be read.
    /// - Throws: ``PublishedContractError`` only if a later attempt may succeed.
    public func hash(forTable table: String) throws(PublishedContractError) -> String? {
        guard let store, let entry = index.entries[table] else { return nil }
        for hash in [entry.hash, entry.previousHash].compactMap(\.self) {
            do throws(PublishedContractError) {
                _ = try source.contract(of: table, hash: hash, store, log)
                return hash
            } catch {
                guard !error.isTemporary else { throw error }
                source.report(error, log)
            }
        }
        return nil
    }

    /// The contract of a file of `table`, which may be any text from outside.
    ///
    /// - Parameter hash: the hash that the file has pinned; nil for the contract in force.
    /// - Throws: ``PublishedContractError`` or ``ContractError/unknownTable(_:known:)``.
    public func contract(forTable table: String, pinned hash: String?) throws -> Contract {
        if let store, let hash = hash ?? index.entries[table]?.hash {
            return try source.contract(of: table, hash: hash, store, log)
        }
        guard tables.contains(table) else { throw ContractError.unknownTable(table, known: tables) }
        return try source.packaged.contract(forTable: table)
    }
}
