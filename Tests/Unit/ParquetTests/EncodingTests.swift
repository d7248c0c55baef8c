import Columns
import TestRandom
import Testing

@testable import Parquet

/// Checks the encoders against decoders written from the specification alone.
struct EncodingTests {
    @Test("integers survive a round trip through DELTA_BINARY_PACKED", arguments: 0..<8 as Range<UInt64>)
    func deltaRoundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 2, 31, 32, 33, 128, 129, 130, 1000] {
            let width = generator.next() % 65
            let wide = (0..<count).map { _ in width == 0 ? 0 : Int64(bitPattern: generator.next()) >> (64 - width) }
            let buffer = ByteBuffer()
            _ = ValueSlice(values: .int64(wide), range: 0..<count).appendDelta(to: buffer)
            #expect(DeltaReader(buffer.bytes()).values() == wide, "seed \(seed), width \(width), count \(count)")

            let narrow = wide.map { Int32(truncatingIfNeeded: $0) }
            buffer.removeAll()
            _ = ValueSlice(values: .int32(narrow), range: 0..<count).appendDelta(to: buffer)
            let read = DeltaReader(buffer.bytes()).values().map { Int32(truncatingIfNeeded: $0) }
            #expect(read == narrow, "seed \(seed), width \(width), count \(count)")
        }
    }

    @Test("dictionary codes lead back to the values, and each key is stored once", arguments: 0..<8 as Range<UInt64>)
    func dictionaryRoundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let distinct = 1 + generator.next() % 5000
        let numbers = (0..<9000).map { _ in Int64(generator.next() % distinct) &* 0x1_0000_0001 }
        let dictionary = ValueDictionary(of: .int64, sizeLimit: 1 << 20)
        #expect(dictionary.encode(ValueSlice(values: .int64(numbers), range: 10..<9000)))
        guard case .int64(let keys) = dictionary.values.values else {
            Issue.record("keys of another type")
            return
        }
        #expect(dictionary.codes.map { keys[Int($0)] } == Array(numbers[10...]), "seed \(seed)")
        #expect(Set(keys).count == keys.count, "seed \(seed)")
    }

    @Test("texts of every length from 0 to 299 get distinct dictionary codes") func textLengths() {
        var offsets: [UInt32] = [0]
        var bytes: [UInt8] = []
        for length in 0..<300 {
            bytes += [UInt8](repeating: 0x61, count: length)
            offsets.append(UInt32(bytes.count))
        }
        let slice = ValueSlice(values: .byteArray(ByteArrays(offsets: offsets, bytes: bytes)), range: 0..<300)
        let dictionary = ValueDictionary(of: .byteArray, sizeLimit: 1 << 20)
        for _ in 0..<2 {
            #expect(dictionary.encode(slice))
            #expect(dictionary.codes == Array(0..<300))
        }
        #expect(dictionary.count == 300)
    }

    @Test("texts that differ in a byte or two get distinct dictionary codes", arguments: 0..<4 as Range<UInt64>)
    func similarTexts(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        // The lengths are those around which hashing and comparing change. The texts use few byte values, zero among
        // them. Neither the longest text of a stripe nor a stripe of one repeated text may change the codes.
        let lengths = [0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49]
        let stripeSize = 500
        var texts: [[UInt8]] = []
        for stripe in 0..<80 {
            let some = lengths.filter { $0 <= [8, 16, 32, 49][stripe % 4] }
            for row in 0..<stripeSize {
                if stripe % 7 == 6, row > 0 {
                    texts.append(texts[texts.count - 1])
                    continue
                }
                let length = some[Int(generator.next() % UInt64(some.count))]
                var text = [UInt8](repeating: 0x61, count: length)
                for _ in 0..<generator.next() % 3 where length > 0 {
                    text[Int(generator.next() % UInt64(length))] = UInt8(generator.next() % 3)
                }
                texts.append(text)
            }
        }
        var offsets: [UInt32] = [0]
        for text in texts { offsets.append(offsets[offsets.count - 1] + UInt32(text.count)) }
        let bytes = Array(texts.joined())
        let dictionary = ValueDictionary(of: .byteArray, sizeLimit: 8 << 20)
        var known: [[UInt8]: UInt32] = [:]
        let stripes = stride(from: 0, to: texts.count, by: stripeSize).map { $0..<$0 + stripeSize }
        for range in [0..<1] + stripes {
            #expect(
                dictionary.encode(
                    ValueSlice(values: .byteArray(ByteArrays(offsets: offsets, bytes: bytes)), range: range)))
            let expected = texts[range].map { text in
                let code = known[text, default: UInt32(known.count)]
                known[text] = code
                return code
            }
            #expect(dictionary.codes == expected, "seed \(seed), texts \(range)")
        }
        guard case .byteArray(let keys) = dictionary.values.values else {
            Issue.record("keys of another type")
            return
        }
        for (text, code) in known {
            #expect(Array(keys[Int(code)]) == text, "seed \(seed), code \(code)")
        }
    }

    @Test("a text dictionary refuses the value that exceeds its 524288 codes") func dictionaryCapacity() {
        let most = 1 << 19
        let bytes = (0...UInt32(most)).flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let texts = ColumnValues.byteArray(ByteArrays(offsets: (0...UInt32(most + 1)).map { 4 * $0 }, bytes: bytes))
        let dictionary = ValueDictionary(of: .byteArray, sizeLimit: 1 << 30)
        #expect(dictionary.encode(ValueSlice(values: texts, range: 0..<most)))
        #expect(dictionary.codes == Array(0..<UInt32(most)))
        #expect(dictionary.encode(ValueSlice(values: texts, range: 7..<9)))
        #expect(dictionary.codes == [7, 8])
        #expect(!dictionary.encode(ValueSlice(values: texts, range: most..<most + 1)))
    }

    @Test("0.0 and -0.0 are two dictionary keys, and all NaNs are one") func signedZeros() {
        let dictionary = ValueDictionary(of: .double, sizeLimit: 1 << 20)
        #expect(dictionary.encode(ValueSlice(values: .double([0.0, -0.0, .nan, 0.0, .nan]), range: 0..<5)))
        #expect(dictionary.codes == [0, 1, 2, 0, 2])
    }

    @Test("the page checksum is gzip's CRC-32") func checksumCheckValue() {
        let buffer = ByteBuffer()
        buffer.append(Array("123456789".utf8))
        #expect(buffer.crc32 == 0xCBF4_3926)
    }

    @Test("the page checksum matches a bitwise CRC-32 at every length") func checksumLengths() {
        var generator = SeededGenerator(seed: 32)
        let buffer = ByteBuffer()
        var remainder = ~UInt32(0)
        for length in 0...700 {
            #expect(buffer.crc32 == ~remainder, "\(length) bytes")
            let byte = UInt8(truncatingIfNeeded: generator.next())
            buffer.append(byte)
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    @Test("BYTE_STREAM_SPLIT writes byte k of each value to stream k", arguments: [1, 2, 63, 64, 65, 127, 200])
    func byteStreamSplit(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let values = (0..<count + 3).map { _ in Int64(bitPattern: generator.next()) }
        let buffer = ByteBuffer()
        ValueSlice(values: .int64(values), range: 3..<count + 3).appendByteStreamSplit(to: buffer)
        let streams = (0..<8).flatMap { byte in values[3...].map { UInt8(truncatingIfNeeded: $0 >> (8 * byte)) } }
        #expect(buffer.bytes() == streams)
    }
}

/// Decodes DELTA_BINARY_PACKED one bit at a time.
private struct DeltaReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    private mutating func zigzag() -> Int64 {
        let value = varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    func values() -> [Int64] {
        var reader = self
        let blockSize = Int(reader.varint())
        let miniblocks = Int(reader.varint())
        let total = Int(reader.varint())
        var last = reader.zigzag()
        var values = total > 0 ? [last] : []
        while values.count < total {
            let least = reader.zigzag()
            let widths = reader.bytes[reader.position..<reader.position + miniblocks]
            reader.position += miniblocks
            for width in widths where values.count < total {
                for index in 0..<blockSize / miniblocks {
                    var delta: UInt64 = 0
                    for bit in 0..<Int(width) {
                        let at = index * Int(width) + bit
                        delta |= UInt64(reader.bytes[reader.position + at / 8] >> (at % 8) & 1) << bit
                    }
                    guard values.count < total else { continue }
                    last = last &+ least &+ Int64(bitPattern: delta)
                    values.append(last)
                }
                reader.position += blockSize / miniblocks * Int(width) / 8
            }
        }
        #expect(reader.position == reader.bytes.count)
        return values
    }
}
