package import XML

/// Responses of services with AWS's query protocol: requests are forms, responses are XML.
/// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
package enum QueryAnswer {
    package static func success(
        _ action: String, requestID: String, _ result: (inout XMLWriter) throws -> Void
    ) rethrows -> HTTPResponse {
        let document = try XMLWriter("\(action)Response") { text in
            try text.element("\(action)Result", result)
            text.element("ResponseMetadata") { $0.element("RequestId", requestID) }
        }
        return answer(200, document)
    }

    package static func failure(_ fault: AWSFault, requestID: String) -> HTTPResponse {
        let document = XMLWriter("ErrorResponse") { text in
            text.element("Error") { text in
                text.element("Type", fault.status < 500 ? "Sender" : "Receiver")
                text.element("Code", fault.code)
                text.element("Message", fault.message)
            }
            text.element("RequestId", requestID)
        }
        return answer(fault.status, document)
    }

    private static func answer(_ status: Int, _ document: XMLWriter) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "text/xml")]), body: .bytes(document.bytes))
    }
}
