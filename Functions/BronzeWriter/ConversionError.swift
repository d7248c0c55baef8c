internal import Columnar
internal import Contracts
internal import Control
internal import LambdaRuntime

/// Why a raw file did not become bronze.
enum ConversionError: LambdaFailure, CustomStringConvertible {
    /// The event or the command line does not say what to do.
    case usage(String)
    /// The file cannot be read.
    case unreadable(place: String, ColumnarError)
    /// More rows broke the contract than it tolerates.
    case tooManyRejects(count: Int, rowsRead: Int, first: RejectedRow, contract: Contract)
    /// Rules of the contract whose severity is `error` do not hold.
    case qualityFailed([QualityResult], contract: Contract)
    /// The key under which values are hashed cannot be had.
    case badMaskingKey(String)
    /// The object version was deleted or replaced before it was read.
    case objectGone(place: String, version: String)
    case noContract(table: String, reason: String)
    /// The record is of a format or layer that is not this program's.
    case notRaw(place: String)
    case cannotWrite(String, reason: String)
    /// The process was told to end, or its time is nearly over.
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
        case .interrupted: "Interrupted"
        }
    }

    var description: String {
        switch self {
        case .usage(let text): text
        case .unreadable(let place, let error): "\(place): \(error)"
        case .tooManyRejects(let count, let rowsRead, let first, let contract):
            "\(count) of \(rowsRead) rows break the contract \(contract.table) \(contract.version), which tolerates "
                + "\(contract.tolerance.rows) rows or a share of \(contract.tolerance.share); the first is line "
                + "\(first.line), byte \(first.byteOffset)" + (first.column.map { ", column \($0)" } ?? "")
                + ": \(first.message). Mend the file and put it again, or change the contract and replay"
        case .qualityFailed(let results, let contract):
            "the file breaks \(results.count(where: \.isFatal)) of \(results.count) quality rules of the contract "
                + "\(contract.table) \(contract.version): "
                + results.filter(\.isFatal).map(\.description).joined(separator: "; ")
                + ". Nothing of it was written; mend the file and put it again, or change the contract and replay"
        case .badMaskingKey(let reason): reason
        case .objectGone(let place, let version):
            "\(place), version \(version), is gone: it was deleted or replaced before it was read; put the file again"
        case .noContract(let table, let reason):
            "there is no usable contract for the table \(table): \(reason)"
        case .notRaw(let place):
            "\(place) is no raw CSV or JSON file; only records of the bronze layer are converted here"
        case .cannotWrite(let place, let reason): "cannot write \(place): \(reason)"
        case .interrupted:
            "the work had to stop before the file was done (time limit or SIGTERM); nothing is written, try it again"
        }
    }
}
