internal import AWSClient
internal import AWSModels
internal import ContractTools
internal import Contracts
internal import JSON
internal import PublishedContracts

/// Writes contracts to a pipeline's bucket, where its functions notice them.
struct ContractPublication {
    let store: ContractStore
    /// Whether a contract may show more than the published one.
    var allowsWeakerMasking = false
    /// Whether contracts that are in force already are read and compared, and written again if they are damaged.
    var repairs = true

    /// What became of one contract.
    struct Outcome {
        let table: String
        let version: String
        let hash: String
        /// Whether it was in force before.
        let isUnchanged: Bool
    }

    enum Failure: Error {
        case weaker([WeakerMasking])
        /// The published contract of the table cannot be compared.
        case unknown(table: String, PublishedContractError)
        case unreadable(PublishedContractError)
        case aws(AWSError)
    }

    /// Publishes the contracts; those of other tables stay. Either all of them are in force afterwards, or none.
    func publish(_ contracts: [ContractFile]) throws(Failure) -> [Outcome] {
        for _ in 1...5 {
            let stored = try self.stored(store.index)
            let index = try self.index(in: stored)
            if !allowsWeakerMasking { try compare(contracts, with: index) }
            var next = index
            for file in contracts {
                let former = index.entries[file.contract.table]
                guard former?.hash != file.hash else {
                    if repairs, !isThere(file) { try put(file) }
                    continue
                }
                try put(file)
                next.entries[file.contract.table] = ContractIndex.Entry(
                    hash: file.hash, version: file.contract.version, previousHash: former?.hash)
            }
            guard try replace(stored, by: next) else { continue }
            return contracts.map {
                let table = $0.contract.table
                return Outcome(
                    table: table, version: $0.contract.version, hash: $0.hash,
                    isUnchanged: index.entries[table]?.hash == $0.hash)
            }
        }
        throw .unreadable(
            .unreadable(place: "\(store.index)", reason: "others publish at the same time; nothing was published"))
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
            guard let entry = index.entries[table], entry.hash != file.hash else { continue }
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
        }
    }
}
