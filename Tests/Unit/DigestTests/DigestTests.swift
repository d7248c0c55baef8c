import Digest
import TestRandom
import Testing

@Suite struct DigestTests {
    @Test(
        "the standards' own examples",
        arguments: [
            (HashFunction.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
            (.md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha384, "abc",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            ),
            (
                .sha512, "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ])
    func examples(function: HashFunction, text: String, hash: String) {
        #expect(Digest.hash(Array(text.utf8), with: function).hexadecimal == hash)
    }

    @Test("a million bytes in pieces of any size give the hash of the whole") func pieces() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var digest = Digest(.sha256)
        var rest = 1_000_000
        while rest > 0 {
            let count = min(rest, Int.random(in: 0...40_000, using: &random))
            digest.update([UInt8](repeating: UInt8(ascii: "a"), count: count))
            rest -= count
        }
        // FIPS 180-4's third example.
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(digest.finish().hexadecimal == expected, "seed \(seed)")
        #expect(Digest.sha256(String(repeating: "a", count: 1_000_000)).hexadecimal == expected)
    }

    @Test(
        "HMAC-SHA-256 of RFC 4231's test cases 1, 2 and 6",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func authenticationCodes(key: [UInt8], message: String, code: String) {
        #expect(Digest.hmacSHA256(Array(message.utf8), key: key).hexadecimal == code)
    }

    @Test("bytes are equal in constant time only if all of them are") func constantTime() {
        let bytes: [UInt8] = [1, 2, 3]
        #expect(bytes.equalsInConstantTime([1, 2, 3]) && [UInt8]().equalsInConstantTime([]))
        for other in [[], [1, 2], [1, 2, 4], [0, 2, 3], [1, 2, 3, 4]] as [[UInt8]] {
            #expect(!bytes.equalsInConstantTime(other))
        }
    }

    @Test("bytes are written as two lowercase digits each") func hexadecimal() {
        #expect([0, 1, 0x9F, 0xFF].hexadecimal == "00019fff")
        #expect([UInt8]().hexadecimal == "")
    }
}
