package import EmulatorCore
internal import JSON
package import Permissions
internal import URLCoding

/// Routes each request on the one port to its service, by target, signature, path or action.
///
/// A signature names the service of a request; whether it is verified is an option.
package struct Router: Sendable {
    /// By the names under which clients sign for them: `s3`, `dynamodb`, `streams.dynamodb`, …
    private let services: [String: any EmulatedService]
    /// By the part of `X-Amz-Target` before the dot.
    private let targets: [String: Destination]
    /// nil if signatures are not verified.
    private let signatures: SignatureVerifier?
    /// nil if permissions are not enforced.
    private let permissions: Permissions?

    private struct Destination {
        let service: any EmulatedService
        /// Such as `streams.dynamodb`.
        let name: String
        let signingName: String
    }

    package init(
        services: [String: any EmulatedService], signatures: SignatureVerifier? = nil, permissions: Permissions? = nil
    ) {
        self.services = services
        self.signatures = signatures
        self.permissions = permissions
        var targets: [String: Destination] = [:]
        for (name, service) in services {
            guard let service = service as? any JSONService else { continue }
            targets[service.targetPrefix] = Destination(
                service: service, name: name, signingName: Self.signingName(for: name))
        }
        self.targets = targets
    }

    /// Requests for a companion such as streams.dynamodb are signed for the service it belongs to.
    private static func signingName(for name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/_cupel/health" { return health }
        if let target = request.headers["X-Amz-Target"] {
            let prefix = target.lastIndex(of: ".").map { String(target[..<$0]) } ?? target
            guard let destination = targets[prefix] else { return Self.notEmulated(prefix) }
            return await respond(to: request, by: destination)
        }
        let name = serviceName(of: request) ?? "s3"
        guard let service = services[name] else { return Self.notEmulated(name) }
        return await respond(
            to: request, by: Destination(service: service, name: name, signingName: Self.signingName(for: name)))
    }

    private func respond(to request: HTTPRequest, by destination: Destination) async -> HTTPResponse {
        let service = destination.service
        guard signatures != nil || permissions != nil else { return await service.respond(to: request) }
        var admitted = request
        do {
            if let signatures { admitted = try await signatures.verified(request, for: destination.signingName) }
            guard let permissions else { return await service.respond(to: admitted) }
            let admission = try await permissions.admit(admitted, to: destination.name)
            let response = await service.respond(to: admission.request)
            guard let denial = admission.hiddenAbsence, response.status == 404 else { return response }
            return service.refusal(of: .denied(denial), to: request)
        } catch {
            return service.refusal(of: error, to: request)
        }
    }

    /// What the service that a request is for lets a web page do; nil if nothing.
    package func grant(to page: CrossOriginRequest, for request: HTTPRequest) -> CrossOriginGrant? {
        guard request.headers["X-Amz-Target"] == nil else { return nil }
        let service = services[serviceName(of: request) ?? "s3"] as? any CrossOriginGranting
        return service?.grant(to: page, for: request)
    }

    /// The service of a request without a target; nil if nothing names one.
    private func serviceName(of request: HTTPRequest) -> String? {
        let isIceberg = request.path.hasPrefix(Self.icebergPath)
        if let signed = Self.signingName(of: request) {
            return signed == "glue" && isIceberg ? Self.icebergCatalog : signed
        }
        if isIceberg { return Self.icebergCatalog }
        if Self.restPaths.contains(where: { request.path.hasPrefix($0) }) { return "lambda" }
        if request.method == "POST", request.path == "/",
            request.headers["Content-Type"]?.hasPrefix("application/x-www-form-urlencoded") == true
        {
            return "iam"
        }
        return nil
    }

    /// Glue's endpoint for Iceberg, which simple clients call without a signature.
    private static let icebergPath = "/iceberg/v1/"
    private static let icebergCatalog = "iceberg.glue"

    private static let restPaths = ["/2015-03-31/functions", "/2015-03-31/event-source-mappings"]

    /// The service in the credential scope `<key>/<date>/<region>/<service>/aws4_request`.
    /// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    private static func signingName(of request: HTTPRequest) -> String? {
        let scope: Substring
        if let value = request.headers["Authorization"]?.suffix(afterBytesOf: "Credential=") {
            let end = value.utf8.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
            scope = value[..<(end ?? value.endIndex)]
        } else if let found = request.query.suffix(afterBytesOf: "X-Amz-Credential=") {
            let value = String(found[..<(found.utf8.firstIndex(of: UInt8(ascii: "&")) ?? found.endIndex)])
            scope = (String(percentDecoding: value) ?? value)[...]
        } else {
            return nil
        }
        // An access key may contain slashes, so the scope is counted from its end.
        let parts = scope.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count >= 5 ? String(Substring(parts[parts.count - 2])) : nil
    }

    private var health: HTTPResponse {
        let names = services.keys.sorted().map { JSON.string($0) }
        return Self.answer(200, ["status": "running", "services": .array(names)])
    }

    private static func notEmulated(_ name: String) -> HTTPResponse {
        let fault = AWSFault.notEmulated("The service \(name)")
        return answer(fault.status, ["__type": .string(fault.code), "message": .string(fault.message)])
    }

    private static func answer(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }
}
