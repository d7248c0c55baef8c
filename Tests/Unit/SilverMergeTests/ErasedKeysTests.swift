import Iceberg
import Lake
import Testing

@Suite struct ErasedKeysTests {
    @Test("a key that was noted is found again, as another width of integer, too; others are not")
    func notedKeys() throws {
        var keys = ErasedKeys()
        keys.insert([.int(42), .string("a")])
        let stored = try ErasedKeys(of: [ErasedKeys.property: keys.text])
        #expect(stored.contains([.long(42), .string("a")]))
        #expect(!stored.contains([.long(43), .string("a")]) && !stored.contains([.long(42)]))
        #expect(try ErasedKeys(of: [:]).isEmpty)
    }

    @Test(
        "a damaged list is an error, or erased rows would come back", arguments: ["", "{}", "[\"a\"", "[1]", "[null]"])
    func damagedList(text: String) {
        #expect(throws: LakeError.self) { try ErasedKeys(of: [ErasedKeys.property: text]) }
    }
}
