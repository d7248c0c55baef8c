public import JSON

/// One emulated AWS service, as requests reach it.
public protocol EmulatedService: Sendable {
    /// Answers `request`. Every failure is an answer too, in the service's own error format.
    func respond(to request: HTTPRequest) async -> HTTPResponse
}

/// A service as a state machine's SDK integrations call it: an action name and a JSON document in, a JSON document out.
public protocol ActionPerforming: Sendable {
    func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON
}

/// A service of the AWS JSON protocols (1.0 and 1.1): HTTP requests and integrations take the same way in.
/// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>
public protocol JSONService: EmulatedService, ActionPerforming {
    /// What stands before the dot in `X-Amz-Target`: `DynamoDB_20120810`.
    var targetPrefix: String { get }
    /// `1.0` or `1.1`.
    var protocolVersion: String { get }
    /// What `__type` says for a code: the code itself, or with the namespace that the service puts before it.
    func faultType(_ code: String) -> String
    /// What the headers of an error say beside its document.
    func faultHeaders(_ fault: AWSFault) -> [(String, String)]
    /// The largest request in bytes.
    var requestLimit: Int { get }
}

extension JSONService {
    public var requestLimit: Int { 16 << 20 }
    public func faultType(_ code: String) -> String { code }
    public func faultHeaders(_ fault: AWSFault) -> [(String, String)] { [] }

    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            guard let target = request.headers["X-Amz-Target"], let dot = target.lastIndex(of: ".") else {
                throw AWSFault("MissingActionException", "The request has no X-Amz-Target header.")
            }
            let body = try await request.body.collect(upTo: requestLimit)
            let input: JSON
            do {
                input = body.isEmpty ? [:] : try JSON(parsing: body)
            } catch {
                throw AWSFault("SerializationException", "The request body is \(error).")
            }
            let output = try await perform(String(target[target.index(after: dot)...]), input)
            return answer(200, output)
        } catch let fault as AWSFault {
            return answer(fault)
        } catch {
            return answer(AWSFault.internalFailure(error))
        }
    }

    private func answer(_ fault: AWSFault) -> HTTPResponse {
        var document = fault.details
        document["__type"] = .string(faultType(fault.code))
        document["message"] = .string(fault.message)
        return answer(fault.status, .object(document), faultHeaders(fault))
    }

    private func answer(_ status: Int, _ document: JSON, _ headers: [(String, String)] = []) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: HTTPHeaders([("Content-Type", "application/x-amz-json-\(protocolVersion)")] + headers),
            body: .bytes(document.bytes))
    }
}
