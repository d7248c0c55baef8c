/// The ASCII characters that a percent-encoded text keeps as they are.
public struct URLByteSet: Sendable, Hashable {
    /// A bit a character.
    private var bits: UInt128 = 0

    /// - Parameter characters: in ASCII.
    public init(_ characters: StaticString) {
        characters.withUTF8Buffer { for byte in $0 { insert(byte) } }
    }

    /// Letters, digits and `-._~`: what needs no escape anywhere in a URL.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
    public static let unreserved = URLByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// The unreserved characters and the slashes of a path.
    public static let path = unreserved.adding("/")

    public func adding(_ characters: StaticString) -> URLByteSet {
        var set = self
        set.bits |= URLByteSet(characters).bits
        return set
    }

    public func removing(_ characters: StaticString) -> URLByteSet {
        var set = self
        set.bits &= ~URLByteSet(characters).bits
        return set
    }

    public func contains(_ byte: UInt8) -> Bool { byte < 0x80 && bits &>> UInt128(byte) & 1 == 1 }

    private mutating func insert(_ byte: UInt8) {
        precondition(byte < 0x80, "only ASCII characters can be in a URL")
        bits |= 1 &<< UInt128(byte)
    }
}
