internal import Digest

/// The keys of a table whose rows were erased, as those who write its bronze files find them.
///
/// Only hashes are kept: a long one, one of 16 bits by which a conversion leaves nearly all rows out of its search, and the lengths of
/// texts, by which keys are found in rows that could not be read. A key that is easy to guess can be guessed: it is then known that it
/// was erased, and nothing else.
public struct ErasureMarks: Sendable, Hashable {
    /// The value of one column of the key.
    public enum Part: Sendable, Hashable {
        case integer(Int64)
        case text([UInt8])

        fileprivate var mark: String {
            switch self {
            case .integer(let number): Self.hash("i\(number)".utf8) + Self.digits(ErasureMarks.shortHash(of: number))
            case .text(let text): Self.mark(ofText: text)
            }
        }

        fileprivate static func mark(ofText text: some Collection<UInt8>) -> String {
            "\(hash([UInt8(ascii: "s")] + text))\(digits(ErasureMarks.shortHash(of: text)))/\(text.count)"
        }

        private static func digits(_ shortHash: UInt16) -> String {
            [UInt8(shortHash >> 8), UInt8(shortHash & 0xFF)].hexadecimal
        }

        private static func hash(_ bytes: some Collection<UInt8>) -> String {
            Digest.sha256(Array(bytes)).prefix(16).hexadecimal
        }
    }

    private let keys: Set<String>
    /// The marks of all parts of all keys.
    private let parts: Set<String>
    private let textLengths: Set<Int>
    /// The short hashes of the keys' first parts: a bit each. Empty if there are no keys.
    @usableFromInline let beginnings: [UInt64]

    /// - Parameter keys: the marks as the control table has them.
    public init(_ keys: Set<String> = []) {
        self.keys = keys
        parts = Set(keys.flatMap { $0.split(separator: ".").map(String.init) })
        textLengths = Set(parts.compactMap { $0.split(separator: "/").dropFirst().first.flatMap { Int($0) } })
        var bits = [UInt64](repeating: 0, count: keys.isEmpty ? 0 : 1024)
        for key in keys {
            let part = key.prefix { $0 != "." && $0 != "/" }
            guard let hash = UInt16(part.suffix(4), radix: 16) else { continue }
            bits[Int(hash >> 6)] |= 1 << UInt64(hash & 63)
        }
        beginnings = bits
    }

    public var isEmpty: Bool { keys.isEmpty }

    /// The mark of a key.
    /// - Parameter key: the values of the primary key's columns, in the order of the columns' names.
    public static func mark(of key: [Part]) -> String { key.map(\.mark).joined(separator: ".") }

    /// - Parameter key: as for ``mark(of:)``.
    public func contains(_ key: [Part]) -> Bool { keys.contains(Self.mark(of: key)) }

    /// Whether a key whose first part is this number may be an erased one. Takes a few instructions, and is seldom wrong.
    @inlinable public func mayBegin(with number: Int64) -> Bool { hasBeginning(Self.shortHash(of: number)) }

    /// The same of a text.
    @inlinable public func mayBegin(with text: some Collection<UInt8>) -> Bool {
        hasBeginning(Self.shortHash(of: text))
    }

    @inlinable func hasBeginning(_ hash: UInt16) -> Bool {
        !beginnings.isEmpty && beginnings[Int(hash >> 6)] >> UInt64(hash & 63) & 1 == 1
    }

    @inlinable static func shortHash(of number: Int64) -> UInt16 {
        UInt16(truncatingIfNeeded: (UInt64(bitPattern: number) &* 0x9E37_79B9_7F4A_7C15) >> 48)
    }

    /// - SeeAlso: <http://www.isthe.com/chongo/tech/comp/fnv/>
    @inlinable static func shortHash(of text: some Collection<UInt8>) -> UInt16 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return shortHash(of: Int64(bitPattern: hash))
    }

    /// Whether a text has each value of an erased key as a word of its own. It may be a row of another key then.
    public func mayBe(in text: some Collection<UInt8>) -> Bool {
        guard !isEmpty else { return false }
        let text = Array(text)
        var found: Set<String> = []
        for start in text.indices where start == 0 || !Self.isWord(text[start - 1]) {
            for length in textLengths where start + length <= text.count {
                let end = start + length
                if end == text.count || !Self.isWord(text[end]) { found.insert(Part.mark(ofText: text[start..<end])) }
            }
            guard Self.isDigit(text[start]), let number = Self.number(text[start...]) else { continue }
            found.insert(Part.integer(number).mark)
            if start > 0, text[start - 1] == UInt8(ascii: "-") { found.insert(Part.integer(-number).mark) }
        }
        guard !found.isDisjoint(with: parts) else { return false }
        return keys.contains { $0.split(separator: ".").allSatisfy { found.contains(String($0)) } }
    }

    /// The number that a word is; nil for another word.
    private static func number(_ text: ArraySlice<UInt8>) -> Int64? {
        let word = text.prefix(while: isWord)
        guard word.count < 20, word.allSatisfy(isDigit) else { return nil }
        return Int64(String(decoding: word, as: UTF8.self))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
        default: false
        }
    }
}
