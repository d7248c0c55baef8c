import Foundation
import Testing

@testable import BronzeWriter

@Suite struct ChannelTests {
    @Test("elements arrive in order from another thread") func order() {
        let channel = Channel<Int>(capacity: 3)
        let sender = Thread {
            for number in 0..<10_000 { _ = channel.send(number) }
            channel.close()
        }
        sender.start()
        var received: [Int] = []
        while let number = channel.receive() { received.append(number) }
        #expect(received == Array(0..<10_000))
    }

    @Test("a closed channel refuses new elements and delivers those it holds") func closed() {
        let channel = Channel<Int>(capacity: 2)
        #expect(channel.receiveIfAny() == nil)
        #expect(channel.send(1))
        channel.close()
        #expect(!channel.send(2))
        #expect(channel.receive() == 1)
        #expect(channel.receive() == nil && channel.receiveIfAny() == nil)
    }

    @Test("closing wakes a sender that waits for room") func closingWakesSender() {
        let channel = Channel<Int>(capacity: 1)
        #expect(channel.send(1))
        let closer = Thread { channel.close() }
        closer.start()
        #expect(!channel.send(2))
    }
}
