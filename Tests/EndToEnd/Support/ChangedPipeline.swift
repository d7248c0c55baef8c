import Foundation
import TestEmulator
import Testing

/// A copy of the pipeline's templates and contracts, which a test can change.
struct ChangedPipeline {
    private let folder: String
    var template: String { "\(folder)/infra/pipeline.yaml" }

    init(in folder: TemporaryDirectory) throws {
        self.folder = folder.path
        let files = FileManager.default
        try files.copyItem(atPath: "\(Programs.packageRoot)/infra", toPath: "\(folder.path)/infra")
        try files.createSymbolicLink(
            atPath: "\(folder.path)/StateMachines", withDestinationPath: "\(Programs.packageRoot)/StateMachines")
    }

    /// Replaces `old`, which must occur once in the file, by `new`.
    func replace(_ old: String, with new: String, in file: String) throws {
        let path = "\(folder)/infra/\(file)"
        let parts = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: old)
        try #require(parts.count == 2, "\(file) has \(parts.count - 1) occurrences of: \(old)")
        try parts.joined(separator: new).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
