package import EmulatorCore
internal import JSON
internal import Threads
internal import Time
internal import XML

/// Amazon S3: buckets, objects with versions, multipart uploads, and events for functions.
///
/// An object is acknowledged once its bytes, its index entry and its events are durable together. Small objects are in
/// the database, so that one fsync serves many of them; others are in files that never change. Permissions are not checked.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>
package final class S3: Service, ResourceProviding {
    package static let signingNames = ["s3"]

    let store: Store
    let files: ObjectFiles
    let reclaimer: FileReclaimer
    let peers: Peers
    let account: Account
    let clock: ClockAndChance

    package convenience init(_ context: ServiceContext) throws {
        try self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }

    /// Opens the objects in the store's folder, and starts to remove files that a crash left behind.
    /// - Parameter peers: receive the events that buckets are configured to send.
    init(store: Store, peers: Peers, account: Account, clock: ClockAndChance) throws {
        let files = try ObjectFiles(
            directory: store.directory + "/objects", run: String(clock.uuid().filter { $0 != "-" }))
        self.store = store
        self.files = files
        self.peers = peers
        self.account = account
        self.clock = clock
        reclaimer = FileReclaimer { files.remove($0) }
        // If this fails, the next start tries again.
        SystemThread {
            try? files.sweep { name in try store.read { snapshot in try snapshot.refers(to: name) } }
        }.detach()
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let requestID = newRequestID()
        let response: HTTPResponse
        do {
            let request = try S3Request(request)
            try PresignedURL(request.query)?.check(now: clock.now())
            if request.bucket.isEmpty {
                response = try await service(request)
            } else if request.key.isEmpty {
                response = try await bucket(request)
            } else {
                response = try await object(request, requestID)
            }
        } catch {
            response = Self.answer(Self.fault(error), request, requestID)
        }
        return identified(response, requestID)
    }

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        let requestID = newRequestID()
        return identified(Self.answer(Self.fault(fault), request, requestID), requestID)
    }

    private func newRequestID() -> String { String(clock.uuid().filter { $0 != "-" }.prefix(16)).uppercased() }

    private func identified(_ response: HTTPResponse, _ requestID: String) -> HTTPResponse {
        var response = response
        response.headers.append("x-amz-request-id", requestID)
        response.headers.append("x-amz-id-2", Self.hostID(requestID))
        response.headers.append("Server", "AmazonS3")
        return response
    }

    // MARK: Operations

    private func service(_ request: S3Request) async throws -> HTTPResponse {
        // `//key` means an object in a bucket with an empty name.
        guard request.key.isEmpty else { throw S3Fault.invalidBucketName("") }
        guard request.method == "GET" else { throw S3Fault.methodNotAllowed }
        return try listBuckets(request)
    }

    private func bucket(_ request: S3Request) async throws -> HTTPResponse {
        let query = request.query
        if let name = BucketConfiguration.names.first(where: { query.contains($0) }) {
            return try await configuration(name, request)
        }
        if let name = Self.notEmulated.first(where: { query.contains($0) }) {
            throw S3Fault.notEmulated("S3's bucket subresource \(name)")
        }
        switch request.method {
        case "PUT": return try await createBucket(request)
        case "HEAD": return try headBucket(request)
        case "DELETE": return try await deleteBucket(request)
        case "POST" where query.contains("delete"): return try await deleteObjects(request)
        case "POST" where PostForm.isForm(request): return try await postObject(request)
        case "GET":
            if query.contains("location") { return try bucketLocation(request) }
            if query.contains("versions") { return try listVersions(request) }
            if query.contains("uploads") { return try listUploads(request) }
            return query["list-type"] == "2" ? try listObjectsV2(request) : try listObjects(request)
        default: throw S3Fault.methodNotAllowed
        }
    }

    private static let notEmulated = [
        "inventory", "analytics", "metrics", "intelligent-tiering", "metadataTable", "metadataConfiguration", "session",
        "metadataAnnotationTable", "metadataInventoryTable", "metadataJournalTable", "abac",
    ]

    private static let notEmulatedOfObjects = [
        "torrent", "select", "restore", "renameObject", "annotation", "encryption",
    ]

    private func object(_ request: S3Request, _ requestID: String) async throws -> HTTPResponse {
        let query = request.query
        if query.contains("tagging") { return try await tagging(request) }
        if query.contains("acl") { return try await objectACL(request) }
        if query.contains("retention") || query.contains("legal-hold") {
            _ = try store.read { try $0.bucket(request.bucket) }
            throw S3Fault.noObjectLock
        }
        if let name = Self.notEmulatedOfObjects.first(where: { query.contains($0) }) {
            throw S3Fault.notEmulated("S3's object subresource \(name)")
        }
        switch request.method {
        case "GET":
            if query.contains("attributes") { return try objectAttributes(request) }
            if query.contains("uploadId") { return try listParts(request) }
            return try getObject(request)
        case "HEAD": return try getObject(request)
        case "PUT":
            let isCopy = request.headers["x-amz-copy-source"] != nil
            if query.contains("uploadId") {
                return isCopy ? try await uploadPartCopy(request) : try await uploadPart(request)
            }
            return isCopy ? try await copyObject(request, requestID) : try await putObject(request, requestID)
        case "POST":
            if query.contains("uploads") { return try await createUpload(request) }
            if query.contains("uploadId") { return try await completeUpload(request, requestID) }
            throw S3Fault.methodNotAllowed
        case "DELETE":
            return query.contains("uploadId")
                ? try await abortUpload(request) : try await deleteObject(request, requestID)
        default: throw S3Fault.methodNotAllowed
        }
    }

    // MARK: Answers

    static func hostID(_ requestID: String) -> String { Array((requestID + requestID).utf8).base64 }

    static func answer(_ status: Int = 200, _ headers: [(String, String)] = []) -> HTTPResponse {
        HTTPResponse(status: status, headers: HTTPHeaders(headers))
    }

    static func answer(_ document: XMLWriter, _ headers: [(String, String)] = []) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/xml")] + headers),
            body: .bytes(document.bytes))
    }

    static func fault(_ error: any Error) -> S3Fault {
        switch error {
        case let fault as S3Fault: fault
        case let fault as SignatureFault: S3Fault(fault)
        case let fault as AWSFault: S3Fault(fault.code, fault.message, fault.status)
        case RequestBodyError.timedOut:
            S3Fault(
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period.", 400)
        case is RequestBodyError: .incompleteBody
        default: .internalFailure(error)
        }
    }

    private static func answer(_ fault: S3Fault, _ request: HTTPRequest, _ requestID: String) -> HTTPResponse {
        if request.method == "HEAD" || fault.status == 304 {
            return HTTPResponse(status: fault.status, headers: HTTPHeaders(fault.headers))
        }
        let document = XMLWriter("Error") { text in
            text.element("Code", fault.code)
            text.element("Message", fault.message)
            for (name, value) in fault.details { text.element(name, value) }
            text.element("Resource", request.path)
            text.element("RequestId", requestID)
            text.element("HostId", hostID(requestID))
        }
        return HTTPResponse(
            status: fault.status, headers: HTTPHeaders([("Content-Type", "application/xml")] + fault.headers),
            body: .bytes(document.bytes))
    }
}
