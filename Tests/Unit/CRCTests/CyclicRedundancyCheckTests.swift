import CRC
import TestRandom
import Testing

@Suite struct CyclicRedundancyCheckTests {
    typealias Algorithm = CyclicRedundancyCheck.Algorithm

    @Test(
        "the catalogue's check values",
        arguments: [
            (Algorithm.crc32, 0xCBF4_3926), (.crc32c, 0xE306_9283), (.crc64nvme, 0xAE8B_1486_0A79_9888),
        ] as [(Algorithm, UInt64)])
    func checkValues(algorithm: Algorithm, value: UInt64) {
        var check = CyclicRedundancyCheck(algorithm)
        #expect(check.value == 0)
        check.update(Array("123456789".utf8))
        #expect(check.value == value)
    }

    @Test("a value is written in big-endian bytes") func bigEndian() {
        #expect(Algorithm.crc32c.bytes(of: 0x0102_0304) == [1, 2, 3, 4])
        #expect(Algorithm.crc64nvme.bytes(of: 0x0102_0304) == [0, 0, 0, 0, 1, 2, 3, 4])
    }

    @Test("every length gives what one bit at a time gives", arguments: [Algorithm.crc32, .crc32c, .crc64nvme])
    func everyLength(algorithm: Algorithm) {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<700).map { _ in UInt8.random(in: 0...255, using: &random) }
        var remainder = ones(algorithm)
        for length in 0...bytes.count {
            var check = CyclicRedundancyCheck(algorithm)
            check.update(Array(bytes[..<length]))
            #expect(check.value == remainder ^ ones(algorithm), "seed \(seed): \(length) bytes")
            if length < bytes.count { remainder = step(remainder, bytes[length], algorithm) }
        }
    }

    @Test(
        "pieces give what the whole gives, and so do their joined checks",
        arguments: [Algorithm.crc32, .crc32c, .crc64nvme])
    func pieces(algorithm: Algorithm) {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let bytes = (0..<Int.random(in: 0...3000, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var whole = CyclicRedundancyCheck(algorithm)
            whole.update(bytes)
            var inPieces = CyclicRedundancyCheck(algorithm)
            var joined: UInt64 = 0
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 1...300, using: &random)))
                rest = rest.dropFirst(piece.count)
                inPieces.update(piece)
                var alone = CyclicRedundancyCheck(algorithm)
                alone.update(piece)
                joined = CyclicRedundancyCheck.joined(joined, alone.value, count: piece.count, algorithm)
            }
            #expect(inPieces.value == whole.value, "seed \(seed)")
            #expect(joined == whole.value, "seed \(seed)")
        }
    }

    private func ones(_ algorithm: Algorithm) -> UInt64 { .max >> UInt64(64 - algorithm.width) }

    private func step(_ remainder: UInt64, _ byte: UInt8, _ algorithm: Algorithm) -> UInt64 {
        let polynomials: [Algorithm: UInt64] = [
            .crc32: 0xEDB8_8320, .crc32c: 0x82F6_3B78, .crc64nvme: 0x9A6C_9329_AC4B_C9B5,
        ]
        return (0..<8).reduce(remainder ^ UInt64(byte)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ (polynomials[algorithm] ?? 0) : value >> 1
        }
    }
}
