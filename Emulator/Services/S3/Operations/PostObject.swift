internal import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding
internal import XML

extension S3 {
    /// The largest form, in bytes, with its file.
    private static let formLimit = 256 << 20

    /// Stores the file of a web page's form, if the form's policy allows it. The policy's signature is not verified.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>
    func postObject(_ request: S3Request) async throws -> HTTPResponse {
        _ = try store.read { snapshot in try snapshot.bucket(request.bucket) }
        let body = try await request.body.collect(upTo: Self.formLimit)
        let form = try PostForm(body, request)
        let policy = try form["policy"].map { text throws(S3Fault) in try PostPolicy(text) }
        try policy?.check(form, in: request.bucket, at: clock.now())
        let headers = HTTPHeaders(form.fields.map { ($0.name, $0.value) })
        var new = NewObject(
            key: form.key, headers: try ObjectHeaders(headers),
            tags: try form["tagging"].map { text throws(S3Fault) in
                try TagSet(try XMLElement(request: Array(text.utf8)), limit: 10)
            } ?? TagSet())
        new.event = "ObjectCreated:Post"
        let payload = try await receive(form.file, checksum: .crc64nvme)
        let requestID = clock.uuid()
        let (stored, bucket) = try await put(new, payload, in: request.bucket, requestID: requestID)
        return answer(form, stored, bucket, request)
    }

    private func answer(
        _ form: PostForm, _ stored: StoredObject, _ bucket: Bucket, _ request: S3Request
    ) -> HTTPResponse {
        let location =
            "http://\(request.headers["Host"] ?? "localhost")/\(bucket.name)/\(stored.key.percentEncoded(keeping: .path))"
        let headers = [("ETag", stored.quotedETag), ("Location", location)] + bucket.versionHeader(stored.version)
        if let target = form["success_action_redirect"] ?? form["redirect"], !target.isEmpty {
            let mark = target.contains("?") ? "&" : "?"
            let query = [("bucket", bucket.name), ("key", stored.key), ("etag", stored.quotedETag)].map { name, value in
                "\(name)=\(value.percentEncoded(keeping: .unreserved))"
            }
            return Self.answer(
                303, [("ETag", stored.quotedETag), ("Location", target + mark + query.joined(separator: "&"))])
        }
        switch form["success_action_status"] {
        case "200": return Self.answer(200, headers)
        case "201":
            let document = XMLWriter("PostResponse") { text in
                text.element("Location", location)
                text.element("Bucket", bucket.name)
                text.element("Key", stored.key)
                text.element("ETag", stored.quotedETag)
            }
            return HTTPResponse(
                status: 201, headers: HTTPHeaders([("Content-Type", "application/xml")] + headers),
                body: .bytes(document.bytes))
        default: return Self.answer(204, headers)
        }
    }
}

/// A form of `multipart/form-data`. Fields after the file are ignored.
struct PostForm: Sendable {
    private(set) var fields: [(name: String, value: String)] = []
    private(set) var file: [UInt8] = []
    /// With the file's name in place of `${filename}`.
    private(set) var key = ""

    static func isForm(_ request: S3Request) -> Bool {
        request.headers["Content-Type"]?.lowercased().hasPrefix("multipart/form-data") ?? false
    }

    subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }

    init(_ body: [UInt8], _ request: S3Request) throws(S3Fault) {
        let malformed = S3Fault(
            "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.", 400)
        guard let boundary = Self.parameter("boundary", of: request.headers["Content-Type"] ?? "") else {
            throw malformed
        }
        let mark = Array("--\(boundary)".utf8)
        var rest = body[...]
        guard let first = rest.firstRange(of: mark) else { throw malformed }
        rest = rest[first.upperBound...]
        var fileName: String?
        while fileName == nil, rest.starts(with: "\r\n".utf8) {
            rest = rest.dropFirst(2)
            guard let head = rest.firstRange(of: Array("\r\n\r\n".utf8)),
                let end = rest[head.upperBound...].firstRange(of: Array("\r\n".utf8) + mark)
            else { throw malformed }
            let lines = String(decoding: rest[..<head.lowerBound], as: UTF8.self)
            let disposition =
                lines.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("content-disposition:") }
                ?? ""
            guard let name = Self.parameter("name", of: String(disposition)) else { throw malformed }
            let content = rest[head.upperBound..<end.lowerBound]
            if name == "file" {
                file = Array(content)
                fileName = Self.parameter("filename", of: String(disposition)) ?? ""
            } else {
                fields.append((name, String(decoding: content, as: UTF8.self)))
            }
            rest = rest[end.upperBound...]
        }
        guard let key = self["key"] else { throw Self.missing("key") }
        guard let fileName else {
            throw .argument("file", "0", "POST requires exactly one file upload per request.")
        }
        self.key = key.replacing("${filename}", with: fileName)
        if self.key.isEmpty { throw .argument("key", "", "User key must have a length greater than 0.") }
        if self.key.utf8.count > 1024 { throw .keyTooLong }
    }

    static func missing(_ field: String) -> S3Fault {
        .argument(
            field, "",
            "Bucket POST must contain a field named '\(field)'.  If it is specified, please check the order of the fields."
        )
    }

    /// The value of a header's parameter, without quotation marks.
    private static func parameter(_ name: String, of header: String) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, halves[0].drop(while: { $0 == " " }).lowercased() == name else { continue }
            return String(halves[1]).unquoted
        }
        return nil
    }
}

/// The policy of a form: until when and for which fields it may be sent.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>
struct PostPolicy: Sendable {
    private enum Condition: Sendable {
        case equal(field: String, value: String)
        case prefix(field: String, value: String)
        case length(ClosedRange<Int>)
    }

    private let expiration: Timestamp
    private let conditions: [(condition: Condition, text: String)]

    private static func invalid(_ what: String) -> S3Fault {
        S3Fault("InvalidPolicyDocument", "Invalid Policy: \(what)", 400)
    }

    /// - Parameter encoded: the policy in Base64.
    init(_ encoded: String) throws(S3Fault) {
        guard let bytes = [UInt8](base64: encoded.filter { !$0.isNewline }),
            let document = try? JSON(parsing: bytes), document.object != nil
        else { throw Self.invalid("Invalid JSON.") }
        guard let text = document["expiration"]?.string else { throw Self.invalid("Policy missing expiration.") }
        guard let expiration = Timestamp(rfc3339: text) else {
            throw Self.invalid("Invalid 'expiration' value: '\(text)'")
        }
        guard let listed = document["conditions"]?.array else { throw Self.invalid("Policy missing conditions.") }
        self.expiration = expiration
        var conditions: [(condition: Condition, text: String)] = []
        for entry in listed { conditions += try Self.conditions(entry) }
        self.conditions = conditions
    }

    private static func conditions(_ entry: JSON) throws(S3Fault) -> [(condition: Condition, text: String)] {
        if let members = entry.object {
            var conditions: [(condition: Condition, text: String)] = []
            for (name, value) in members {
                guard let value = value.string else {
                    throw invalid("Invalid Simple-Condition: value must be a string.")
                }
                conditions.append(
                    (.equal(field: name.lowercased(), value: value), #"["eq", "$\#(name)", "\#(value)"]"#))
            }
            return conditions
        }
        guard let parts = entry.array, parts.count == 3, let kind = parts[0].string?.lowercased() else {
            throw invalid("Invalid Condition: wrong number of arguments.")
        }
        if kind == "content-length-range" {
            guard let low = parts[1].int ?? parts[1].string.flatMap({ Int($0) }),
                let high = parts[2].int ?? parts[2].string.flatMap({ Int($0) }), low <= high
            else { throw invalid("Invalid content-length-range: the limits must be integers.") }
            return [(.length(low...high), "")]
        }
        guard let field = parts[1].string, field.hasPrefix("$"), let value = parts[2].string else {
            throw invalid("Invalid Condition: the field must begin with '$', and the value must be a string.")
        }
        let name = field.dropFirst().lowercased()
        let text = #"["\#(kind)", "\#(field)", "\#(value)"]"#
        switch kind {
        case "eq": return [(.equal(field: name, value: value), text)]
        case "starts-with": return [(.prefix(field: name, value: value), text)]
        default: throw invalid("Invalid Condition: \(kind)")
        }
    }

    /// Fields that the policy need not name.
    private static let free = ["policy", "x-amz-signature", "signature", "awsaccesskeyid", "file"]

    func check(_ form: PostForm, in bucket: String, at now: Timestamp) throws(S3Fault) {
        if expiration <= now { throw Self.denied("Policy expired.") }
        for (condition, text) in conditions {
            switch condition {
            case .equal(let field, let value):
                guard Self.value(field, of: form, bucket) == value else {
                    throw Self.denied("Policy Condition failed: \(text)")
                }
            case .prefix(let field, let value):
                guard let given = Self.value(field, of: form, bucket), given.hasPrefix(value) else {
                    throw Self.denied("Policy Condition failed: \(text)")
                }
            case .length(let limits):
                if form.file.count < limits.lowerBound {
                    throw S3Fault(
                        "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400,
                        details: [
                            ("ProposedSize", String(form.file.count)), ("MinSizeAllowed", String(limits.lowerBound)),
                        ])
                }
                if form.file.count > limits.upperBound {
                    throw S3Fault(
                        "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400,
                        details: [
                            ("ProposedSize", String(form.file.count)), ("MaxSizeAllowed", String(limits.upperBound)),
                        ])
                }
            }
        }
        let named = conditions.compactMap { entry in
            switch entry.condition {
            case .equal(let field, _), .prefix(let field, _): field
            case .length: nil
            }
        }
        let extra = form.fields.map { $0.name.lowercased() }.filter { name in
            !named.contains(name) && !Self.free.contains(name) && !name.hasPrefix("x-ignore-")
        }
        if !extra.isEmpty { throw Self.denied("Extra input fields: \(extra.joined(separator: ", "))") }
    }

    private static func value(_ field: String, of form: PostForm, _ bucket: String) -> String? {
        switch field {
        case "bucket": bucket
        case "key": form.key
        default: form[field]
        }
    }

    private static func denied(_ what: String) -> S3Fault {
        S3Fault("AccessDenied", "Invalid according to Policy: \(what)", 403)
    }
}
