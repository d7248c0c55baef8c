import Foundation
import Testing

@testable import GoldBuild

/// Requests that wait at the same time.
@Suite struct ConcurrentTests {
    private struct Failure: Error, Hashable {
        let place: Int
    }

    @Test("outputs come in the order of the items, however long each takes", arguments: [0, 1, 2, 7, 100])
    func order(count: Int) throws {
        let outputs = try concurrently(Array(0..<count)) { item in
            usleep(useconds_t((item * 7919) % 500))
            return item * 2
        }
        #expect(outputs == (0..<count).map { $0 * 2 })
    }

    @Test("items wait at the same time: the first ends only when the second has begun") func together() throws {
        let second = DispatchSemaphore(value: 0)
        let outputs = try concurrently([0, 1]) { item in
            if item == 1 { second.signal() }
            return item == 1 || second.wait(timeout: .now() + 60) == .success
        }
        #expect(outputs == [true, true])
    }

    @Test("an error is thrown, and what has not begun is left out") func failure() {
        let begun = NSLock()
        nonisolated(unsafe) var count = 0
        #expect(throws: Failure(place: 3)) {
            try concurrently(Array(0..<100_000)) { item in
                begun.withLock { count += 1 }
                if item == 3 { throw Failure(place: 3) }
            }
        }
        #expect(count < 100_000)
    }
}
