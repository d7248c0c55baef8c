internal import EmulatorCore
internal import JSON
internal import XML

/// The headers that are stored and returned with an object: content headers and user metadata.
struct ObjectHeaders: Sendable {
    private(set) var fields: [(name: String, value: String)] = []

    private static let contentHeaders = [
        "Content-Type", "Content-Disposition", "Content-Language", "Cache-Control", "Expires",
        "x-amz-website-redirect-location", "x-amz-storage-class", "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-bucket-key-enabled",
    ]
    static let defaultContentType = "binary/octet-stream"
    /// In bytes, for names and values together.
    private static let metadataLimit = 2048

    init() {}

    /// - Throws: `MetadataTooLarge`, `InvalidStorageClass`; `NotImplemented` for customer keys; `InvalidRequest` for a lock.
    init(_ headers: HTTPHeaders) throws(S3Fault) {
        let locks = ["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"]
        guard locks.allSatisfy({ headers[$0] == nil }) else { throw .noObjectLock }
        guard headers["x-amz-server-side-encryption-customer-algorithm"] == nil else {
            throw .notEmulated("Encryption with a customer's key (SSE-C)")
        }
        for name in Self.contentHeaders {
            if let value = headers[name], !value.isEmpty { fields.append((name, value)) }
        }
        if let encoding = ContentEncoding(headers["Content-Encoding"]).ofObject {
            fields.append(("Content-Encoding", encoding))
        }
        var metadataSize = 0
        for (name, value) in headers.fields where name.lowercased().hasPrefix("x-amz-meta-") {
            let name = name.lowercased()
            metadataSize += name.utf8.count - "x-amz-meta-".utf8.count + value.utf8.count
            // Headers with the same name form a list.
            if let position = fields.firstIndex(where: { $0.name == name }) {
                fields[position].value += "," + value
            } else {
                fields.append((name, value))
            }
        }
        guard metadataSize <= Self.metadataLimit else {
            throw S3Fault(
                "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", 400,
                details: [("Size", String(metadataSize)), ("MaxSizeAllowed", String(Self.metadataLimit))])
        }
        if let storageClass = self["x-amz-storage-class"], !Self.storageClasses.contains(storageClass) {
            throw S3Fault("InvalidStorageClass", "The storage class you specified is not valid", 400)
        }
    }

    private static let storageClasses = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
        "GLACIER_IR",
    ]

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The form in the index.
    var stored: String {
        JSON.array(fields.map { .array([.string($0.name), .string($0.value)]) }).text
    }

    init(stored text: String) {
        guard let document = try? JSON(parsing: Array(text.utf8)) else { return }
        fields = (document.array ?? []).compactMap { pair in
            guard let pair = pair.array, pair.count == 2, let name = pair[0].string, let value = pair[1].string else {
                return nil
            }
            return (name, value)
        }
    }

    /// The headers of a response about the object.
    var answered: [(String, String)] {
        var answered = fields.filter { $0.name != "x-amz-storage-class" || $0.value != "STANDARD" }
            .map { ($0.name, $0.value) }
        if self["Content-Type"] == nil { answered.append(("Content-Type", Self.defaultContentType)) }
        if self["x-amz-server-side-encryption"] == nil { answered.append(Self.defaultEncryption) }
        return answered
    }

    /// S3 encrypts every object with its own keys and reports it. The emulator only reports it.
    static let defaultEncryption = ("x-amz-server-side-encryption", "AES256")

    /// The headers of a copy that keeps the metadata; the request sets storage class and encryption again.
    func copied(with asked: ObjectHeaders) -> ObjectHeaders {
        let isAsked = { (name: String) in
            name == "x-amz-storage-class" || name == "x-amz-website-redirect-location"
                || name.hasPrefix("x-amz-server-side-encryption")
        }
        var copy = ObjectHeaders()
        copy.fields = fields.filter { !isAsked($0.name) } + asked.fields.filter { isAsked($0.name) }
        return copy
    }

    /// The encryption headers of the response to a write.
    var encryption: [(String, String)] {
        let given = fields.filter { $0.name.hasPrefix("x-amz-server-side-encryption") }.map { ($0.name, $0.value) }
        return given.isEmpty ? [Self.defaultEncryption] : given
    }
}

/// An object's or a bucket's tags.
struct TagSet: Sendable {
    private(set) var tags: [(key: String, value: String)] = []

    init() {}

    /// Parses the header `x-amz-tagging`: `key=value&…`, encoded as a query.
    init(header: String?) throws(S3Fault) {
        guard let header else { return }
        let query: S3Query
        do throws(S3Fault) { query = try S3Query(header) } catch { throw Self.badHeader }
        try add(query.parameters.map { ($0.name, $0.value) }, limit: 10)
    }

    private static let badHeader = S3Fault.argument(
        "x-amz-tagging", "",
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
    )

    /// Parses a `Tagging` document.
    init(_ document: XMLElement, limit: Int) throws(S3Fault) {
        guard document.name == "Tagging", let set = document["TagSet"] else { throw .malformedXML }
        var found: [(String, String)] = []
        for tag in set.all("Tag") {
            guard let key = tag["Key"], let value = tag["Value"] else { throw .malformedXML }
            found.append((key.text, value.text))
        }
        try add(found, limit: limit)
    }

    private mutating func add(_ found: [(String, String)], limit: Int) throws(S3Fault) {
        guard found.count <= limit else {
            let kind = limit == 10 ? "Object" : "Bucket"
            throw S3Fault(
                limit == 10 ? "BadRequest" : "InvalidTag", "\(kind) tags cannot be greater than \(limit)", 400)
        }
        for (key, value) in found {
            guard !key.isEmpty, key.unicodeScalars.count <= 128 else {
                throw S3Fault("InvalidTag", "The TagKey you have provided is invalid", 400)
            }
            guard value.unicodeScalars.count <= 256 else {
                throw S3Fault("InvalidTag", "The TagValue you have provided is invalid", 400)
            }
            guard !tags.contains(where: { $0.key.utf8.elementsEqual(key.utf8) }) else {
                throw S3Fault("InvalidTag", "Cannot provide multiple Tags with the same key", 400)
            }
            tags.append((key, value))
        }
    }

    var isEmpty: Bool { tags.isEmpty }

    var document: XMLWriter {
        XMLWriter(s3: "Tagging") { text in
            text.element("TagSet") { text in
                for tag in tags {
                    text.element("Tag") { text in
                        text.element("Key", tag.key)
                        text.element("Value", tag.value)
                    }
                }
            }
        }
    }

    /// The form in the index.
    var stored: String {
        tags.isEmpty ? "" : JSON.array(tags.map { .array([.string($0.key), .string($0.value)]) }).text
    }

    init(stored text: String) {
        guard !text.isEmpty, let document = try? JSON(parsing: Array(text.utf8)) else { return }
        tags = (document.array ?? []).compactMap { pair in
            guard let pair = pair.array, pair.count == 2, let key = pair[0].string, let value = pair[1].string else {
                return nil
            }
            return (key, value)
        }
    }
}
