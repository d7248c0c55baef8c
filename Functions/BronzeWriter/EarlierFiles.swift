internal import AWSClient
internal import Control

/// The bronze files of a raw key from before its versions shared one: each version had its own, so readers saw the rows of
/// all. The newest of them becomes the key's current version, and the others leave the table's prefix.
struct EarlierFiles {
    private let files: BronzeFiles
    private let control: ControlTable

    init(_ files: BronzeFiles, _ control: ControlTable) {
        self.files = files
        self.control = control
    }

    private struct Found {
        let record: ControlRecord
        let key: String
        let eTag: String
    }

    /// The state of the record's key, in which the newest of the earlier files is the current version's.
    ///
    /// Each step can be repeated. A record is marked before its file goes, and the state changes last, so another attempt
    /// finds whatever is left.
    func adopted(_ state: KeyState, for record: ControlRecord) throws -> KeyState {
        guard state.current == nil else { return state }
        let others = try control.otherVersions(of: record)
        guard !others.isEmpty else { return state }
        let found = try (others + [record]).compactMap(file).sorted { $0.record.order < $1.record.order }
        let unfinished = others.filter { $0.status != .success }
        guard let newest = found.last else { return try control.adopt(unfinished: unfinished, in: state) }
        for old in found.dropLast() where old.key != newest.key {
            let kept = try files.keep(old.key, eTag: old.eTag, of: old.record.order)
            try control.supersedeEarlier(
                old.record, by: newest.record, outputKey: old.key, bucket: files.bucket, keptAt: kept)
            try files.objects.delete(files.object(old.key))
        }
        return try control.adopt(newest.record, at: newest.key, unfinished: unfinished, in: state)
    }

    /// The version's own file. One that says its version is no earlier one: a worker of today is busy with it.
    private func file(of record: ControlRecord) throws -> Found? {
        guard let key = try? BronzeKey(record).text, let present = try files.published(key), present.version == nil
        else { return nil }
        return Found(record: record, key: key, eTag: present.eTag)
    }
}
