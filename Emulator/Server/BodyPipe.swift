import Synchronization

/// Carries the body of a request from the event loop to the task that answers, with a bounded buffer.
///
/// Once ``limit`` bytes are buffered, the socket is not read until the reader has consumed half of them and `wanted` is
/// called. A slow reader therefore slows the sender down.
final class BodyPipe: Sendable {
    private enum End {
        case open
        case complete
        case failed(any Error)
    }

    private struct State {
        var pieces: [[UInt8]] = []
        var first = 0
        var bufferedBytes = 0
        var end = End.open
        var reader: CheckedContinuation<[UInt8]?, any Error>?
        var paused: Bool
    }

    private static let limit = 256 << 10
    private let state: Mutex<State>
    private let wanted: @Sendable () -> Void

    /// - Parameters:
    ///   - startsPaused: whether reading starts only when the reader asks for the first piece.
    ///   - wanted: called on any thread when reading resumes after a pause.
    init(startsPaused: Bool, wanted: @escaping @Sendable () -> Void) {
        state = Mutex(State(paused: startsPaused))
        self.wanted = wanted
    }

    /// Whether to read the socket now. If not, `wanted` is called later.
    func wantsMore() -> Bool {
        state.withLock { state in
            guard case .open = state.end else { return false }
            if state.bufferedBytes >= Self.limit { state.paused = true }
            return !state.paused
        }
    }

    func offer(_ piece: [UInt8]) {
        let reader = state.withLock { state in
            if let reader = state.reader {
                state.reader = nil
                return Optional(reader)
            }
            state.pieces.append(piece)
            state.bufferedBytes += piece.count
            return nil
        }
        reader?.resume(returning: piece)
    }

    func complete() { close(.complete)?.resume(returning: nil) }

    /// Ends the body early; the bytes received so far stay readable.
    func fail(_ error: any Error) { close(.failed(error))?.resume(throwing: error) }

    private func close(_ end: End) -> CheckedContinuation<[UInt8]?, any Error>? {
        state.withLock { state in
            guard case .open = state.end else { return nil }
            state.end = end
            defer { state.reader = nil }
            return state.reader
        }
    }

    /// The next piece, or nil at the end. Only one caller at a time may wait.
    func next() async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            var resume = false
            let ready: Result<[UInt8]?, any Error>? = state.withLock { state in
                defer {
                    if state.paused, state.bufferedBytes < Self.limit / 2, case .open = state.end {
                        state.paused = false
                        resume = true
                    }
                }
                if state.first < state.pieces.count {
                    let piece = state.pieces[state.first]
                    state.first += 1
                    state.bufferedBytes -= piece.count
                    if state.first == state.pieces.count {
                        state.pieces.removeAll(keepingCapacity: true)
                        state.first = 0
                    }
                    return .success(piece)
                }
                switch state.end {
                case .complete: return .success(nil)
                case .failed(let error): return .failure(error)
                case .open:
                    state.reader = continuation
                    return nil
                }
            }
            if resume { wanted() }
            if let ready { continuation.resume(with: ready) }
        }
    }
}
