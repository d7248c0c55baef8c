internal import Foundation
internal import Threads

/// A program that a test starts.
///
/// Foundation's `Process` notices an end by a socket that the child holds, and a child that another thread starts in the same
/// moment may hold it, too: the end of a command is then noticed only at the end of an emulator, and two tests whose
/// processes hold each other's sockets wait for ever. Here the child gets no descriptor but 0, 1 and 2, and a thread waits
/// for it by its number. Its signals are neither blocked nor ignored.
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The log says at once which tests have ended: a full buffer is only written after some dozens.
    ///
    /// The variable is looked up by its name, because Swift sees no order among those who use it; `setvbuf` locks.
    private static let writesLines =
        dlsym(nil, "stdout").map { setvbuf($0.load(as: UnsafeMutablePointer<FILE>.self), nil, _IOLBF, 0) == 0 } ?? false

    public let identifier: Int32
    private let end = End()

    /// Starts the program, in a process group of its own.
    ///
    /// - Parameters:
    ///   - variables: its whole environment; nil for this process's.
    ///   - input: the file that it reads; nil for none.
    ///   - output: the file behind whose end it writes; nil to discard that. It is created if it is missing.
    ///   - errors: the same for what it complains of.
    /// - Throws: ``Failure`` if the program cannot be started.
    public init(
        _ path: String, _ arguments: [String], variables: [String: String]? = nil, input: String? = nil,
        output: String? = nil, errors: String? = nil
    ) throws {
        _ = Self.writesLines
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        for (descriptor, file) in [(Int32(1), output), (2, errors)] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, file ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        closeFrom(&actions, 3)
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let environment = variables ?? ProcessInfo.processInfo.environment
        var child = pid_t()
        let failure = Self.withStrings([path] + arguments) { words in
            Self.withStrings(environment.map { "\($0)=\($1)" }) {
                posix_spawn(&child, path, &actions, &attributes, words, $0)
            }
        }
        guard failure == 0 else { throw Failure(description: "\(path): \(String(cString: strerror(failure)))") }
        identifier = child
        let (end, process) = (end, child)
        SystemThread {
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            end.set(signal == 0 ? status >> 8 & 0xff : 128 + signal)
        }.detach()
    }

    public var isRunning: Bool { end.status == nil }

    /// The exit status, or 128 and the signal that ended it, as shells say; nil while it runs.
    public var status: Int32? { end.status }

    /// Sends a signal, if it runs.
    public func send(_ signal: Int32) {
        if isRunning { kill(identifier, signal) }
    }

    /// Waits for the end; blocks the thread.
    /// - Returns: ``status``.
    @discardableResult public func wait() -> Int32 { end.wait() }

    /// Waits for the end.
    /// - Returns: ``status``.
    @discardableResult public func ended() async -> Int32 {
        await withCheckedContinuation { continuation in end.notify { continuation.resume(returning: $0) } }
    }

    /// Sends a signal and waits for the end; a process that still runs after two minutes is killed.
    /// - Returns: ``status``: 137 if it was killed.
    public func stop(by signal: Int32) -> Int32 {
        send(signal)
        return end.wait(seconds: 120)
            ?? {
                send(SIGKILL)
                return end.wait()
            }()
    }

    /// Calls `body` with a list of C strings that ends with nil.
    private static func withStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }
}

/// glibc's header shows it to GNU sources only.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
@discardableResult private func closeFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: Int32)
    -> Int32

/// How a process ended, once it has.
private final class End: @unchecked Sendable {
    // Sendable: the monitor guards both.
    private let monitor = Monitor()
    private var known: Int32?
    private var waiting: [@Sendable (Int32) -> Void] = []

    var status: Int32? { monitor.locked { known } }

    func set(_ status: Int32) {
        let waiting = monitor.locked {
            known = status
            monitor.broadcast()
            return self.waiting
        }
        for notify in waiting { notify(status) }
    }

    func wait() -> Int32 {
        monitor.locked {
            while true {
                if let known { return known }
                monitor.wait()
            }
        }
    }

    /// - Returns: nil if there is none after so many seconds.
    func wait(seconds: Int) -> Int32? {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        return monitor.locked {
            while known == nil, monitor.wait(until: deadline) {}
            return known
        }
    }

    func notify(_ body: @escaping @Sendable (Int32) -> Void) {
        let known: Int32? = monitor.locked {
            if self.known == nil { waiting.append(body) }
            return self.known
        }
        if let known { body(known) }
    }
}
