internal import Columnar
internal import Contracts
internal import Control
internal import LambdaRuntime
internal import RawFile

/// Why a raw file did not become bronze.
enum ConversionError: LambdaFailure, CustomStringConvertible {
    /// The event or the command line is not valid.
    case usage(String)
    /// The file cannot be read.
    case unreadable(place: String, ColumnarError)
    /// More rows broke the contract than it tolerates.
    case tooManyRejects(count: Int, rowsRead: Int, first: RejectedRow, contract: Contract)
    /// Rules of the contract whose severity is `error` do not hold.
    case qualityFailed([QualityResult], contract: Contract)
    /// The masking key cannot be read, or is too short.
    case badMaskingKey(String)
    /// The object version was deleted or replaced before it was read.
    case objectGone(place: String, version: String)
    case noContract(table: String, reason: String)
    /// The record has a key or a layer that this program does not convert.
    case notRaw(place: String)
    case cannotWrite(String, reason: String)
    /// A newer version of the object has become bronze. It is no error: the record ends as superseded.
    case superseded(by: ControlID)
    /// Another worker has changed the output at the same time.
    case outputChanged(String)
    /// The process received SIGTERM, or its deadline is near.
    case interrupted

    var errorType: String {
        switch self {
        case .usage: "InvalidEvent"
        case .unreadable(_, let error): error.code
        case .tooManyRejects: "ContractBroken"
        case .qualityFailed: "QualityFailed"
        case .badMaskingKey: "BadMaskingKey"
        case .objectGone: "ObjectGone"
        case .noContract: "NoContract"
        case .notRaw: "NotRaw"
        case .cannotWrite: "CannotWrite"
        case .superseded: "Superseded"
        case .outputChanged, .interrupted: "Interrupted"
        }
    }

    /// Whether the same file fails again under the same contract. What a deployment or another attempt may change is not.
    var isPermanent: Bool {
        switch self {
        case .unreadable(_, .missingMaskingKey), .unreadable(_, .unreadable): false
        case .unreadable, .tooManyRejects, .qualityFailed, .objectGone, .notRaw, .usage: true
        case .badMaskingKey, .noContract, .cannotWrite, .superseded, .outputChanged, .interrupted: false
        }
    }

    private static let changeContract =
        "or change the contract, publish it (cupel contract publish) and replay the file"

    var description: String {
        switch self {
        case .usage(let text): text
        case .unreadable(let place, let error): "\(place): \(error)"
        case .tooManyRejects(let count, let rowsRead, let first, let contract):
            "\(count) of \(rowsRead) rows break the contract \(contract.table) \(contract.version), which tolerates "
                + "\(contract.tolerance.rows) rows or a share of \(contract.tolerance.share); the first is line "
                + "\(first.line), byte \(first.byteOffset)" + (first.column.map { ", column \($0)" } ?? "")
                + ": \(first.message). Quarantine lists \(Quarantine.listed(of: count)). "
                + "Fix the file and upload it again, \(Self.changeContract)"
        case .qualityFailed(let results, let contract):
            "the file breaks \(results.count(where: \.isFatal)) of \(results.count) quality rules of the contract "
                + "\(contract.table) \(contract.version): "
                + results.filter(\.isFatal).map(\.description).joined(separator: "; ")
                + ". Nothing was written; fix the file and upload it again, \(Self.changeContract)"
        case .badMaskingKey(let reason): reason
        case .objectGone(let place, let version):
            "\(place), version \(version), is gone: it was deleted or replaced before it was read; upload the file again"
        case .noContract(let table, let reason):
            "no usable contract for the table \(table): \(reason)"
        case .notRaw(let place):
            "\(place) is not a raw file; expected a key raw/<table>/<file> whose name ends in \(RawFileName.endings)"
        case .cannotWrite(let place, let reason): "cannot write \(place): \(reason)"
        case .superseded(let newer): "superseded by the newer version of control record \(newer)"
        case .outputChanged(let place): "\(place): another worker changed it at the same time; retry it"
        case .interrupted:
            "stopped before the file was done (time limit or SIGTERM); nothing was written, retry it"
        }
    }
}
