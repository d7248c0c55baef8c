import Foundation
import TestEmulator
import Testing

/// The pipeline's own templates and contracts in a folder of the test's, for what it needs otherwise.
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

    /// Puts `new` where `old` stands once in the file.
    func replace(_ old: String, with new: String, in file: String) throws {
        let path = "\(folder)/infra/\(file)"
        let parts = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: old)
        try #require(parts.count == 2, "\(file) has \(parts.count - 1) times: \(old)")
        try parts.joined(separator: new).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
