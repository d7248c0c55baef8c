internal import EmulatorCore
internal import JSON
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `POST /_cupel/reset`: everything is as just after a start in an empty folder, with the templates deployed.
///
/// Nothing of the former state is reused, so nothing of it can be left: the store is closed, which fails what still runs on it,
/// the processes that the emulator started are killed, and a new store with new services takes its place. Requests that come
/// meanwhile wait.
enum Reset {
    static let path = "/_cupel/reset"

    static func respond(
        to request: HTTPRequest, isAllowed: Bool, _ phases: Phases, _ beginning: Beginning
    ) async -> HTTPResponse {
        guard request.method == "POST" else {
            return answer(405, ["message": "expected POST; it removes all data of this emulator"])
        }
        guard isAllowed else {
            return answer(
                403, ["message": "an emulator with --strict-auth is not reset; stop it and remove its folder"])
        }
        do {
            try await phases.replace { former in
                await former.stop()
                killChildren()
                beginning.folder.removeState()
                let state = try await beginning.state()
                // Those that the former services have started while they ended.
                killChildren()
                try await state.services.start()
                return state
            }
            let prepared = try await phases.prepare()
            return answer(200, prepared ?? ["status": "reset"])
        } catch {
            return answer(500, ["message": .string("the reset failed: \(error); restart the emulator")])
        }
    }

    static func answer(to failure: ResetFailure) -> HTTPResponse {
        answer(500, ["message": .string("\(failure)")])
    }

    private static func answer(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }

    /// Kills the functions, tasks and engines that still run. They are children of this process, and nothing else is.
    private static func killChildren() {
        for thread in FolderEntries.names(in: "/proc/self/task") {
            for child in Self.contents(of: "/proc/self/task/\(thread)/children").split(separator: UInt8(ascii: " ")) {
                if let id = pid_t(String(decoding: child, as: UTF8.self)), id > 1 { kill(id, SIGKILL) }
            }
        }
    }
}

extension Reset {
    /// What the kernel's file has, whose size it does not know.
    private static func contents(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(file, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }
}

/// Why no state could take the place of one that was removed.
struct ResetFailure: Error, CustomStringConvertible {
    let description: String
}

/// The state that requests are answered from, and the moments between two.
final class Phases: Sendable {
    private enum Phase: Sendable {
        case running(EmulatorState)
        /// Until the promise is settled.
        case changing(from: EmulatorState, Promise<Void>)
        case failed(EmulatorState, ResetFailure)
    }

    private let phase: Mutex<Phase>
    private let preparation = Mutex<(@Sendable () async throws -> JSON)?>(nil)

    init(_ state: EmulatorState) { phase = Mutex(.running(state)) }

    /// The present state, or the former one while there is none.
    var state: EmulatorState {
        phase.withLock { phase in
            switch phase {
            case .running(let state), .changing(let state, _), .failed(let state, _): state
            }
        }
    }

    /// What answers requests; waits while a reset runs.
    var router: Result<Router, ResetFailure> {
        get async {
            while true {
                let present = phase.withLock { $0 }
                switch present {
                case .running(let state): return .success(state.router)
                case .failed(_, let failure): return .failure(failure)
                case .changing(_, let end):
                    await end.value
                    // A function that was killed meanwhile must not change the new state.
                    if Task.isCancelled { return .failure(ResetFailure(description: "the client has gone")) }
                }
            }
        }
    }

    /// Replaces the state by what `change` makes. One change follows another.
    func replace(_ change: (EmulatorState) async throws -> EmulatorState) async throws {
        let end = Promise<Void>()
        let former = await begin(end)
        defer { end.settle(()) }
        do {
            let state = try await change(former)
            phase.withLock { $0 = .running(state) }
        } catch {
            phase.withLock {
                $0 = .failed(former, ResetFailure(description: "a reset failed: \(error); restart the emulator"))
            }
            throw error
        }
    }

    private func begin(_ end: Promise<Void>) async -> EmulatorState {
        while true {
            let (former, other): (EmulatorState?, Promise<Void>?) = phase.withLock { phase in
                switch phase {
                case .running(let state), .failed(let state, _):
                    phase = .changing(from: state, end)
                    return (state, nil)
                case .changing(_, let other): return (nil, other)
                }
            }
            if let former { return former }
            await other?.value
        }
    }

    func afterReset(_ prepare: @escaping @Sendable () async throws -> JSON) { preparation.withLock { $0 = prepare } }

    func prepare() async throws -> JSON? {
        guard let prepare = preparation.withLock({ $0 }) else { return nil }
        return try await prepare()
    }
}
