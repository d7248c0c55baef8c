import Synchronization
import Testing
import Threads

@Suite struct SystemThreadTests {
    @Test("a joined thread has run to its end") func join() {
        let sum = Mutex(0)
        let threads = (1...8).map { number in SystemThread { sum.withLock { $0 += number } } }
        for thread in threads { thread.join() }
        #expect(sum.withLock { $0 } == 36)
    }

    @Test("what a body holds is freed with its thread") func ownership() {
        final class Held: Sendable {}
        weak var held: Held?
        do {
            let object = Held()
            held = object
            SystemThread { _ = object }.join()
        }
        #expect(held == nil)
    }

    @Test("a detached thread runs on by itself") func detach() async {
        await withCheckedContinuation { continuation in
            SystemThread { continuation.resume() }.detach()
        }
    }
}
