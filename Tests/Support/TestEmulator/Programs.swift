internal import Foundation
internal import TestReferee

/// Where this package and its executables are.
public enum Programs {
    public static let packageRoot = Referee.packageRoot

    /// `CUPEL_BINARIES`, else what `swift build` made in the configuration of this test.
    public static let directory: String = {
        #if DEBUG
            let configuration = "debug"
        #else
            let configuration = "release"
        #endif
        return ProcessInfo.processInfo.environment["CUPEL_BINARIES"] ?? "\(packageRoot)/.build/\(configuration)"
    }()

    public static var cupel: String { "\(directory)/cupel" }
    public static var bronzeWriter: String { "\(directory)/bronze-writer" }

    /// `CUPEL_PYTHON`, else the environment that set-up makes. A missing one fails the test that asks.
    public static var python: String { Referee.python }

    /// What `make package` made.
    public static let packages = "\(packageRoot)/.build/package"

    /// Whether there are packages to try. `make test`, which makes them, sets `CUPEL_PACKAGED`: there a missing one is a fault.
    public static var isPackaged: Bool {
        ProcessInfo.processInfo.environment["CUPEL_PACKAGED"] != nil
            || FileManager.default.fileExists(atPath: "\(packages)/SHA256SUMS")
    }

    /// AWS's Runtime Interface Emulator: `CUPEL_RIE`, else the one that set-up gets. A missing one fails the test that asks.
    public static var runtimeInterfaceEmulator: String {
        #if arch(arm64)
            let program = "samcli/local/rapid/aws-lambda-rie-arm64"
        #else
            let program = "samcli/local/rapid/aws-lambda-rie-x86_64"
        #endif
        let libraries = "\(packageRoot)/.venv-rie/lib"
        let python = (try? FileManager.default.contentsOfDirectory(atPath: libraries))?.first ?? "python3"
        return ProcessInfo.processInfo.environment["CUPEL_RIE"] ?? "\(libraries)/\(python)/site-packages/\(program)"
    }

    /// A container registry, which set-up unpacks. A missing one fails the test that asks.
    public static let registry = "\(packageRoot)/.build/registry/usr/bin/docker-registry"

    /// The real tables, where the folder that holds them stands beside the package.
    public static var realData: String? {
        let path = "\(packageRoot)/../shared/data"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
