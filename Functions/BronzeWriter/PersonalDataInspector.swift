internal import AWSClient
internal import Columnar
internal import Contracts
internal import Control
internal import PII

/// Looks for personal data in text columns of which the contract says nothing.
///
/// Values are taken at even distances, many of the first batch and some of each later one, so that what is found depends
/// on the text alone.
final class PersonalDataInspector {
    private static let firstSample = 1000
    private static let laterSample = 100
    /// Bytes of a value that are looked at.
    private static let valueLimit = 4096

    private struct Column {
        let index: Int
        let name: String
        var sample: PersonalDataSample
        var remote: [String: RemoteFinding] = [:]
    }

    private let policy: PersonalDataPolicy
    private let service: PersonalDataService?
    private var columns: [Column] = []
    private var isFirst = true

    /// - Parameter service: asked about each column once, beside the detectors here.
    init(_ contract: Contract, _ policy: PersonalDataPolicy, service: PersonalDataService? = nil) {
        self.policy = policy
        self.service = service
        guard policy != .off else { return }
        let all = contract.bronzeColumns
        columns = contract.unclassifiedColumns.compactMap { name in
            all.firstIndex { $0.name == name }.map {
                Column(index: $0, name: name, sample: PersonalDataSample(column: name))
            }
        }
    }

    var isNeeded: Bool { !columns.isEmpty }

    /// - Throws: ``PersonalDataFound`` where columns must be masked that are not, or what the service throws.
    func inspect(_ batch: Columnar.ColumnBatch) throws {
        guard batch.rowCount > 0 else { return }
        for position in columns.indices {
            guard case .bytes(let texts) = batch.columns[columns[position].index].values else { continue }
            let count = min(texts.count, isFirst ? Self.firstSample : Self.laterSample)
            for number in 0..<count {
                let text = texts[number * texts.count / count].prefix(Self.valueLimit)
                text.withUnsafeBufferPointer { columns[position].sample.add($0) }
            }
            if isFirst, let service {
                let values = (0..<count).map { texts[$0 * texts.count / count].prefix(Self.valueLimit) }
                columns[position].remote = try service.findings(in: values)
            }
        }
        isFirst = false
        let findings = findings
        if policy.masking != nil, !findings.isEmpty { throw PersonalDataFound(findings: findings) }
    }

    /// What was found so far, in the order of columns.
    var findings: [PersonalDataFinding] {
        columns.flatMap { column in
            var found = column.remote
            for (kind, matchedCount) in column.sample.findings {
                // The sample here is the larger one.
                found[kind.rawValue] = RemoteFinding(matchedCount: matchedCount, sampledCount: column.sample.count)
            }
            return found.sorted { $0.key < $1.key }.map { kind, counts in
                PersonalDataFinding(
                    column: column.name, kind: kind, matchedCount: counts.matchedCount,
                    sampledCount: counts.sampledCount, action: policy.rawValue)
            }
        }
    }
}

/// Columns hold personal data and are to be masked: the file is to be read again from its start.
struct PersonalDataFound: Error {
    let findings: [PersonalDataFinding]

    var columns: [String] { Set(findings.map(\.column)).sorted() }
}
