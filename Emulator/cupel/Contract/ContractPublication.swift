internal import AWSClient
internal import AWSModels
internal import ContractTools
internal import Contracts
internal import JSON
internal import PublishedContracts
internal import Publication

/// Writes contracts to a pipeline's bucket, where its functions notice them.
struct ContractPublication {
    let store: ContractStore
    /// Whether a contract may show more than the published one.
    var allowsWeakerMasking = false
    /// Whether contracts that are in force already are read and compared, and written again if they are damaged.
    var repairs = true

    /// What became of one contract.
    struct Outcome {
        enum State: String {
            case published
            /// It was in force before.
            case unchanged
            case removed
            /// It is in force, and was not among the contracts.
            case kept
        }

        let table: String
        let version: String
        let hash: String
        let state: State

        var isUnchanged: Bool { state == .unchanged }
    }

    enum Failure: Error {
        case weaker([WeakerMasking])
        /// The published contract of the table cannot be compared.
        case unknown(table: String, PublishedContractError)
        case unreadable(PublishedContractError)
        case aws(AWSError)
        /// No contract of the table is in force.
        case notInForce(table: String, known: [String])
        /// The table is among the contracts that are to be published.
        case contradiction(table: String)
    }

    /// Publishes the contracts, and ends those of the tables to be removed; those of other tables stay. Either all of it is
    /// done afterwards, or nothing.
    func publish(_ contracts: [ContractFile], removing tables: [String] = []) throws(Failure) -> [Outcome] {
        if let table = tables.first(where: { name in contracts.contains { $0.contract.table == name } }) {
            throw .contradiction(table: table)
        }
        for _ in 1...5 {
            let stored = try self.stored(store.index)
            let index = try self.index(in: stored)
            if !allowsWeakerMasking { try compare(contracts, with: index) }
            var next = index
            for table in tables {
                guard let entry = next.entries.removeValue(forKey: table) else {
                    if index.removed[table] != nil { continue }
                    throw .notInForce(table: table, known: index.entries.keys.sorted())
                }
                next.removed[table] = entry
            }
            for file in contracts {
                let former = index.entries[file.contract.table]
                guard former?.hash != file.hash else {
                    if repairs, !isThere(file) { try put(file) }
                    continue
                }
                try put(file)
                next.removed[file.contract.table] = nil
                next.entries[file.contract.table] = ContractIndex.Entry(
                    hash: file.hash, version: file.contract.version, previousHash: former?.hash,
                    schemas: file.contract.sourceSchemas)
            }
            guard try replace(stored, by: next) else { continue }
            return outcomes(contracts, tables, from: index, to: next)
        }
        throw .unreadable(
            .unreadable(place: "\(store.index)", reason: "others publish at the same time; nothing was published"))
    }

    private func outcomes(
        _ contracts: [ContractFile], _ removed: [String], from index: ContractIndex, to next: ContractIndex
    ) -> [Outcome] {
        let published = contracts.map {
            let isUnchanged = index.entries[$0.contract.table]?.hash == $0.hash
            return Outcome(
                table: $0.contract.table, version: $0.contract.version, hash: $0.hash,
                state: isUnchanged ? .unchanged : .published)
        }
        let named = Set(published.map(\.table))
        func outcomes(_ entries: [String: ContractIndex.Entry], _ state: Outcome.State) -> [Outcome] {
            entries.sorted { $0.key < $1.key }.map {
                Outcome(table: $0.key, version: $0.value.version, hash: $0.value.hash, state: state)
            }
        }
        return published + outcomes(next.removed.filter { removed.contains($0.key) }, .removed)
            + outcomes(next.entries.filter { !named.contains($0.key) }, .kept)
    }

    private typealias Stored = (head: ObjectHead, bytes: [UInt8])

    private func stored(_ object: S3Object) throws(Failure) -> Stored? {
        do throws(AWSError) { return try store.objects.get(object) } catch {
            guard error.code == "NoSuchKey" else { throw .aws(error) }
            return nil
        }
    }

    /// The index that is in force. If it is missing or damaged, the copy says what was, and publishing repairs it.
    private func index(in current: Stored?) throws(Failure) -> ContractIndex {
        var damage: PublishedContractError?
        if let current {
            do throws(PublishedContractError) {
                return try ContractIndex(parsing: current.bytes, at: "\(store.index)")
            } catch { damage = error }
        }
        if let last = try stored(store.lastIndex) {
            do throws(PublishedContractError) {
                return try ContractIndex(parsing: last.bytes, at: "\(store.lastIndex)")
            } catch { damage = damage ?? error }
        }
        if let damage, !allowsWeakerMasking { throw .unknown(table: "every table", damage) }
        return ContractIndex()
    }

    private func compare(_ contracts: [ContractFile], with index: ContractIndex) throws(Failure) {
        var weaker: [WeakerMasking] = []
        for file in contracts {
            let table = file.contract.table
            // A contract that was removed is compared too: without it, removing would be a way around the comparison.
            guard let entry = index.entries[table] ?? index.removed[table], entry.hash != file.hash else { continue }
            let published: Contract
            do throws(PublishedContractError) {
                published = try store.contract(of: table, hash: entry.hash)
            } catch {
                throw .unknown(table: table, error)
            }
            weaker += WeakerMasking.places(from: published, to: file.contract)
        }
        guard weaker.isEmpty else { throw .weaker(weaker) }
    }

    private func object(of file: ContractFile) -> S3Object {
        store.object(of: file.contract.table, hash: file.hash)
    }

    /// Whether the contract is published, undamaged.
    private func isThere(_ file: ContractFile) -> Bool {
        (try? store.objects.get(object(of: file)).bytes) == file.bytes
    }

    private func put(_ file: ContractFile) throws(Failure) {
        do throws(AWSError) {
            try store.objects.put(file.bytes, to: object(of: file), contentType: "application/yaml")
        } catch { throw .aws(error) }
    }

    /// - Returns: whether the stored index was still the one in force.
    private func replace(_ stored: Stored?, by next: ContractIndex) throws(Failure) -> Bool {
        let bytes = next.bytes
        do throws(AWSError) {
            if stored?.bytes != bytes {
                try store.objects.put(
                    bytes, to: store.index, contentType: "application/json",
                    condition: stored?.head.eTag.map { .eTag($0) } ?? .absent)
            }
            guard repairs || stored?.bytes != bytes else { return true }
            let last = repairs ? try? store.objects.get(store.lastIndex).bytes : nil
            if last != bytes { try store.objects.put(bytes, to: store.lastIndex, contentType: "application/json") }
            return true
        } catch  where error.isPreconditionFailed {
            return false
        } catch {
            throw .aws(error)
        }
    }
}

extension ContractPublication.Failure {
    func failure(in pipeline: Pipeline) -> CommandFailure {
        switch self {
        case .weaker(let places):
            .failed(
                "nothing was published, because less would be masked than now:\n"
                    + places.map { "  \($0)" }.joined(separator: "\n")
                    + "\nIf that is intended, publish with --allow-weaker-masking")
        case .unknown(let table, let error):
            .failed(
                "the published contract of \(table) cannot be read, so its masking cannot be compared (\(error)). Nothing was "
                    + "published; --allow-weaker-masking publishes without the comparison")
        case .unreadable(let error): .failed("\(error)")
        case .aws(let error): pipeline.failure(error)
        case .notInForce(let table, let known):
            .usage(
                "no contract of \(table) is in force, so none can be removed; in force are "
                    + (known.isEmpty ? "none" : known.joined(separator: ", ")))
        case .contradiction(let table):
            .usage(
                "\(table) is to be removed, and a contract of it is to be published; delete its file, or drop --remove")
        }
    }
}
