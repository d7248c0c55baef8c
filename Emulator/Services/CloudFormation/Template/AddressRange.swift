internal import EmulatorCore

/// A range of IPv4 addresses, `10.0.0.0/24`, as `Fn::Cidr` divides it.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html>
struct AddressRange: Hashable {
    private let first: UInt32
    /// The number of leading bits that all addresses share.
    private let prefix: Int

    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        let bytes = halves[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard halves.count == 2, let prefix = Int(halves[1]), (0...32).contains(prefix), bytes.count == 4 else {
            return nil
        }
        var address: UInt32 = 0
        for byte in bytes {
            guard let byte else { return nil }
            address = address << 8 | UInt32(byte)
        }
        self.init(first: address, prefix: prefix)
    }

    private init(first: UInt32, prefix: Int) {
        self.first = first
        self.prefix = prefix
    }

    /// The first `count` ranges of 2^`hostBits` addresses; nil if there are fewer.
    func parts(_ count: Int, hostBits: Int) -> [AddressRange]? {
        guard (1...256).contains(count), (0...32 - prefix).contains(hostBits), hostBits < 32,
            count <= 1 << (32 - prefix - hostBits)
        else { return nil }
        return (0..<count).map { AddressRange(first: first + UInt32($0) << UInt32(hostBits), prefix: 32 - hostBits) }
    }

    var text: String {
        let bytes = [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: first >> UInt32($0))) }
        return "\(bytes.joined(separator: "."))/\(prefix)"
    }
}
