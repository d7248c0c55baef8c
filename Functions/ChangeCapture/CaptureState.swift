internal import AWSClient
internal import AWSModels
internal import JSON
internal import PostgresReplication

/// What must outlive the process, besides the slot.
struct CaptureState: Sendable, Hashable {
    /// Where the stream goes on.
    var point: CapturePoint
    /// The server's own number: another server's log has other positions.
    var system: String
    /// The object identifiers of the tables whose rows have been read, by name.
    var tables: [String: UInt32] = [:]
    /// The memberships of tables in the publication, by name: with another one, changes may be in no stream.
    var memberships: [String: UInt32] = [:]
    /// How far behind it was at the last measurement. Only readers of the object use it.
    var report: CaptureReport?

    init(point: CapturePoint, system: String) {
        self.point = point
        self.system = system
    }

    init?(_ json: JSON) {
        guard json["version"]?.int == 1, let position = json["position"]?.string.flatMap({ LogPosition($0) }),
            let time = json["time"]?.int, let system = json["system"]?.string, let tables = json["tables"]?.object
        else { return nil }
        point = CapturePoint(position: position, time: Int64(time))
        self.system = system
        guard let read = Self.identifiers(tables), let members = Self.identifiers(json["memberships"]?.object ?? [:])
        else { return nil }
        (self.tables, memberships) = (read, members)
        report = json["report"].flatMap { CaptureReport($0) }
    }

    var json: JSON {
        var document: JSONObject = [
            "version": 1, "system": .string(system), "position": .string("\(point.position)"),
            "time": .int(Int(point.time)), "tables": Self.json(tables), "memberships": Self.json(memberships),
        ]
        document["report"] = report?.json
        return .object(document)
    }

    private static func identifiers(_ object: JSONObject) -> [String: UInt32]? {
        var identifiers: [String: UInt32] = [:]
        for member in object.members {
            guard let oid = member.value.int.flatMap({ UInt32(exactly: $0) }) else { return nil }
            identifiers[member.name] = oid
        }
        return identifiers
    }

    private static func json(_ identifiers: [String: UInt32]) -> JSON {
        .object(JSONObject(identifiers.sorted { $0.key < $1.key }.map { ($0.key, JSON.int(Int($0.value))) }))
    }
}

/// The state as an object in S3. Another writer's change is noticed, not overwritten.
struct StateStore: Sendable {
    /// The object has changed since it was read: an ended process or a lost connection wrote it late.
    struct Conflict: Error {}

    let objects: ObjectStore
    let object: S3Object
    private var eTag: String?

    init(_ objects: ObjectStore, bucket: String, slot: String) {
        self.objects = objects
        object = S3Object(bucket: bucket, key: "state/change-capture/\(slot).json")
    }

    /// Nil if there is none.
    mutating func read() throws -> CaptureState? {
        let bytes: [UInt8]
        do throws(AWSError) {
            let found = try objects.get(object)
            (eTag, bytes) = (found.head.eTag, found.bytes)
        } catch {
            guard error.isNotFound else { throw error }
            eTag = nil
            return nil
        }
        guard let json = try? JSON(parsing: bytes), let state = CaptureState(json) else {
            throw CaptureError.state("\(object)", "it has another form")
        }
        return state
    }

    /// - Throws: ``Conflict`` if the object is not the one that was read or written last.
    mutating func write(_ state: CaptureState) throws {
        let bytes = state.json.bytes
        do throws(AWSError) {
            eTag = try objects.put(
                bytes, to: object, contentType: "application/json", condition: eTag.map { .eTag($0) } ?? .absent
            ).eTag
        } catch {
            guard error.isPreconditionFailed else { throw error }
            // A request that is repeated after a lost answer meets its own object.
            let (head, stored) = try objects.get(object)
            guard stored == bytes else { throw Conflict() }
            eTag = head.eTag
        }
    }

    func delete() throws(AWSError) { try objects.delete(object) }
}
