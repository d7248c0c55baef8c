import JSON
import TestRandom
import Testing

@testable import FirehoseTransform

@Suite struct ScanTests {
    private func accepts(_ text: [UInt8]) -> Bool {
        ByteSlice.of(text) { slice in
            var scanner = JSONScanner(slice)
            do {
                try scanner.document { scanner, _ throws(JSONScanner.Fault) in _ = try scanner.value() }
                return true
            } catch {
                return false
            }
        }
    }

    @Test("the scanner accepts exactly what the JSON parser accepts, whatever bytes are changed") func scanner() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let original = Array(
            (#"{ "a" : [1, -0.5e+7, true, null, "é\u00e9\ud83d\ude00 and a long plain text, longer than a vector" ],"#
                + #""": {"b\\":[[],{}], "日本": "😀"}, "c":false}"#).utf8)
        #expect(accepts(original))
        var accepted = 0
        for _ in 0..<20_000 {
            var text = original
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let at = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text[at] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: at)
                default: text.insert(Array(#"{}[],:"\0123456789 eE+-.tfn"#.utf8).randomElement(using: &random)!, at: at)
                }
            }
            let isObject = (try? JSON(parsing: text))?.object != nil
            accepted += isObject ? 1 : 0
            #expect(accepts(text) == isObject, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
        }
        #expect(accepted > 1000)
    }

    @Test("base64 of every length reads back and equals the plain encoder's") func base64() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for length in 0..<400 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            var encoded = ByteWriter(capacity: (length + 2) / 3 * 4)
            ByteSlice.of(bytes) { encoded.appendBase64(of: $0) }
            let text = encoded.slice.string
            #expect(text == bytes.base64, "seed \(seed)")
            var decoded = ByteWriter(capacity: encoded.count / 4 * 3)
            let isAccepted = decoded.appendDecoded(base64: encoded.slice)
            let readBack = decoded.slice.bytes
            #expect(isAccepted && readBack == bytes, "seed \(seed)")
        }
    }

    @Test("a character outside the base64 alphabet is refused at every position") func base64Alphabet() {
        let text = Array([UInt8](repeating: 0x5A, count: 150).base64.utf8)
        for byte in UInt8.min...UInt8.max {
            let isInAlphabet =
                UnicodeScalar(byte).properties.isASCIIHexDigit || "+/".utf8.contains(byte) || isLetter(byte)
            for at in [0, 1, 31, 32, 63, 100, text.count - 2, text.count - 1] {
                // Padding at the very end makes a shorter valid text.
                if byte == UInt8(ascii: "="), at == text.count - 1 { continue }
                var changed = text
                changed[at] = byte
                var decoded = ByteWriter(capacity: 150)
                let isAccepted = ByteSlice.of(changed) { decoded.appendDecoded(base64: $0) }
                #expect(isAccepted == isInAlphabet, "byte \(byte) at \(at)")
            }
        }
    }

    private func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) && byte < 0x80 }
}
