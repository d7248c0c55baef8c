internal import AWSClient
internal import Columnar
internal import Columns
internal import Contracts
internal import Control
internal import PII

/// Inspects unclassified text for personal data: columns, and leaves of structs and lists.
///
/// It samples values at even distances, many of the first batch and some of each later one, so the findings depend on the
/// text alone.
final class PersonalDataInspector {
    private static let firstSample = 1000
    private static let laterSample = 100
    /// The bytes of a value that are inspected.
    private static let valueLimit = 4096

    private struct Place {
        let column: Int
        /// The index among the column's leaves.
        let leaf: Int
        let path: String
        var sample: PersonalDataSample
        var remote: [String: RemoteFinding] = [:]
    }

    private let policy: PersonalDataPolicy
    private let service: PersonalDataService?
    private var places: [Place] = []
    private var isFirst = true

    /// - Parameter service: called once for each place, in addition to the local detectors.
    init(_ contract: Contract, _ policy: PersonalDataPolicy, service: PersonalDataService? = nil) {
        self.policy = policy
        self.service = service
        guard policy != .off else { return }
        let unclassified = Set(contract.unclassifiedPlaces)
        for (index, column) in contract.bronzeColumns.enumerated() {
            for (leaf, place) in column.leaves.enumerated() where unclassified.contains(place) {
                places.append(
                    Place(
                        column: index, leaf: leaf, path: place.path, sample: PersonalDataSample(column: place.path)))
            }
        }
    }

    /// What is known after a batch.
    enum Inspection {
        /// The batch may be written.
        case clear
        /// The policy masks what was found, so the contract must mask these places before anything is written.
        case mustMask([PersonalDataFinding])
    }

    /// - Throws: what the service throws.
    func inspect(_ batch: RecordBatch) throws -> Inspection {
        guard !places.isEmpty, batch.rowCount > 0 else { return .clear }
        for position in places.indices {
            let column = batch.columns[places[position].column]
            guard case .byteArray(let texts) = column.leaves[places[position].leaf].values else { continue }
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
        guard policy.masking != nil else { return .clear }
        let findings = findings
        return findings.isEmpty ? .clear : .mustMask(findings)
    }

    /// The findings so far, in the order of the columns and their leaves.
    var findings: [PersonalDataFinding] {
        places.flatMap { place in
            var found = place.remote
            for (kind, matchedCount) in place.sample.findings {
                // The local sample is the larger one.
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
