internal import JSON

/// Calls of S3 through the SDK integration and by the readers of distributed Maps.
extension StepFunctionsService {
    func callS3(_ action: String, _ parameters: JSON) async throws -> JSON {
        guard let s3 = integrations.s3 else { throw TaskFailure.notPlayed("s3") }
        let bucket = Self.percentEncoded(parameters["Bucket"]?.string ?? "")
        let key = Self.percentEncoded(parameters["Key"]?.string ?? "")
        switch action {
        case "getObject":
            let response = try await send(HTTPRequest(method: "GET", path: "/\(bucket)/\(key)"), to: s3)
            let body = try Self.bytes(of: response)
            var answer = Self.members(of: response)
            answer["AcceptRanges"] = "bytes"
            answer["ContentLength"] = .int(body.count)
            answer["Metadata"] = [:]
            answer["Body"] = .string(String(decoding: body, as: UTF8.self))
            return .object(answer)
        case "putObject":
            // Text too goes as JSON, in its quotes.
            let body = (parameters["Body"] ?? "").bytes
            let request = HTTPRequest(
                method: "PUT", path: "/\(bucket)/\(key)",
                headers: HTTPHeaders([("Content-Length", "\(body.count)")]), body: RequestBody(body))
            var answer = Self.members(of: try await send(request, to: s3))
            answer["ContentType"] = nil
            answer["LastModified"] = nil
            answer["ChecksumCRC32"] = .string(CRC32.checksum(body).bigEndianBytes.base64)
            answer["ChecksumType"] = "FULL_OBJECT"
            return .object(answer)
        case "listObjects", "listObjectsV2":
            let prefix = Self.percentEncoded(parameters["Prefix"]?.string ?? "")
            let request = HTTPRequest(method: "GET", path: "/\(bucket)", query: "list-type=2&prefix=\(prefix)")
            let text = String(decoding: try Self.bytes(of: try await send(request, to: s3)), as: UTF8.self)
            return ["Contents": .array(Self.elements("Contents", in: text).map(Self.listed)), "Name": .string(bucket)]
        default: throw TaskFailure.notPlayed("s3:\(action)")
        }
    }

    private func send(_ request: HTTPRequest, to s3: any EmulatedService) async throws -> HTTPResponse {
        let response = await s3.respond(to: request)
        try Task.checkCancellation()
        guard response.status >= 300 else { return response }
        let text = String(decoding: try Self.bytes(of: response), as: UTF8.self)
        let code = Self.elements("Code", in: text).first ?? "Unknown"
        let name = code.hasSuffix("Exception") ? code : code + "Exception"
        throw TaskFailure(
            error: "S3.\(name)",
            cause: "\(Self.elements("Message", in: text).first ?? "") (Service: S3, Status Code: \(response.status), "
                + "Request ID: \(ambient.uuid()), Extended Request ID: \(ambient.uuid()))")
    }

    private static func members(of response: HTTPResponse) -> JSONObject {
        var members: JSONObject = ["ServerSideEncryption": "AES256"]
        for (name, header) in [("ETag", "ETag"), ("LastModified", "Last-Modified"), ("ContentType", "Content-Type")] {
            members[name] = .text(response.headers[header])
        }
        return members
    }

    private static func listed(_ text: String) -> JSON {
        var object = JSONObject()
        for name in ["Key", "LastModified", "ETag", "StorageClass"] {
            object[name] = .text(elements(name, in: text).first)
        }
        object["Size"] = elements("Size", in: text).first.flatMap { Int($0) }.map { .int($0) }
        return .object(object)
    }

    /// What stands between the tags of each element of a name, entities replaced.
    private static func elements(_ name: String, in text: String) -> [String] {
        var found: [String] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "<\(name)>"),
            let close = rest[open.upperBound...].firstRange(of: "</\(name)>")
        {
            var content = String(rest[open.upperBound..<close.lowerBound])
            if !content.contains("<") {
                for (entity, character) in [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
                    content.replace(entity, with: character)
                }
            }
            found.append(content)
            rest = rest[close.upperBound...]
        }
        return found
    }

    private static func bytes(of response: HTTPResponse) throws -> [UInt8] {
        switch response.body {
        case .bytes(let bytes): return bytes
        case .files(let ranges):
            return try ranges.ranges.reduce(into: []) { bytes, range in
                guard let content = try? FileBytes.contents(of: range.path) else {
                    throw TaskFailure(
                        error: "S3.SdkClientException", cause: "The object's file \(range.path) cannot be read")
                }
                bytes += content.dropFirst(range.offset).prefix(range.length)
            }
        }
    }

    private static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return encoded
    }
}

/// The checksum that S3 gives for every object.
///
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952#section-8>
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
    }
}

extension UInt32 {
    fileprivate var bigEndianBytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> UInt32($0)) } }
}
