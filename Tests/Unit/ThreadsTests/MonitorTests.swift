import Testing
import Threads

@Suite struct MonitorTests {
    /// A number that threads change under the monitor's lock. Unchecked: the lock guards it.
    private final class Counter: @unchecked Sendable {
        let monitor = Monitor()
        var value = 0
        var waiting = 0
    }

    @Test("no increment under the lock is lost") func exclusion() {
        let counter = Counter()
        let threads = (0..<4).map { _ in
            SystemThread {
                for _ in 0..<10_000 { counter.monitor.locked { counter.value += 1 } }
            }
        }
        for thread in threads { thread.join() }
        #expect(counter.value == 40_000)
    }

    @Test("a waiter sees what the signalling thread wrote") func signal() {
        let counter = Counter()
        let thread = SystemThread {
            counter.monitor.locked {
                counter.value = 1
                counter.monitor.signal()
            }
        }
        counter.monitor.locked {
            while counter.value == 0 { counter.monitor.wait() }
        }
        thread.join()
        #expect(counter.value == 1)
    }

    @Test("a broadcast wakes every waiter") func broadcast() {
        let counter = Counter()
        let threads = (0..<4).map { _ in
            SystemThread {
                counter.monitor.locked {
                    counter.waiting += 1
                    while counter.value == 0 { counter.monitor.wait() }
                }
            }
        }
        // Under the lock, a thread that was counted waits.
        while counter.monitor.locked({ counter.waiting < threads.count }) {}
        counter.monitor.locked {
            counter.value = 1
            counter.monitor.broadcast()
        }
        for thread in threads { thread.join() }
        #expect(counter.waiting == 4)
    }

    @Test("a wait with a deadline ends without a signal, and says so") func deadline() {
        let monitor = Monitor()
        monitor.locked {
            // A condition may also wake for no reason, which is no end.
            var isOver = false
            while !isOver { isOver = !monitor.wait(until: .now + .milliseconds(1)) }
            #expect(!monitor.wait(until: .now - .seconds(1)))
        }
    }

    @Test("another thread takes the lock while it is given up") func unlocked() {
        let counter = Counter()
        counter.monitor.locked {
            counter.monitor.unlocked {
                SystemThread { counter.monitor.locked { counter.value = 1 } }.join()
            }
            #expect(counter.value == 1)
        }
    }
}
