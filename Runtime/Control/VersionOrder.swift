public import Time

/// The place of an object version among the versions of its key.
///
/// S3 gives the events of one key a `sequencer`: hexadecimal digits, compared as texts after the shorter one is padded on
/// the right with zeros. Where an event had none, as those of a recovery, its time decides.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
public struct VersionOrder: Sendable, Hashable, Comparable {
    public let controlID: ControlID
    public let sequencer: String?
    public let createdAt: Timestamp

    public init(controlID: ControlID, sequencer: String?, createdAt: Timestamp) {
        self.controlID = controlID
        self.sequencer = sequencer
        self.createdAt = createdAt
    }

    public static func < (left: VersionOrder, right: VersionOrder) -> Bool {
        if let leftDigits = left.sequencer, let rightDigits = right.sequencer {
            let length = max(leftDigits.utf8.count, rightDigits.utf8.count)
            let (leftPadded, rightPadded) = (padded(leftDigits, to: length), padded(rightDigits, to: length))
            if leftPadded != rightPadded { return leftPadded.lexicographicallyPrecedes(rightPadded) }
        }
        if left.createdAt != right.createdAt { return left.createdAt < right.createdAt }
        return left.controlID.text < right.controlID.text
    }

    private static func padded(_ sequencer: String, to length: Int) -> [UInt8] {
        let digits = Array(sequencer.uppercased().utf8)
        return digits + [UInt8](repeating: UInt8(ascii: "0"), count: length - digits.count)
    }
}

extension VersionOrder {
    /// What a bronze file's metadata says about its version.
    public var metadata: [String: String] {
        var metadata = ["control-id": controlID.text, "created-at": createdAt.rfc3339]
        metadata["sequencer"] = sequencer
        return metadata
    }

    public init?(_ metadata: [String: String]) {
        guard let id = metadata["control-id"].flatMap({ ControlID($0) }),
            let createdAt = metadata["created-at"].flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(controlID: id, sequencer: metadata["sequencer"], createdAt: createdAt)
    }
}

extension ControlRecord {
    public var order: VersionOrder {
        VersionOrder(controlID: controlID, sequencer: sequencer, createdAt: createdAt)
    }
}
