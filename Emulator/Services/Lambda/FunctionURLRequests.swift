internal import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding

// Requests to function URLs: an HTTP request becomes an event of format 2.0, and the function's answer a response.
// See <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

extension LambdaService {
    /// The answer of the function to a request at its URL.
    func answer(_ request: HTTPRequest, atURLOf name: String) async -> HTTPResponse {
        guard let function = try? registry.function(name),
            let url = FunctionURL(stored: function.declaration["UrlConfig"])
        else { return Self.message(404, "Not Found") }
        var request = request
        if url.requiresSignature {
            guard request.isSigned else { return Self.message(403, "Forbidden") }
            do throws(SignatureFault) {
                request = try await options.signatures?.verified(request, for: "lambda") ?? request
            } catch {
                return refusal(of: error, to: request)
            }
        }
        let body: [UInt8]
        do {
            body = try await request.body.collect(upTo: PayloadLimit.request)
        } catch is AWSFault {
            return Self.message(413, "Request Too Long")
        } catch {
            return Self.message(400, "Bad Request")
        }
        let invocation = Invocation(
            requestID: options.clock.uuid(), payload: [], traceID: request.headers["X-Amzn-Trace-Id"],
            functionARN: registry.arn(of: function.name))
        let event = URLEvent(
            request: request, body: body, url: url, account: options.account, requestID: invocation.requestID,
            now: options.clock.now())
        do throws(AWSFault) {
            var whole = invocation
            whole.payload = event.document.bytes
            let outcome = try await run(function, whole)
            var response = outcome.functionError == nil ? Self.response(outcome.payload) : Self.badGateway
            response.headers.append("x-amzn-RequestId", invocation.requestID)
            return response
        } catch {
            return Self.message(error.status, error.message)
        }
    }

    private static func message(_ status: Int, _ text: String) -> HTTPResponse {
        json(status, ["Message": .string(text)])
    }

    /// The answer where the function fails, or says what is not a response.
    private static let badGateway = HTTPResponse(
        status: 502, headers: HTTPHeaders([("Content-Type", "application/json")]),
        body: .bytes(Array("Internal Server Error".utf8)))

    /// What the function answered as a response: with its status where it names one, else as the body.
    static func response(_ payload: [UInt8]) -> HTTPResponse {
        guard let answer = try? JSON(parsing: payload) else { return badGateway }
        guard let status = answer["statusCode"] else {
            return HTTPResponse(
                status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]),
                body: .bytes(answer.string.map { Array($0.utf8) } ?? payload))
        }
        guard let code = status.looseInt, (100...599).contains(code) else { return badGateway }
        var headers = HTTPHeaders()
        for (name, value) in answer["headers"]?.object ?? [:] where name.isHeaderName {
            headers[name] = (value.string ?? value.text).headerText
        }
        if headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        for cookie in answer["cookies"]?.array ?? [] {
            headers.append("Set-Cookie", (cookie.string ?? cookie.text).headerText)
        }
        // The server says itself how long the body is.
        headers["Content-Length"] = nil
        headers["Transfer-Encoding"] = nil
        let body: [UInt8]
        switch answer["body"] {
        case nil, .null?: body = []
        case .string(let text)? where answer["isBase64Encoded"]?.bool == true:
            guard let bytes = [UInt8](base64: text) else { return badGateway }
            body = bytes
        case .string(let text)?: body = Array(text.utf8)
        default: return badGateway
        }
        return HTTPResponse(status: code, headers: headers, body: .bytes(body))
    }
}

/// A request to a function URL as the function sees it.
private struct URLEvent {
    let request: HTTPRequest
    let body: [UInt8]
    let url: FunctionURL
    let account: Account
    let requestID: String
    let now: Timestamp

    var document: JSON {
        var event: JSONObject = [
            "version": "2.0", "routeKey": "$default", "rawPath": .string(path),
            "rawQueryString": .string(request.query), "headers": .object(headers),
        ]
        let cookies = request.headers.fields.filter { $0.name.lowercased() == "cookie" }
            .flatMap { $0.value.split(separator: ";") }.map { JSON.string(String($0.drop { $0 == " " })) }
        if !cookies.isEmpty { event["cookies"] = .array(cookies) }
        if !request.query.isEmpty { event["queryStringParameters"] = .object(parameters) }
        event["requestContext"] = context
        let isText = isText
        if !body.isEmpty {
            event["body"] = .string(isText ? String(decoding: body, as: UTF8.self) : body.base64)
        }
        event["isBase64Encoded"] = .bool(!body.isEmpty && !isText)
        return .object(event)
    }

    private var path: String { String(percentDecoding: request.path) ?? request.path }

    /// By name in lowercase; fields of one name are joined by commas.
    private var headers: JSONObject {
        var headers = JSONObject()
        for (name, value) in request.headers.fields where name.lowercased() != "cookie" {
            let name = name.lowercased()
            headers[name] = .string(headers[name]?.string.map { $0 + "," + value } ?? value)
        }
        headers["x-forwarded-proto"] = headers["x-forwarded-proto"] ?? "http"
        headers["x-forwarded-for"] = headers["x-forwarded-for"] ?? "127.0.0.1"
        return headers
    }

    /// By name; values of one name are joined by commas.
    private var parameters: JSONObject {
        var parameters = JSONObject()
        for pair in request.query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { half in
                String(formURLDecoding: String(half)) ?? String(half)
            }
            let value = halves.count > 1 ? halves[1] : ""
            parameters[halves[0]] = .string(parameters[halves[0]]?.string.map { $0 + "," + value } ?? value)
        }
        return parameters
    }

    private var context: JSON {
        let domain = "\(url.id).lambda-url.\(account.region).on.aws"
        var context: JSONObject = [
            "accountId": .string(url.requiresSignature ? account.id : "anonymous"), "apiId": .string(url.id),
        ]
        if url.requiresSignature {
            context["authorizer"] = [
                "iam": [
                    "accessKey": .string(request.accessKey ?? ""), "accountId": .string(account.id),
                    "callerId": .string(account.id), "userArn": .string("arn:aws:iam::\(account.id):root"),
                    "userId": .string(account.id),
                ]
            ]
        }
        context["domainName"] = .string(domain)
        context["domainPrefix"] = .string(url.id)
        context["http"] = [
            "method": .string(request.method), "path": .string(path), "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
            "userAgent": .string(request.headers["User-Agent"] ?? ""),
        ]
        context["requestId"] = .string(requestID)
        context["routeKey"] = "$default"
        context["stage"] = "$default"
        context["time"] = .string(now.commonLogText)
        context["timeEpoch"] = .int(Int(now.milliseconds))
        return .object(context)
    }

    /// Whether the function gets the body as text; all others are Base64.
    private var isText: Bool {
        let type = request.headers["Content-Type"]?.lowercased().prefix { $0 != ";" } ?? ""
        return type.hasPrefix("text/")
            || ["application/json", "application/xml", "application/javascript"].contains(String(type))
            || type.hasSuffix("+json") || type.hasSuffix("+xml")
    }
}

extension HTTPRequest {
    /// Whether it claims to be signed.
    fileprivate var isSigned: Bool {
        headers["Authorization"]?.hasPrefix("AWS4-HMAC-SHA256 ") == true || query.contains("X-Amz-Signature=")
    }

    /// The access key in `Credential=KEY/date/…`.
    fileprivate var accessKey: String? {
        guard let text = headers["Authorization"], let name = text.firstRange(of: "Credential=") else { return nil }
        return String(text[name.upperBound...].prefix { $0 != "/" && $0 != "," })
    }
}

extension String {
    /// Whether all bytes may be in the name of a header field.
    fileprivate var isHeaderName: Bool {
        !isEmpty && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }

    /// Without the ends of lines, which would end the field.
    fileprivate var headerText: String { String(unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }) }
}

extension Timestamp {
    /// `12/Mar/2026:19:03:58 +0000`
    fileprivate var commonLogText: String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let text = rfc3339
        let parts = text.prefix(10).split(separator: "-").map(String.init)
        guard parts.count == 3, let month = Int(parts[1]), months.indices.contains(month - 1) else { return text }
        return "\(parts[2])/\(months[month - 1])/\(parts[0]):\(text.dropFirst(11).prefix(8)) +0000"
    }
}
