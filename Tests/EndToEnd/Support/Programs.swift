import Foundation

/// Where this package and its executables are.
enum Programs {
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// `CUPEL_BINARIES`, else what `swift build` made in the configuration of this test.
    static let directory: String = {
        #if DEBUG
            let configuration = "debug"
        #else
            let configuration = "release"
        #endif
        return ProcessInfo.processInfo.environment["CUPEL_BINARIES"] ?? "\(packageRoot)/.build/\(configuration)"
    }()

    static var cupel: String { "\(directory)/cupel" }
    static var bronzeWriter: String { "\(directory)/bronze-writer" }

    /// `CUPEL_PYTHON`, else the environment that set-up makes. A missing one fails the test that asks.
    static var python: String {
        ProcessInfo.processInfo.environment["CUPEL_PYTHON"] ?? "\(packageRoot)/.venv/bin/python3"
    }

    /// The real tables, where the folder that holds them stands beside the package.
    static var realData: String? {
        let path = "\(packageRoot)/../shared/data"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// A folder of one test's own, gone when the test is.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "cupel-e2e-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
