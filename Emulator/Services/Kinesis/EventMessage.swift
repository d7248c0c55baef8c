internal import CRC

/// A message of an event stream: headers and a payload, each with a checksum.
/// - SeeAlso: <https://smithy.io/2.0/aws/amazon-eventstream.html>
struct EventMessage: Sendable {
    let headers: [(name: String, value: String)]
    let payload: [UInt8]

    /// - Parameter type: such as `SubscribeToShardEvent`.
    init(event type: String, _ payload: [UInt8]) {
        headers = [
            (":message-type", "event"), (":event-type", type), (":content-type", "application/x-amz-json-1.1"),
        ]
        self.payload = payload
    }

    /// Lengths and checksums are big-endian; a header's value is a text (type 7).
    var bytes: [UInt8] {
        var fields: [UInt8] = []
        for (name, value) in headers {
            fields.append(UInt8(name.utf8.count))
            fields += name.utf8
            fields.append(7)
            fields += Self.bigEndian(UInt16(value.utf8.count))
            fields += value.utf8
        }
        var message = Self.bigEndian(UInt32(16 + fields.count + payload.count))
        message += Self.bigEndian(UInt32(fields.count))
        message += Self.bigEndian(CyclicRedundancyCheck.crc32(message))
        message += fields
        message += payload
        return message + Self.bigEndian(CyclicRedundancyCheck.crc32(message))
    }

    private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
