internal import AWSClient
internal import Columnar
internal import Control
internal import Digest
internal import RawFile

/// Compares a version's content with that of its key's current version, whose checksum the control record has.
struct IdenticalContent {
    private let settings: Settings
    private let compression: RawCompression
    private let checkpoint: () throws -> Void

    init(_ settings: Settings, _ compression: RawCompression, _ checkpoint: @escaping () throws -> Void) {
        self.settings = settings
        self.compression = compression
        self.checkpoint = checkpoint
    }

    /// The record of the current version if it has the same content; nil if the version must be converted.
    ///
    /// Only a file of the same size is read: identical bytes have one size, and a fixed file is rarely as long.
    func current(for record: ControlRecord, in state: KeyState) throws -> ControlRecord? {
        guard let currentID = state.current?.controlID else { return nil }
        if currentID == record.controlID {
            // A replay converts it again, but a later upload of the same bytes does not.
            guard let current = state.current, current < record.order, record.checksum != nil else { return nil }
            return record
        }
        guard let current = try settings.control.record(currentID), current.status == .success,
            current.fileFormat == record.fileFormat, current.fileSizeInBytes == record.fileSizeInBytes,
            let checksum = current.checksum, try self.checksum(of: record) == checksum
        else { return nil }
        return current
    }

    /// - Returns: nil if the file cannot be decompressed; the conversion says why.
    private func checksum(of record: ControlRecord) throws -> String? {
        let source = compression.text(
            of: try ObjectSource(record, in: settings.objects), limits: settings.options.inflate, hashing: .sha256)
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        do {
            while try piece.withUnsafeMutableBytes({ try source.read(into: $0) }) > 0 { try checkpoint() }
        } catch is ColumnarError {
            return nil
        }
        return source.checksum()
    }
}
