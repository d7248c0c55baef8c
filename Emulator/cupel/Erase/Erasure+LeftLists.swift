internal import AWSClient
internal import AWSModels
internal import Iceberg
internal import Lake

/// Manifests of commits that never were.
extension Erasure {
    /// Removes the manifests and manifest lists that no snapshot names and that name a file which is gone. A writer that was killed has
    /// left them, and they may have bounds of the row. One that is about to commit its own names files that are there.
    ///
    /// - Parameter kept: the files of the table's snapshots.
    mutating func removeLeftLists(below location: String, kept: Set<String>) throws {
        guard let root = LakeStorage.object(at: location + "/") else { return }
        var present: Set<String> = []
        var left: [(object: S3Object, path: String, names: Set<String>)] = []
        for version in try objects.versions(bucket: root.bucket, prefix: root.key)
        where version.isLatest && !version.isDeletion {
            try keepHold()
            let path = "s3://\(version.object.bucket)/\(version.object.key)"
            present.insert(path)
            guard path.hasSuffix(".avro"), !kept.contains(path) else { continue }
            let bytes: [UInt8]
            do throws(AWSError) { bytes = try objects.get(version.object).bytes } catch {
                guard error.isNotFound else { throw error }
                continue
            }
            guard let file = try? AvroFile(bytes) else {
                // It was not written to its end, or by no engine of Iceberg's.
                report.unread.append("\(version.object)")
                continue
            }
            left.append((version.object, path, Self.paths(in: file, below: "s3://\(root.bucket)/\(root.key)")))
        }
        // A list whose manifest leaves is left, too.
        while let place = try left.firstIndex(where: { try isAnyGone($0.names.subtracting(present)) }) {
            let (object, path, _) = left.remove(at: place)
            try objects.delete(object)
            present.remove(path)
            report.removedObjects += 1
        }
    }

    /// The list was not made in one moment: a file that it lacks may be there.
    private func isAnyGone(_ paths: Set<String>) throws -> Bool {
        for path in paths {
            guard let object = LakeStorage.object(at: path) else { continue }
            do throws(AWSError) { _ = try objects.head(object) } catch {
                guard error.isNotFound else { throw error }
                return true
            }
        }
        return false
    }

    /// The files below a table that a manifest or a list of manifests names.
    private static func paths(in file: AvroFile, below root: String) -> Set<String> {
        var paths: Set<String> = []
        func look(_ value: AvroValue) {
            switch value {
            case .string(let text):
                let path = LakeStorage.canonical(text)
                if path.hasPrefix(root) { paths.insert(path) }
            case .record(let values), .array(let values): for value in values { look(value) }
            default: break
            }
        }
        for record in file.records { for value in record { look(value) } }
        return paths
    }
}
