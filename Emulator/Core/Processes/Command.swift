/// A program to run, with its arguments and its whole environment.
package struct Command: Sendable {
    /// Absolute, or relative to the emulator's working directory.
    package var path: String
    /// Without the program's own name.
    package var arguments: [String] = []
    package var environment: [String: String] = [:]
    /// The working directory; nil is the emulator's own.
    package var directory: String?
    /// Whether the process reads what ``ChildProcess/write(_:)`` sends, instead of an empty input.
    package var readsInput = false

    package init(
        path: String, arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }
}

/// How a process ended.
package enum ProcessEnd: Sendable, Hashable {
    case status(Int32)
    case signal(Int32)

    /// The exit code as in a shell's `$?` and in ECS: 128 + the number for a signal.
    package var exitCode: Int32 {
        switch self {
        case .status(let status): status
        case .signal(let number): 128 + number
        }
    }

    /// In Lambda's words: `exit status 4`, `signal: killed`.
    package var text: String {
        switch self {
        case .status(let status): "exit status \(status)"
        case .signal(let number): "signal: \(Self.signalNames[number] ?? "signal \(number)")"
        }
    }

    private static let signalNames: [Int32: String] = [
        1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap", 6: "aborted",
        7: "bus error", 8: "floating point exception", 9: "killed", 11: "segmentation fault", 13: "broken pipe",
        14: "alarm clock", 15: "terminated",
    ]
}

/// Why a process could not be started.
package struct ProcessError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "cannot start \(path): \(reason)" }
}
