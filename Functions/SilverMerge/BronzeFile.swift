internal import Control
internal import Time

/// A bronze file of a batch.
struct BronzeFile: Sendable {
    let record: ControlRecord

    /// `s3://bucket/key` with its version, for messages.
    var place: String { "s3://\(record.bucket)/\(record.objectKey)" }

    /// The order of the file's rows where they have none of their own: files are taken in the order in which their objects
    /// were created, and all before any change of a stream, whose orders begin with a digit.
    var order: [UInt8] { Self.order(microseconds, record.sequencer, record.controlID) }

    /// The same of a raw file's version, which does not depend on where the bronze file is.
    static func order(of version: VersionOrder) -> [UInt8] {
        order(version.createdAt.milliseconds * 1000, version.sequencer, version.controlID)
    }

    private static func order(_ microseconds: Int64, _ sequencer: String?, _ id: ControlID) -> [UInt8] {
        let created = String(max(0, microseconds))
        let time = String(repeating: "0", count: max(0, 18 - created.utf8.count)) + created
        let sequencer = sequencer ?? ""
        // Sequencers are compared as texts, the shorter padded on the right.
        let place = sequencer + String(repeating: "0", count: max(0, 24 - sequencer.utf8.count))
        return Array("-\(time)-\(place)-\(id.text)".utf8)
    }

    /// When the raw object was created, in microseconds since 1970.
    var microseconds: Int64 { record.createdAt.milliseconds * 1000 }
}
