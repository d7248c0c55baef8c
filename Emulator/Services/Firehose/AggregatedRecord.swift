internal import Digest

/// A Kinesis record that joins many, as the Kinesis Producer Library writes it: a mark, a protobuf message, and its MD5.
///
/// ```
/// AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2;
///                    repeated Record records = 3; }
/// Record { uint64 partition_key_index = 1; uint64 explicit_hash_key_index = 2; bytes data = 3; }
/// ```
/// - SeeAlso: <https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md>
struct AggregatedRecord: Sendable {
    struct Inner: Sendable {
        let partitionKey: String
        /// Where its producer wanted it in the stream.
        let explicitHashKey: UInt128?
        let data: ArraySlice<UInt8>
    }

    private static let mark: [UInt8] = [0xF3, 0x89, 0x9A, 0xC2]
    private static let digestSize = 16

    private(set) var records: [Inner] = []

    /// - Returns: nil for a record that is not aggregated. As in AWS's consumers, that is every record without the mark, with
    ///   another digest, or with a message that cannot be read.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count > Self.mark.count + Self.digestSize, bytes.starts(with: Self.mark) else { return nil }
        let message = bytes.dropFirst(Self.mark.count).dropLast(Self.digestSize)
        guard Digest.md5(Array(message)).elementsEqual(bytes.suffix(Self.digestSize)) else { return nil }
        var partitionKeys: [String] = []
        var hashKeys: [UInt128?] = []
        var inner: [ArraySlice<UInt8>] = []
        var reader = ProtobufReader(message)
        while !reader.isAtEnd {
            guard let field = reader.next() else { return nil }
            switch field {
            case (1, .bytes(let text)): partitionKeys.append(String(decoding: text, as: UTF8.self))
            case (2, .bytes(let text)): hashKeys.append(UInt128(String(decoding: text, as: UTF8.self)))
            case (3, .bytes(let record)): inner.append(record)
            default: continue
            }
        }
        for message in inner {
            guard let record = Self.record(message, partitionKeys, hashKeys) else { return nil }
            records.append(record)
        }
    }

    private static func record(
        _ message: ArraySlice<UInt8>, _ partitionKeys: [String], _ hashKeys: [UInt128?]
    ) -> Inner? {
        var (partitionKey, hashKey): (String?, UInt128?) = (nil, nil)
        var data: ArraySlice<UInt8>?
        var reader = ProtobufReader(message)
        while !reader.isAtEnd {
            guard let field = reader.next() else { return nil }
            switch field {
            case (1, .number(let index)):
                guard index < partitionKeys.count else { return nil }
                partitionKey = partitionKeys[Int(index)]
            case (2, .number(let index)):
                guard index < hashKeys.count, let key = hashKeys[Int(index)] else { return nil }
                hashKey = key
            case (3, .bytes(let bytes)): data = bytes
            default: continue
            }
        }
        guard let partitionKey, let data else { return nil }
        return Inner(partitionKey: partitionKey, explicitHashKey: hashKey, data: data)
    }
}

/// Reads the fields of a protobuf message.
/// - SeeAlso: <https://protobuf.dev/programming-guides/encoding/>
struct ProtobufReader: Sendable {
    enum Value: Sendable {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ message: ArraySlice<UInt8>) { rest = message }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next field's number and value.
    /// - Returns: nil if the message is broken. Numbers of fixed size are bytes.
    mutating func next() -> (field: UInt64, value: Value)? {
        guard let tag = varint(), tag >> 3 > 0 else { return nil }
        switch tag & 7 {
        case 0: return varint().map { (tag >> 3, .number($0)) }
        case 1: return take(8).map { (tag >> 3, .bytes($0)) }
        case 2: return varint().flatMap { take($0) }.map { (tag >> 3, .bytes($0)) }
        case 5: return take(4).map { (tag >> 3, .bytes($0)) }
        default: return nil
        }
    }

    private mutating func varint() -> UInt64? {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while let byte = rest.popFirst(), shift < 64 {
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
