package import JSON

/// One emulated AWS service, as requests reach it.
package protocol EmulatedService: Sendable {
    /// Answers `request`. Every failure is an answer too, in the service's own error format.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// The answer to a request whose signature is refused, in the service's own error format.
    func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse
}

extension EmulatedService {
    /// The answer of a service with AWS's REST protocol for JSON.
    /// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>
    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        let fault = fault.jsonFault(status: 403)
        let document: JSON = ["message": .string(fault.message)]
        return HTTPResponse(
            status: fault.status,
            headers: HTTPHeaders([("Content-Type", "application/json"), ("x-amzn-ErrorType", fault.code)]),
            body: .bytes(document.bytes))
    }
}

/// A service as a state machine's SDK integrations call it: an action name and a JSON document in, a JSON document out.
package protocol ActionPerforming: Peer {
    /// The name under which clients sign requests for the service, such as `dynamodb`.
    var actionService: String { get }
    func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON
    /// How AWS's SDKs name an error of the service.
    func sdkError(_ fault: AWSFault) -> SDKError
}

/// An error as AWS's SDKs name it.
package struct SDKError: Sendable, Hashable {
    /// The exception's type, such as `QueueDoesNotExistException`; nil for an error that the service's model lacks,
    /// which an SDK throws as the service's base exception.
    package var type: String?
    /// The code on the wire.
    package var code: String

    package init(type: String?, code: String) {
        self.type = type
        self.code = code
    }
}

extension ActionPerforming {
    package func sdkError(_ fault: AWSFault) -> SDKError {
        let code = fault.code.split(separator: "#").last.map(String.init) ?? fault.code
        let isGeneric = ["ValidationException", "SerializationException", "InternalFailure"].contains(code)
        return SDKError(type: isGeneric ? nil : code.hasSuffix("Exception") ? code : code + "Exception", code: code)
    }
}

/// A service of the AWS JSON protocols (1.0 and 1.1): HTTP requests and integrations take the same way in.
/// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>
package protocol JSONService: EmulatedService, ActionPerforming {
    /// The part of `X-Amz-Target` before the dot: `DynamoDB_20120810`.
    var targetPrefix: String { get }
    /// `1.0` or `1.1`.
    var protocolVersion: String { get }
    /// The `__type` for a code: the code itself, or with the service's namespace before it.
    func faultType(_ code: String) -> String
    /// The headers that an error adds to its document.
    func faultHeaders(_ fault: AWSFault) -> [(String, String)]
    /// The largest request in bytes.
    var requestLimit: Int { get }
}

extension JSONService {
    package var requestLimit: Int { 16 << 20 }
    package func faultType(_ code: String) -> String { code }
    package func faultHeaders(_ fault: AWSFault) -> [(String, String)] { [] }

    package func respond(to request: HTTPRequest) async -> HTTPResponse { await answerJSON(request) }

    /// The answer to an operation of the service with a document.
    package func answerJSON(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            guard let target = request.headers["X-Amz-Target"], let dot = target.lastIndex(of: ".") else {
                throw AWSFault("MissingActionException", "The request has no X-Amz-Target header.")
            }
            if request.headers["Content-Type"]?.hasPrefix("application/x-amz-cbor") == true {
                throw AWSFault(
                    "SerializationException",
                    "CBOR is not emulated; make the SDK send JSON, with AWS_CBOR_DISABLE=true in its environment.")
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

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        answer(fault.jsonFault(status: 400))
    }

    package func answer(_ fault: AWSFault) -> HTTPResponse {
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
