import TestRandom
import Testing

import CKernels

/// Text with the padding that kernels may read around it.
private struct PaddedText: ~Copyable {
    let text: UnsafeMutablePointer<UInt8>
    let count: Int
    private let allocation: UnsafeMutablePointer<UInt8>

    init(_ bytes: [UInt8]) {
        let padding = Int(CK_PADDING)
        allocation = .allocate(capacity: bytes.count + 2 * padding)
        allocation.initialize(repeating: UInt8(ascii: "\""), count: bytes.count + 2 * padding)
        text = allocation + padding
        text.update(from: bytes, count: bytes.count)
        count = bytes.count
    }

    deinit { allocation.deallocate() }
}

private func randomBytes(_ alphabet: String, count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    let alphabet = Array(alphabet.utf8)
    return (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
}

@Suite struct KernelTests {
    private func indexed(
        _ bytes: [UInt8], by kernel: (UnsafePointer<UInt8>, Int, Int, UnsafeMutablePointer<ck_csv_index>) -> Void
    ) -> [[UInt32]] {
        var separators = [UInt32](repeating: 0, count: bytes.count + 200)
        var rowEnds = [UInt32](repeating: 0, count: bytes.count + 200)
        let text = PaddedText(bytes)
        return separators.withUnsafeMutableBufferPointer { separators in
            rowEnds.withUnsafeMutableBufferPointer { rowEnds in
                var index = ck_csv_index()
                index.dialect.delimiter = UInt8(ascii: ",")
                (index.separators, index.separator_capacity) = (separators.baseAddress, separators.count)
                (index.row_ends, index.row_capacity) = (rowEnds.baseAddress, rowEnds.count)
                kernel(text.text, 0, text.count, &index)
                return [
                    Array(separators[..<index.separator_count]), Array(rowEnds[..<index.row_count]),
                    [index.has_quotes ? 1 : 0],
                ]
            }
        }
    }

    @Test("CSV is indexed the same with and without SIMD", arguments: 0..<200 as Range<UInt64>)
    func csvIndex(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = seed % 2 == 0 ? "abc,\n" : "ab,\"\"\n\r"
        let bytes = randomBytes(alphabet, count: Int.random(in: 0..<400, using: &generator), &generator)
        let fast = indexed(bytes, by: ck_csv_index_rows)
        #expect(fast == indexed(bytes, by: ck_csv_index_rows_portable), "seed \(seed)")
        guard seed % 2 == 0 else { return }
        // Without quotes, every comma and newline counts.
        let last = bytes.lastIndex(of: 0x0A) ?? -1
        let expected = bytes.indices.filter { $0 <= last && (bytes[$0] == 0x0A || bytes[$0] == 0x2C) }.map(UInt32.init)
        #expect(fast[0] == expected, "seed \(seed)")
    }

    @Test("the end of a JSON string is found with and without SIMD", arguments: 0..<100 as Range<UInt64>)
    func stringEnd(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bytes = randomBytes("abcdefgh é ÿ", count: Int.random(in: 0..<100, using: &generator), &generator)
        bytes.append([0x22, 0x5C, 0x0A, 0x00, 0x1F].randomElement(using: &generator) ?? 0)
        let text = PaddedText(bytes)
        #expect(ck_json_string_stop(text.text, 0) == bytes.count - 1, "seed \(seed)")
        #expect(ck_json_string_stop_portable(text.text, 0) == bytes.count - 1, "seed \(seed)")
    }

    @Test("bytes are counted") func byteCount() {
        var generator = SeededGenerator(seed: 9)
        for count in [0, 1, 254, 255, 256, 257, 5000] {
            let bytes = randomBytes("a\n", count: count, &generator)
            #expect(ck_count_byte(bytes, bytes.count, 0x0A) == bytes.count { $0 == 0x0A })
        }
        #expect(ck_count_byte([UInt8](repeating: 0x0A, count: 10_000), 10_000, 0x0A) == 10_000)
    }

    @Test("UTF-8 is valid where Swift's decoder repairs nothing", arguments: 0..<200 as Range<UInt64>)
    func utf8Validity(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0x61], Array("ascii that is longer than a register of the processor, by some way".utf8), [0xC3, 0xA9],
            [0xE8, 0x91, 0x89], [0xF0, 0x9F, 0x98, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
            [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        let broken: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE8, 0x91], [0xF0, 0x9F, 0x98],
        ]
        let valid = (0..<8).flatMap { _ in pieces.randomElement(using: &generator) ?? [] }
        #expect(ck_utf8_prefix(valid, valid.count) == valid.count, "seed \(seed)")
        let bad = valid + (broken.randomElement(using: &generator) ?? []) + [0x61] + valid
        #expect(ck_utf8_prefix(bad, bad.count) == valid.count, "seed \(seed)")
        #expect(Array(String(decoding: bad, as: UTF8.self).utf8) != bad)
    }
}
