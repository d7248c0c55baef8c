import TestRandom
import Testing

import CKernels

/// Compares the SIMD kernels with the portable ones.
@Suite struct ColumnKernelTests {
    /// A column's fields in one CSV text, with a comma before and after each.
    private struct Fields {
        var text: [UInt8] = Array(repeating: UInt8(ascii: "9"), count: Int(CK_PADDING))
        var ends: [UInt32] = []

        init(_ fields: [String]) {
            text.append(UInt8(ascii: ","))
            ends.append(UInt32(text.count - 1))
            for field in fields {
                text += Array(field.utf8) + [UInt8(ascii: ",")]
                ends.append(UInt32(text.count - 1))
            }
            text += Array(repeating: UInt8(ascii: "9"), count: Int(CK_PADDING))
        }

        func withKernelFields<Answer>(_ body: (UnsafePointer<ck_fields>, _ rows: Int) -> Answer) -> Answer {
            text.withUnsafeBufferPointer { text in
                ends.withUnsafeBufferPointer { ends in
                    var fields = ck_fields(
                        text: text.baseAddress, before: ends.baseAddress, before_stride: 1,
                        end: ends.baseAddress.map { $0 + 1 }, end_stride: 1)
                    return body(&fields, ends.count - 1)
                }
            }
        }
    }

    private typealias Int64Kernel = (
        UnsafePointer<ck_fields>, Int, Int, Int64, Int64, UnsafeMutablePointer<ck_column>
    ) -> Int

    /// The values, the presence bits, and the rows that the kernel leaves to its caller.
    private func read(
        _ fields: Fields, in range: ClosedRange<Int64>, by kernel: Int64Kernel
    ) -> (values: [Int64], presence: [UInt64], left: [Int]) {
        fields.withKernelFields { fields, rows in
            var values = [Int64](repeating: 0, count: rows + 1)
            var presence = [UInt64](repeating: 0, count: rows / 64 + 1)
            var left: [Int] = []
            let count = values.withUnsafeMutableBufferPointer { values in
                presence.withUnsafeMutableBufferPointer { presence in
                    var column = ck_column(values: values.baseAddress, count: 0, presence: presence.baseAddress)
                    var row = 0
                    while row < rows {
                        row = kernel(fields, row, rows, range.lowerBound, range.upperBound, &column)
                        guard row < rows else { break }
                        left.append(row)
                        row += 1
                    }
                    return column.count
                }
            }
            return (Array(values[..<count]), presence, left)
        }
    }

    private func randomInteger(_ generator: inout SeededGenerator) -> String {
        let digits = Int.random(in: 1...19, using: &generator)
        let number = (0..<digits).map { _ in "\(Int.random(in: 0...9, using: &generator))" }.joined()
        switch Int.random(in: 0..<40, using: &generator) {
        case 0: return ""
        case 1: return "-" + number
        case 2: return "0" + number
        case 3: return "\"\(number)\""
        case 4: return number + " "
        case 5: return String(number.map { $0 == "5" ? "x" : $0 })
        case 6: return "0"
        case 7: return "+" + number
        default: return number
        }
    }

    @Test("integers are read the same with and without SIMD", arguments: 0..<200 as Range<UInt64>)
    func integers(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let fields = (0..<Int.random(in: 0..<300, using: &generator)).map { _ in randomInteger(&generator) }
        for range in [.min ... .max, Int64(Int32.min)...Int64(Int32.max), 100...9999] {
            let fast = read(Fields(fields), in: range, by: ck_int64_column)
            let portable = read(Fields(fields), in: range, by: ck_int64_column_portable)
            #expect(fast == portable, "seed \(seed)")
            let plain = fields.enumerated().filter { row, field in !field.isEmpty && !fast.left.contains(row) }
            #expect(
                fast.values == plain.compactMap { Int64($0.element.filter { $0 != "\"" }) }, "seed \(seed): \(fields)")
            for row in fields.indices {
                let isPresent = fast.presence[row / 64] >> UInt64(row % 64) & 1 == 1
                #expect(isPresent == (!fields[row].isEmpty && !fast.left.contains(row)), "seed \(seed), row \(row)")
            }
        }
    }

    @Test("rows with equal fields are counted up to the first different one") func equalFields() {
        for (fields, count) in [
            (["insert", "insert", "insert"], 3), (["insert", "insert", "delete"], 2), (["", "", "x"], 2),
            (["insert", "inserts"], 1), (["insert", "insetr"], 1),
        ] {
            #expect(Fields(fields).withKernelFields { ck_equal_fields($0, 0, $1) } == count, "\(fields)")
        }
    }
}

@Suite struct UTF8KernelTests {
    @Test("UTF-8 is validated the same with and without SIMD", arguments: 0..<200 as Range<UInt64>)
    func utf8(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0x61], Array("ascii that is longer than a register of the processor".utf8), [0xC3, 0xA9],
            [0xE8, 0x91, 0x89], [0xF0, 0x9F, 0x98, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
            [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        var text = (0..<40).flatMap { _ in pieces.randomElement(using: &generator) ?? [] }
        #expect(ck_utf8_prefix(text, text.count) == text.count, "seed \(seed)")
        for _ in 0..<200 {
            let index = Int.random(in: text.indices, using: &generator)
            let byte = text[index]
            text[index] = UInt8.random(in: .min ... .max, using: &generator)
            // A random end may cut a character, too.
            let count = Int.random(in: 0...text.count, using: &generator)
            #expect(ck_utf8_prefix(text, count) == ck_utf8_prefix_portable(text, count), "seed \(seed)")
            text[index] = byte
        }
    }
}
