#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Why a command could not do its work: what, where, and what to do next.
enum CommandFailure: Error, Sendable, CustomStringConvertible {
    /// The words on the command line do not fit.
    case usage(String)
    /// A file or folder: what was tried, its path, `errno`.
    case file(String, String, Int32)
    /// A file that names itself and says why it cannot be read.
    case unreadable(String)
    /// No emulator, or no AWS, answers.
    case unreachable(String)
    /// What was asked for is not there.
    case notFound(String)
    /// Work was done, and some of it failed.
    case failed(String)
    /// All was said already; only the exit status is left.
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
