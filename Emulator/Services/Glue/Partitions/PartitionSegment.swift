internal import EmulatorCore
internal import JSON

/// A part of a table's partitions, so that several readers list them at once.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/webapi/API_Segment.html>
struct PartitionSegment: Sendable {
    private let number: Int
    private let count: Int

    /// - Parameter segment: nil for all partitions.
    init(_ segment: JSON?) throws(AWSFault) {
        guard let segment else {
            (number, count) = (0, 1)
            return
        }
        guard let number = segment["SegmentNumber"]?.int, let count = segment["TotalSegments"]?.int,
            (1...10).contains(count), (0..<count).contains(number)
        else {
            throw .invalidInput("Segment: expected TotalSegments from 1 to 10 and a SegmentNumber below it.")
        }
        (self.number, self.count) = (number, count)
    }

    func contains(_ values: [String]) -> Bool {
        guard count > 1 else { return true }
        // FNV-1a: the same in every process.
        var hash: UInt32 = 2_166_136_261
        for byte in values.joined(separator: "\u{1F}").utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash % UInt32(count)) == number
    }
}
