import CKernels
import TestRandom
import Testing

@Suite struct AutomatonKernelTests {
    @Test("texts are accepted the same with and without SIMD", arguments: 0..<100 as Range<UInt64>)
    func simd(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (stateCount, classCount) = (Int(ck_automaton_states), 5)
        let unknown = UInt8(ck_automaton_unknown)
        let classes = (0..<256).map { _ in UInt8.random(in: 0..<UInt8(classCount), using: &random) }
        // At most a few steps lead to the dead state, so that many texts are accepted.
        let dead = Int.random(in: 0...2, using: &random)
        var next = (0..<classCount * stateCount).map { step in
            step % 37 < dead ? unknown : UInt8.random(in: 0..<unknown, using: &random)
        }
        for row in 0..<classCount { next[row * stateCount + Int(unknown)] = unknown }
        let refused = UInt16(1) << UInt16.random(in: 0..<UInt16(unknown), using: &random)
        // Some texts are empty, and some are longer than the kernel reads at once.
        let lengths = (0..<120).map { index in
            UInt32.random(in: 0...(index % 30 == 29 ? 6000 : index % 3 == 0 ? 2 : 40), using: &random)
        }
        let offsets = lengths.reduce(into: [0 as UInt32]) { $0.append($0[$0.count - 1] + $1) }
        let bytes = (0..<Int(offsets[lengths.count])).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        classes.withUnsafeBufferPointer { classes in
            next.withUnsafeBufferPointer { next in
                var automaton = ck_automaton(
                    classes: classes.baseAddress, next: next.baseAddress, start: 3,
                    accepting: 0x7FFF & ~(Bool.random(using: &random) ? refused : 0))
                for first in 0...lengths.count {
                    #expect(
                        ck_first_unaccepted(&automaton, bytes, offsets, first, lengths.count)
                            == ck_first_unaccepted_portable(&automaton, bytes, offsets, first, lengths.count),
                        "seed \(seed), from \(first)")
                }
            }
        }
    }
}
