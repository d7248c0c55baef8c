internal import ASL
internal import EmulatorCore
internal import Gzip
internal import JSON

/// Items of distributed Maps that are in Parquet files, under a prefix, or in the objects of a manifest.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
extension StepFunctionsService {
    /// The answer to the call of an item reader, with all items in `Items`.
    func readItems(_ source: ItemSource, _ parameters: JSON) throws -> JSON {
        guard let objects = peers.objects else { throw TaskFailure.notEmulated("s3") }
        do {
            let (places, format) = try ItemPlaces(objects).find(source, parameters)
            var items: [JSON] = []
            for place in places { items += try Self.items(in: place, format, objects) }
            return ["Items": .array(items)]
        } catch let fault as ItemFault {
            throw TaskFailure(error: "States.ItemReaderFailed", cause: fault.reason)
        } catch let fault as AWSFault {
            throw TaskFailure(error: "States.ItemReaderFailed", cause: fault.message)
        }
    }

    private static func items(
        in place: ObjectLocation, _ format: ItemFormat, _ objects: any ObjectStore
    ) throws -> [JSON] {
        let name = "s3://\(place.bucket)/\(place.key)"
        let contents = try ItemPlaces.contents(of: place, objects)
        do {
            guard format.kind == .parquet else {
                return try format.items(in: String(decoding: contents, as: UTF8.self))
            }
            return try ParquetItems(contents).items()
        } catch let fault as ItemFault {
            throw ItemFault("\(name): \(fault.reason)")
        } catch {
            throw ItemFault("\(name): \(error)")
        }
    }
}

/// The objects that have the items of a source.
private struct ItemPlaces {
    let objects: any ObjectStore

    init(_ objects: any ObjectStore) { self.objects = objects }

    func find(_ source: ItemSource, _ parameters: JSON) throws -> ([ObjectLocation], ItemFormat) {
        let bucket = parameters["Bucket"]?.string ?? ""
        let named = ObjectLocation(
            bucket: bucket, key: parameters["Key"]?.string ?? "", version: parameters["VersionId"]?.string)
        switch source.subject {
        case .object: return ([named], source.format)
        case .listing:
            let listed = try objects.allObjects(in: bucket, prefix: parameters["Prefix"]?.string ?? "")
            // Folders that the console makes are objects without contents.
            let keys = listed.filter { $0.size > 0 && !$0.key.hasSuffix("/") }.map(\.key)
            return (keys.map { ObjectLocation(bucket: bucket, key: $0) }, source.format)
        case .athenaManifest: return (try locations(in: named), source.format)
        case .inventory: return try inventory(named)
        }
    }

    /// An object's bytes; those of its gzip members where it is compressed.
    static func contents(of place: ObjectLocation, _ objects: any ObjectStore) throws -> [UInt8] {
        let bytes = try objects.contents(of: place)
        guard GzipReader.isMember(bytes) else { return bytes }
        guard let contents = GzipReader.contents(of: bytes) else {
            throw ItemFault("s3://\(place.bucket)/\(place.key): the gzip data are damaged or cut short.")
        }
        return contents
    }

    /// The locations that Athena has written, one a line.
    private func locations(in manifest: ObjectLocation) throws -> [ObjectLocation] {
        let text = String(decoding: try Self.contents(of: manifest, objects), as: UTF8.self)
        return try text.split(whereSeparator: \.isNewline).map { line in
            let location = line.filter { $0 != "\"" && !$0.isWhitespace }
            guard let place = ObjectLocation(s3: location), !place.key.isEmpty else {
                throw ItemFault(
                    "s3://\(manifest.bucket)/\(manifest.key): expected a location s3://bucket/key a line, got '\(line)'"
                )
            }
            return place
        }
    }

    /// The files of an inventory, whose columns its manifest names.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html>
    private func inventory(_ manifest: ObjectLocation) throws -> ([ObjectLocation], ItemFormat) {
        let name = "s3://\(manifest.bucket)/\(manifest.key)"
        guard let document = try? JSON(parsing: try Self.contents(of: manifest, objects)),
            let files = document["files"]?.array, let form = document["fileFormat"]?.string
        else { throw ItemFault("\(name): expected the manifest.json of an S3 Inventory, with fileFormat and files") }
        let bucket = document["destinationBucket"]?.string.flatMap { $0.split(separator: ":").last.map(String.init) }
        let places = files.compactMap { $0["key"]?.string }.map {
            ObjectLocation(bucket: bucket ?? manifest.bucket, key: $0)
        }
        switch form.uppercased() {
        case "CSV":
            let columns = (document["fileSchema"]?.string ?? "").split(separator: ",").map {
                String($0.drop { $0 == " " })
            }
            guard !columns.isEmpty else { throw ItemFault("\(name): expected the names of columns in fileSchema") }
            return (places, ItemFormat(.csv, headers: columns))
        case "PARQUET": return (places, ItemFormat(.parquet))
        default: throw ItemFault("\(name): an inventory of the form \(form) is not supported; make it CSV or Parquet")
        }
    }
}
