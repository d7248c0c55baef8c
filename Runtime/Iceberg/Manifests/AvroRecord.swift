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
}

/// Where the fields of a record are.
final class FieldPlaces: Sendable {
    let byID: [Int32: Int]

    init(_ fields: [AvroSchema.Field]) {
        var byID: [Int32: Int] = [:]
        for (place, field) in fields.enumerated() {
            if let id = field.id { byID[id] = place }
        }
        self.byID = byID
    }
}
