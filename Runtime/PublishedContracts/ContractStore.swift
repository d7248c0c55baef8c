public import AWSClient
public import AWSModels
public import Contracts
internal import Digest
internal import Publication

/// The objects of published contracts in one bucket.
public struct ContractStore: Sendable {
    public let bucket: String
    public let objects: ObjectStore

    public init(bucket: String, objects: ObjectStore) {
        self.bucket = bucket
        self.objects = objects
    }

    /// The index in force.
    public var index: S3Object { S3Object(bucket: bucket, key: "contracts/current.json") }
    /// The copy of the index.
    public var lastIndex: S3Object { S3Object(bucket: bucket, key: "contracts/last.json") }

    public func object(of table: String, hash: String) -> S3Object {
        S3Object(bucket: bucket, key: "contracts/\(table)/\(hash).odcs.yaml")
    }

    /// The hash under which a contract is published.
    public static func hash(of contract: [UInt8]) -> String { Digest.sha256(contract).hexadecimal }

    /// An index unless it still has the entity tag `eTag`.
    func index(
        at object: S3Object, since eTag: String? = nil
    ) throws(PublishedContractError) -> (index: ContractIndex, eTag: String?)? {
        let read: (head: ObjectHead, bytes: [UInt8])?
        do throws(AWSError) { read = try objects.getIfChanged(object, since: eTag) } catch { throw .aws(error) }
        guard let read else { return nil }
        return (try ContractIndex(parsing: read.bytes, at: "\(object)"), read.head.eTag)
    }

    /// A published contract.
    /// - Throws: ``PublishedContractError/unreadable(place:reason:)`` if it is missing, damaged or not valid.
    public func contract(of table: String, hash: String) throws(PublishedContractError) -> Contract {
        let object = object(of: table, hash: hash)
        let bytes: [UInt8]
        do throws(AWSError) {
            bytes = try objects.get(object).bytes
        } catch  where error.isNotFound || error.isForbidden {
            throw .unreadable(place: "\(object)", reason: "the contract is missing (\(error))")
        } catch {
            throw .aws(error)
        }
        guard Self.hash(of: bytes) == hash else {
            throw .unreadable(place: "\(object)", reason: "the contract has changed since it was published")
        }
        let contract: Contract
        do throws(ContractError) {
            contract = try Contract(
                parsing: String(decoding: bytes, as: UTF8.self), file: "\(object)", table: table)
        } catch .unknownTable(_, let known) {
            let tables = known.joined(separator: ", ")
            throw .unreadable(place: "\(object)", reason: "the contract describes the table \(tables)")
        } catch {
            throw .unreadable(place: "\(object)", reason: "\(error)")
        }
        return contract
    }
}
