import Foundation

/// A file that is removed with the last reference to it.
final class TemporaryFile {
    let path = NSTemporaryDirectory() + "cupel-test-\(UUID().uuidString)"

    init(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
