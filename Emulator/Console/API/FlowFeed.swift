internal import EmulatorCore
internal import JSON
internal import Synchronization

/// What pages that are open hear: an event each time that the pipeline's counts have changed.
///
/// Any number of pages cost one reading in an interval.
/// - SeeAlso: <https://html.spec.whatwg.org/multipage/server-sent-events.html>
actor FlowFeed {
    private let source: any ConsoleSource
    private var text = ""
    private var read: ContinuousClock.Instant?
    private var reading: Task<String, Never>?

    private let interval: Duration

    init(_ source: any ConsoleSource, every interval: Duration) {
        self.source = source
        self.interval = interval
    }

    /// The counts, as old as the interval at most.
    private func current() async -> String {
        if let read, ContinuousClock.now - read < interval { return text }
        if let reading { return await reading.value }
        let source = source
        let task = Task {
            do throws(ConsoleFault) {
                return try await Console.onThread { () throws(ConsoleFault) in try source.flow(patience: nil) }.text
            } catch {
                return JSON.object(["error": .string(error.description)]).text
            }
        }
        reading = task
        text = await task.value
        read = .now
        reading = nil
        return text
    }

    nonisolated func response() -> HTTPResponse {
        let heard = Heard()
        let stream = ResponseStream { [self] in
            while !Task.isCancelled {
                if !heard.isFirst {
                    do { try await Task.sleep(for: interval) } catch { return nil }
                }
                let now = await current()
                if let piece = heard.piece(now) { return Array(piece.utf8) }
            }
            return nil
        }
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "text/event-stream")]), body: .stream(stream))
    }

    /// What one page has heard last.
    private final class Heard: Sendable {
        private let last = Mutex<(text: String, quiet: Int)?>(nil)

        var isFirst: Bool { last.withLock { $0 == nil } }

        /// Nil if there is nothing to say. A comment now and then finds out that a page is gone.
        func piece(_ text: String) -> String? {
            last.withLock { last in
                guard let known = last, known.text == text else {
                    last = (text, 0)
                    return "event: flow\ndata: \(text)\n\n"
                }
                last = (text, known.quiet + 1)
                return (known.quiet + 1).isMultiple(of: 15) ? ": still here\n\n" : nil
            }
        }
    }
}
