#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The program of a worker's process.
package struct FunctionCode: Sendable, Hashable {
    package var executable: String
    package var arguments: [String] = []
    /// `LAMBDA_TASK_ROOT`, and the process's working directory.
    package var taskRoot: String
    /// Changes when the executable is rebuilt, so that workers of the old one are replaced.
    package var fingerprint: String

    package init(executable: String, arguments: [String] = [], taskRoot: String, fingerprint: String) {
        self.executable = executable
        self.arguments = arguments
        self.taskRoot = taskRoot
        self.fingerprint = fingerprint
    }
}

/// Finds the executables of functions and containers. The template names a package for AWS; this folder has the same
/// program under the same name.
package struct ExecutableFolder: Sendable {
    /// Absolute.
    package let path: String

    /// - Parameter path: the folder of `swift build`'s products, such as `.build/release`.
    package init(_ path: String) {
        if let resolved = realpath(path, nil) {
            self.path = String(cString: resolved)
            free(resolved)
        } else {
            self.path = path
        }
    }

    /// The executable for a function whose template says `Code: location`, or for a container's command.
    /// - Parameter location: only the last path component counts, without `.zip`.
    /// - Throws: ``AWSFault``, which names the owner, the path, and the command that builds the executable.
    package func code(at location: String, for owner: String) throws(AWSFault) -> FunctionCode {
        var name = location.split(separator: "/").last.map(String.init) ?? location
        if name.hasSuffix(".zip") { name.removeLast(4) }
        let direct = path + "/" + name
        let packaged = direct + "/bootstrap"
        for (executable, root) in [(packaged, direct), (direct, path)] {
            if let fingerprint = Self.fingerprint(ofExecutable: executable) {
                return FunctionCode(executable: executable, taskRoot: root, fingerprint: fingerprint)
            }
        }
        throw AWSFault(
            "InvalidParameterValueException",
            "\(owner) needs the executable '\(name)' (from '\(location)'), which is not at \(direct); build it with "
                + "`swift build -c release --product \(name)`, or give its folder with --functions.")
    }

    /// Device, inode, size and modification time of an executable regular file; nil for anything else.
    package static func fingerprint(ofExecutable path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else { return nil }
        return "\(status.st_dev).\(status.st_ino).\(status.st_size).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
