internal import Foundation
internal import TestReferee

/// The paths of this package and its executables.
public enum Programs {
    public static let packageRoot = Referee.packageRoot

    /// `CUPEL_BINARIES`, or else the folder of `swift build` in the configuration of this test.
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

    /// `CUPEL_PYTHON`, or else the environment that set-up creates. If it is missing, the test fails.
    public static var python: String { Referee.python }

    /// The output folder of `make package`.
    public static let packages = "\(packageRoot)/.build/package"

    /// Whether there are packages to test. `make test` builds them and sets `CUPEL_PACKAGED`: then none may be missing.
    public static var isPackaged: Bool {
        ProcessInfo.processInfo.environment["CUPEL_PACKAGED"] != nil
            || FileManager.default.fileExists(atPath: "\(packages)/SHA256SUMS")
    }

    /// AWS's Runtime Interface Emulator: `CUPEL_RIE`, or else that of set-up. If it is missing, the test fails.
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

    /// A container registry, which set-up unpacks. If it is missing, the test fails.
    public static let registry = "\(packageRoot)/.build/registry/usr/bin/docker-registry"

    /// The root of a bare Debian, which set-up makes by debootstrap. If it is missing, the test fails.
    public static let debian = "\(packageRoot)/.build/debian"

    /// The folder of the real tables, if it exists.
    public static var realData: String? {
        let path = "\(packageRoot)/../shared/data"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
