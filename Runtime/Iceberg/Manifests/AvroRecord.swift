/// A record whose fields are found by Iceberg's ids, or by name where the writer gave no ids.
struct AvroRecord {
    private let values: [AvroValue]
    private let places: FieldPlaces

    init(_ values: [AvroValue], _ places: FieldPlaces) {
        self.values = values
        self.places = places
    }

    subscript(id: Int32) -> AvroValue? {
        guard let place = places.byID[id], values[place] != .null else { return nil }
        return values[place]
    }

    func long(_ id: Int32) throws(IcebergError) -> Int64 {
        guard let value = self[id]?.long else {
            throw .metadata(place: "field \(id) of a manifest", reason: "it is missing")
        }
        return value
    }

    func string(_ id: Int32) throws(IcebergError) -> String {
        guard let value = self[id]?.string else {
            throw .metadata(place: "field \(id) of a manifest", reason: "it is missing")
        }
        return value
    }

    /// The record that is the value of the field.
    func record(_ id: Int32) -> AvroRecord? {
        guard let inner = places.inner[id], let values = self[id]?.record else { return nil }
        return AvroRecord(values, inner)
    }

    /// The values of a record field, in the writer's order.
    func values(of id: Int32) -> [AvroValue] { self[id]?.record ?? [] }

    /// A map by numbers, which is an array of pairs.
    func longs(_ id: Int32) -> [Int32: Int64] {
        var result: [Int32: Int64] = [:]
        for pair in self[id]?.array ?? [] {
            guard let pair = pair.record, pair.count == 2, let key = pair[0].long else { continue }
            result[Int32(truncatingIfNeeded: key)] = pair[1].long
        }
        return result
    }

    func bytes(_ id: Int32) -> [Int32: [UInt8]] {
        var result: [Int32: [UInt8]] = [:]
        for pair in self[id]?.array ?? [] {
            guard let pair = pair.record, pair.count == 2, let key = pair[0].long else { continue }
            result[Int32(truncatingIfNeeded: key)] = pair[1].bytes
        }
        return result
    }
}

/// Where the fields of a record and of the records in it are.
final class FieldPlaces: Sendable {
    let byID: [Int32: Int]
    let inner: [Int32: FieldPlaces]

    init(_ fields: [AvroSchema.Field]) {
        var byID: [Int32: Int] = [:]
        var inner: [Int32: FieldPlaces] = [:]
        for (place, field) in fields.enumerated() {
            guard let id = field.id else { continue }
            byID[id] = place
            if case .record(let fields) = field.schema.withoutNull { inner[id] = FieldPlaces(fields) }
        }
        self.byID = byID
        self.inner = inner
    }
}

extension AvroSchema {
    /// The type that an optional value has when it is there.
    fileprivate var withoutNull: AvroSchema {
        guard case .union(let branches) = self else { return self }
        return branches.first { $0 != .null } ?? self
    }
}
