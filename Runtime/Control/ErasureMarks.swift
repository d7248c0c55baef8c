internal import Digest

/// The keys of a table whose rows were erased, as those who write its bronze files find them.
///
/// Only hashes are kept, and the lengths of texts, by which keys are found in rows that could not be read. A key that is easy to
/// guess can be guessed: it is then known that it was erased, and nothing else.
public struct ErasureMarks: Sendable, Hashable {
    /// The value of one column of the key.
    public enum Part: Sendable, Hashable {
        case integer(Int64)
        case text([UInt8])

        fileprivate var mark: String {
            switch self {
            case .integer(let number): Self.hash("i\(number)".utf8)
            case .text(let text): Self.mark(ofText: text)
            }
        }

        fileprivate static func mark(ofText text: some Collection<UInt8>) -> String {
            "\(hash([UInt8(ascii: "s")] + text))/\(text.count)"
        }

        private static func hash(_ bytes: some Collection<UInt8>) -> String {
            Digest.sha256(Array(bytes)).prefix(16).hexadecimal
        }
    }

    private let keys: Set<String>
    /// The marks of all parts of all keys.
    private let parts: Set<String>
    private let textLengths: Set<Int>

    /// - Parameter keys: the marks as the control table has them.
    public init(_ keys: Set<String> = []) {
        self.keys = keys
        parts = Set(keys.flatMap { $0.split(separator: ".").map(String.init) })
        textLengths = Set(parts.compactMap { $0.split(separator: "/").dropFirst().first.flatMap { Int($0) } })
    }

    public var isEmpty: Bool { keys.isEmpty }

    /// The mark of a key.
    /// - Parameter key: the values of the primary key's columns, in the order of the columns' names.
    public static func mark(of key: [Part]) -> String { key.map(\.mark).joined(separator: ".") }

    /// - Parameter key: as for ``mark(of:)``.
    public func contains(_ key: [Part]) -> Bool { keys.contains(Self.mark(of: key)) }

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
