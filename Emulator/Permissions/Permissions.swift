package import EmulatorCore
package import JSON
internal import Policies
internal import Synchronization
package import Time

/// Enforces the policies of roles and resources, as IAM does within one account.
///
/// A request with the session token of a role is that role's; any other is the account's own, which only a policy of a resource
/// can deny something. Each operation is translated into the actions and resources that its permissions name.
/// - SeeAlso: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
package final class Permissions: Sendable {
    let account: Account
    let peers: Peers
    let objectKeys: ObjectKeys
    private let sessions: SessionKeys
    private let clock: ClockAndChance
    /// Parsed policies by their texts.
    private let documents = Mutex<[String: PolicyDocument]>([:])

    private static let keptDocuments = 1000

    /// - Parameter objects: S3, which knows with which keys its buckets encrypt.
    package init(
        account: Account, peers: Peers, objects: @escaping Responder, sessions: SessionKeys, clock: ClockAndChance
    ) {
        objectKeys = ObjectKeys(objects: objects, account: account)
        self.account = account
        self.peers = peers
        self.sessions = sessions
        self.clock = clock
    }

    // MARK: Requests

    /// A request that is allowed.
    package struct Admission: Sendable {
        /// The request for the service: its body may have been read and put back.
        package var request: HTTPRequest
        /// Why the caller may not learn that an object is missing; nil if it may.
        package var hiddenAbsence: AWSFault?
    }

    /// Decides on a request before its service sees it.
    /// - Parameter service: the name for which requests to the service are signed, such as `dynamodb`.
    /// - Throws: ``SignatureFault`` with the service's code and AWS's text.
    package func admit(_ request: HTTPRequest, to service: String) async throws(SignatureFault) -> Admission {
        let principal = principal(of: request)
        var admission = Admission(request: request)
        do {
            let requested = try await RequestedCalls(&admission.request, service, self)
            try await check(requested.calls, principal, service)
            if let listing = requested.listing, let denial = try await denial(of: listing, principal, service) {
                admission.hiddenAbsence = Self.fault(denial, service)
            }
        } catch {
            throw .denied(error as? AWSFault ?? .internalFailure(error))
        }
        return admission
    }

    private func principal(of request: HTTPRequest) -> PolicyPrincipal {
        var token = request.headers["X-Amz-Security-Token"]
        if token == nil, request.query.suffix(afterBytesOf: "X-Amz-Security-Token=") != nil {
            token = Query(request.query)["X-Amz-Security-Token"]
        }
        guard let token, let session = sessions.session(ofToken: token)?.session,
            session.expiresAt > clock.now().milliseconds, let arn = ARN(session.arn)
        else { return .account(account.id) }
        let parts = arn.resource.split(separator: "/")
        guard parts.count >= 3, parts[0] == "assumed-role" else { return .account(account.id) }
        return role(named: String(parts[1]), session: session.arn)
    }

    private func role(named name: String, session: String) -> PolicyPrincipal {
        let arn = try? peers.roles?.policies(ofRole: name)?.arn
        return .role(arn: arn ?? "arn:aws:iam::\(account.id):role/\(name)", session: session)
    }

    // MARK: Decisions

    private func check(_ calls: [ServiceCall], _ principal: PolicyPrincipal, _ service: String) async throws {
        for call in calls {
            guard let text = try await denial(of: call, principal, service) else { continue }
            throw Self.fault(text, service)
        }
    }

    /// AWS's text of the refusal; nil if the call is allowed.
    private func denial(
        of call: ServiceCall, _ principal: PolicyPrincipal, _ service: String
    ) async throws -> String? {
        let request = PolicyRequest(principal, call.action, on: call.resource, context(of: call, principal))
        var set = PolicySet(identity: [])
        if case .role(let arn, _) = principal, let name = arn.split(separator: "/").last.map(String.init),
            let policies = try peers.roles?.policies(ofRole: name)
        {
            set.identity = try policies.documents.map { try document($0, of: arn) }
            set.boundary = try policies.boundary.map { try document($0, of: arn) }
        }
        if let arn = ARN(call.resource) {
            let text = call.trust == nil ? try peers.policy(ofResource: arn) : call.trust
            set.resource = try text.map { try document($0, of: call.resource) }
            set.needsResource = set.resource != nil && (arn.service == "kms" || call.trust != nil)
        }
        guard case .denied(let denial) = set.decide(request) else { return nil }
        return request.refusal(denial, quotesResource: call.action.hasPrefix("s3:"))
    }

    private func document(_ text: String, of owner: String) throws(AWSFault) -> PolicyDocument {
        if let known = documents.withLock({ $0[text] }) { return known }
        let document: PolicyDocument
        do throws(PolicyError) { document = try PolicyDocument(parsing: text) } catch {
            throw AWSFault("MalformedPolicyDocument", "A policy of \(owner) cannot be evaluated: \(error.reason)")
        }
        documents.withLock { documents in
            if documents.count >= Self.keptDocuments { documents = [:] }
            documents[text] = document
        }
        return document
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
    private func context(of call: ServiceCall, _ principal: PolicyPrincipal) -> PolicyContext {
        let now = clock.now()
        var context = PolicyContext([
            // The emulator's port stands for AWS's endpoints, which are HTTPS.
            "aws:SecureTransport": ["true"], "aws:SourceIp": ["127.0.0.1"], "aws:RequestedRegion": [account.region],
            "aws:CurrentTime": [now.rfc3339], "aws:EpochTime": [String(now.milliseconds / 1000)],
            "aws:ResourceAccount": [account.id],
        ])
        switch principal {
        case .account(let id):
            context["aws:PrincipalArn"] = ["arn:aws:iam::\(id):root"]
            context["aws:PrincipalAccount"] = [id]
            context["aws:PrincipalType"] = ["Account"]
        case .role(let arn, let session):
            context["aws:PrincipalArn"] = [arn]
            context["aws:PrincipalAccount"] = [account.id]
            context["aws:PrincipalType"] = ["AssumedRole"]
            let name = session.split(separator: "/").suffix(2).map(String.init)
            if name.count == 2 { context["aws:userid"] = ["AROA\(name[0].uppercased()):\(name[1])"] }
        case .service(let name): context["aws:PrincipalServiceName"] = [name]
        }
        for (name, values) in call.context { context[name] = values }
        return context
    }

    /// The service's own code for a refusal.
    private static func fault(_ text: String, _ service: String) -> AWSFault {
        switch service {
        case "s3", "iam", "sts", "cloudformation", "monitoring": AWSFault("AccessDenied", text, status: 403)
        case "sns": AWSFault("AuthorizationError", text, status: 403)
        case "lambda", "emr-serverless", "pipes", "scheduler", "iceberg.glue":
            AWSFault("AccessDeniedException", text, status: 403)
        default: AWSFault("AccessDeniedException", text)
        }
    }
}

extension Permissions: PermissionChecking {
    package func check(
        _ operation: String, of service: String, _ input: JSON, as role: String?, session: String
    ) async throws(AWSFault) {
        guard let role, let arn = ARN(role), let name = arn.resource.split(separator: "/").last.map(String.init) else {
            return
        }
        let principal = self.role(
            named: name, session: "arn:aws:sts::\(account.id):assumed-role/\(name)/\(session)")
        do {
            try await check(await calls(operation, of: service, input), principal, service)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func check(delivering target: String, from sender: EventSender) throws(AWSFault) {
        let actions = ["lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "SNS:Publish"]
        // Other targets are called as a role.
        guard let arn = ARN(target), let action = actions[arn.service] else { return }
        let principal = PolicyPrincipal.service(sender.service)
        var call = ServiceCall(action, target)
        call.context = ["aws:SourceArn": [sender.source], "aws:SourceAccount": [account.id]]
        let request = PolicyRequest(principal, action, on: target, context(of: call, principal))
        var set = PolicySet(identity: [])
        set.resource = try peers.policy(ofResource: arn).map { text throws(AWSFault) in try document(text, of: target) }
        // A topic without a policy of its own takes what comes from its account.
        if arn.service == "sns", set.resource == nil { return }
        guard case .denied(let denial) = set.decide(request) else { return }
        throw Self.fault(request.refusal(denial), arn.service)
    }

    package func check(delivering target: String, as role: String?, session: String) async throws(AWSFault) {
        guard let arn = ARN(target) else { return }
        let text = JSON.string(target)
        switch arn.service {
        case "lambda": try await check("Invoke", of: "lambda", ["FunctionName": text], as: role, session: session)
        case "states":
            try await check("StartExecution", of: "states", ["stateMachineArn": text], as: role, session: session)
        case "sqs": try await check("SendMessage", of: "sqs", ["QueueUrl": text], as: role, session: session)
        case "sns": try await check("Publish", of: "sns", ["TopicArn": text], as: role, session: session)
        case "kinesis": try await check("PutRecord", of: "kinesis", ["StreamARN": text], as: role, session: session)
        case "events":
            try await check(
                "PutEvents", of: "events", ["Entries": [["EventBusName": text]]], as: role, session: session)
        case "firehose":
            let name = arn.resource.split(separator: "/").last.map(String.init) ?? ""
            try await check(
                "PutRecord", of: "firehose", ["DeliveryStreamName": .string(name)], as: role, session: session)
        default: break
        }
    }
}
