internal import Threads

/// A queue between two threads that blocks its sender while it is full and its receiver while it is empty.
final class Channel<Element: Sendable>: @unchecked Sendable {
    // Unchecked: `elements` and `isClosed` are touched under `monitor` only, and the rest never changes.
    private let monitor = Monitor()
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false

    init(capacity: Int) { self.capacity = capacity }

    /// - Returns: whether the element was taken; false once the channel is closed.
    func send(_ element: consuming Element) -> Bool {
        let element = element
        return monitor.locked {
            while elements.count == capacity, !isClosed { monitor.wait() }
            guard !isClosed else { return false }
            elements.append(element)
            monitor.broadcast()
            return true
        }
    }

    /// The oldest element; nil once the channel is closed and empty.
    func receive() -> Element? {
        monitor.locked {
            while elements.isEmpty, !isClosed { monitor.wait() }
            return takeFirst()
        }
    }

    /// The oldest element, if there is one now.
    func receiveIfAny() -> Element? { monitor.locked { takeFirst() } }

    private func takeFirst() -> Element? {
        guard !elements.isEmpty else { return nil }
        monitor.broadcast()
        return elements.removeFirst()
    }

    /// Refuses further elements; queued ones can still be received.
    func close() {
        monitor.locked {
            isClosed = true
            monitor.broadcast()
        }
    }
}
