internal import EmulatorCore
internal import JSON

/// Partitions that a table's parameters project, found by the keys that exist.
///
/// Athena tries every value of the ranges; here the objects say which values there are, and the ranges leave the others out.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html>
struct PartitionProjection {
    private let template: String
    private let keys: [String]
    private let ranges: [String: ClosedRange<Int>]
    private let offset: Int

    init(_ table: JSON, _ keys: [String], offset: Int) throws(SQLProblem) {
        self.keys = keys
        self.offset = offset
        let parameters = table["Parameters"]
        let location = table["StorageDescriptor"]?["Location"]?.string ?? ""
        let folder = location.hasSuffix("/") ? location : location + "/"
        let given = parameters?["storage.location.template"]?.string.map {
            $0.hasSuffix("/") ? String($0.dropLast()) : $0
        }
        let template = given ?? folder + keys.map { "\($0)=${\($0)}" }.joined(separator: "/")
        let parts = template.split(separator: "/")
        guard keys.allSatisfy({ key in parts.contains { $0.hasSuffix("${\(key)}") } }),
            parts.allSatisfy({ $0.split(separator: "$", omittingEmptySubsequences: false).count <= 2 })
        else { throw .notEmulated("the location template \(template)", at: offset) }
        self.template = template
        var ranges: [String: ClosedRange<Int>] = [:]
        for key in keys {
            let type = parameters?["projection.\(key).type"]?.string?.lowercased()
            guard type == "integer" else {
                throw .notEmulated("the projection type \(type ?? "of \(key)")", at: offset)
            }
            let bounds = (parameters?["projection.\(key).range"]?.string ?? "").split(separator: ",").map { text in
                Int(text.filter { $0 != " " })
            }
            guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low <= high else {
                throw .semantic(
                    "INVALID_TABLE_PROPERTY", "projection.\(key).range is not a range of two integers", at: offset)
            }
            ranges[key] = low...high
        }
        self.ranges = ranges
    }

    func folders(_ objects: any ObjectStore) throws -> [(location: String, values: [String?])] {
        let constant = template.firstRange(of: "${").map { String(template[..<$0.lowerBound]) } ?? template
        guard let place = ObjectLocation(s3: constant) else {
            throw SQLProblem.semantic(
                "HIVE_FILESYSTEM_ERROR", "The location \(template) is not in Amazon S3", at: offset)
        }
        var found: [String: [String?]] = [:]
        for object in try objects.allObjects(in: place.bucket, prefix: place.key) {
            if let (location, values) = match("s3://\(place.bucket)/\(object.key)") { found[location] = values }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The partition's folder and values of an object.
    private func match(_ path: String) -> (location: String, values: [String?])? {
        let wanted = template.split(separator: "/", omittingEmptySubsequences: false)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > wanted.count else { return nil }
        var values: [String: String] = [:]
        for (form, part) in zip(wanted, parts) where form != part {
            guard let open = form.firstRange(of: "${"), form.last == "}", part.hasPrefix(form[..<open.lowerBound])
            else {
                return nil
            }
            let key = String(form[open.upperBound...].dropLast())
            let value = String(part.dropFirst(form[..<open.lowerBound].count))
            if let range = ranges[key] {
                guard let number = Int(value), range.contains(number) else { return nil }
            }
            values[key] = value
        }
        return (parts.prefix(wanted.count).joined(separator: "/"), keys.map { values[$0] })
    }
}
