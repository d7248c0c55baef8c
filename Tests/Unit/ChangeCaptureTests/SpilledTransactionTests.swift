import TestRandom
import Testing

@testable import ChangeCapture

@Suite struct SpilledTransactionTests {
    @Test("messages come back in order, whatever their size") func order() throws {
        var random = SeededGenerator(seed: 7)
        let messages = (0..<400).map { index in
            [UInt8](
                repeating: UInt8(truncatingIfNeeded: index),
                count: index == 200 ? 700_000 : Int.random(in: 0..<3000, using: &random))
        }
        let spilled = try SpilledTransaction(folder: "/tmp")
        for message in messages { try append(message, 1, to: spilled) }
        #expect(try all(spilled) == messages)
    }

    @Test("a subtransaction that ends without effect takes its descendants' messages with it") func abort() throws {
        let spilled = try SpilledTransaction(folder: "/tmp")
        for (message, subtransaction) in [(1, 1), (2, 2), (3, 3), (4, 2)] as [(UInt8, UInt32)] {
            try append([message], subtransaction, to: spilled)
        }
        try spilled.abort(9)
        try spilled.abort(2)
        try append([5], 4, to: spilled)
        try append([6], 1, to: spilled)
        #expect(try all(spilled) == [[1], [5], [6]])
        try spilled.abort(4)
        #expect(try all(spilled) == [[1]])
    }

    private func append(_ message: [UInt8], _ subtransaction: UInt32, to spilled: SpilledTransaction) throws {
        try message.withUnsafeBytes { try spilled.append($0, of: subtransaction) }
    }

    private func all(_ spilled: SpilledTransaction) throws -> [[UInt8]] {
        var messages: [[UInt8]] = []
        try spilled.forEach { messages.append(Array($0)) }
        return messages
    }
}
