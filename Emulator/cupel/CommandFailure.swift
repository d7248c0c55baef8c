#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Why a command failed: what, where, and what to do next.
enum CommandFailure: Error, Sendable, CustomStringConvertible {
    /// The arguments are wrong.
    case usage(String)
    /// An operation on a file or folder failed: the operation, the path, `errno`.
    case file(String, String, Int32)
    /// A file cannot be read; the text names the file and the reason.
    case unreadable(String)
    /// Neither an emulator nor AWS answers.
    case unreachable(String)
    /// Something that the user named does not exist.
    case notFound(String)
    /// Some of the work failed.
    case failed(String)
    /// Everything is printed already; only the exit status is left.
    case silent(status: Int32)

    var description: String {
        switch self {
        case .usage(let text), .unreachable(let text), .notFound(let text), .failed(let text), .unreadable(let text):
            text
        case .silent: ""
        case .file(let attempt, let path, let code): "\(attempt) \(path): \(String(cString: strerror(code)))"
        }
    }

    /// 1 work failed, 2 usage, 3 not found, 4 unreachable, 5 a file could not be read or written.
    var exitStatus: Int32 {
        switch self {
        case .failed: 1
        case .usage: 2
        case .notFound: 3
        case .unreachable: 4
        case .file, .unreadable: 5
        case .silent(let status): status
        }
    }
}
