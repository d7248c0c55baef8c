internal import AWSClient
internal import Columnar
internal import Contracts
internal import Control
internal import PII

/// Looks for personal data in text of which the contract says nothing: columns, and leaves of structs and lists.
///
/// Values are taken at even distances, many of the first batch and some of each later one, so that what is found depends
/// on the text alone.
final class PersonalDataInspector {
    private static let firstSample = 1000
    private static let laterSample = 100
    /// Bytes of a value that are looked at.
    private static let valueLimit = 4096

    private struct Place {
        let column: Int
        /// The place among the column's leaves, where it has several or they repeat.
        let leaf: Int?
        let path: String
        var sample: PersonalDataSample
        var remote: [String: RemoteFinding] = [:]
    }

    private let policy: PersonalDataPolicy
    private let service: PersonalDataService?
    private var places: [Place] = []
    private var isFirst = true

    /// - Parameter service: asked about each place once, beside the detectors here.
    init(_ contract: Contract, _ policy: PersonalDataPolicy, service: PersonalDataService? = nil) {
        self.policy = policy
        self.service = service
        guard policy != .off else { return }
        let due = Set(contract.unclassifiedPlaces)
        for (index, column) in contract.bronzeColumns.enumerated() {
            for (leaf, place) in column.leaves.enumerated() where due.contains(place) {
                places.append(
                    Place(
                        column: index, leaf: column.type.isNested ? leaf : nil, path: place.path,
                        sample: PersonalDataSample(column: place.path)))
            }
        }
    }

    var isNeeded: Bool { !places.isEmpty }

    /// - Throws: ``PersonalDataFound`` where columns must be masked that are not, or what the service throws.
    func inspect(_ batch: Columnar.ColumnBatch) throws {
        guard batch.rowCount > 0 else { return }
        for position in places.indices {
            guard let texts = batch.columns[places[position].column].texts(ofLeaf: places[position].leaf) else {
                continue
            }
            let count = min(texts.count, isFirst ? Self.firstSample : Self.laterSample)
            for number in 0..<count {
                let text = texts[number * texts.count / count].prefix(Self.valueLimit)
                text.withUnsafeBufferPointer { places[position].sample.add($0) }
            }
            if isFirst, let service {
                let values = (0..<count).map { texts[$0 * texts.count / count].prefix(Self.valueLimit) }
                places[position].remote = try service.findings(in: values)
            }
        }
        isFirst = false
        let findings = findings
        if policy.masking != nil, !findings.isEmpty { throw PersonalDataFound(findings: findings) }
    }

    /// What was found so far, in the order of columns and of what is in them.
    var findings: [PersonalDataFinding] {
        places.flatMap { place in
            var found = place.remote
            for (kind, matchedCount) in place.sample.findings {
                // The sample here is the larger one.
                found[kind.rawValue] = RemoteFinding(matchedCount: matchedCount, sampledCount: place.sample.count)
            }
            return found.sorted { $0.key < $1.key }.map { kind, counts in
                PersonalDataFinding(
                    column: place.path, kind: kind, matchedCount: counts.matchedCount,
                    sampledCount: counts.sampledCount, action: policy.rawValue)
            }
        }
    }
}

extension Columnar.ColumnBatch.Column {
    fileprivate func texts(ofLeaf leaf: Int?) -> Columnar.ColumnBatch.ByteArrays? {
        switch (values, leaf) {
        case (.bytes(let texts), nil): return texts
        case (.nested(let nested), let leaf?):
            guard case .bytes(let texts) = nested.leaves[leaf].values else { return nil }
            return texts
        default: return nil
        }
    }
}

/// Places hold personal data and are to be masked: the file is to be read again from its start.
struct PersonalDataFound: Error {
    let findings: [PersonalDataFinding]

    var places: [String] { Set(findings.map(\.column)).sorted() }
}
