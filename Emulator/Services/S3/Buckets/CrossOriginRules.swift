package import EmulatorCore
internal import JSON
internal import XML

/// One rule of a bucket's CORS configuration.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>
struct CrossOriginRule: Sendable {
    var origins: [String]
    var methods: [String]
    var headers: [String]
    var exposedHeaders: [String]
    var maximumAge: Int?

    /// Reads a `CORSRule`.
    init(_ element: XMLElement) {
        func texts(_ name: String) -> [String] { element.all(name).map(\.text) }
        origins = texts("AllowedOrigin")
        methods = texts("AllowedMethod")
        headers = texts("AllowedHeader")
        exposedHeaders = texts("ExposeHeader")
        maximumAge = element["MaxAgeSeconds"].flatMap { Int($0.text) }
    }

    /// What the rule lets `page` do; nil if the rule is not about it.
    func grant(to page: CrossOriginRequest) -> CrossOriginGrant? {
        guard origins.contains(where: { Self.matches($0, page.origin) }), methods.contains(page.method),
            page.headers.allSatisfy({ name in headers.contains { Self.matches($0, name) } })
        else { return nil }
        var grant = CrossOriginGrant(methods: methods, headers: page.headers)
        grant.isForAll = origins.contains("*")
        grant.exposedHeaders = exposedHeaders
        grant.maximumAge = maximumAge
        return grant
    }

    /// Whether `pattern`, which may have one `*`, matches a text in lowercase.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        let halves = pattern.lowercased().split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return pattern.lowercased() == text }
        return text.utf8.count >= halves[0].utf8.count + halves[1].utf8.count && text.hasPrefix(halves[0])
            && text.hasSuffix(halves[1])
    }
}

extension S3: CrossOriginGranting {
    /// The first rule of the bucket that is about the request. Only objects and lists of them are granted: a page that may
    /// upload must not change the bucket's notifications.
    package func grant(to page: CrossOriginRequest, for request: HTTPRequest) -> CrossOriginGrant? {
        guard let request = try? S3Request(request), !request.bucket.isEmpty,
            !request.key.isEmpty || page.method == "GET" || page.method == "HEAD"
        else { return nil }
        let document = try? store.read { snapshot in try snapshot.configuration("cors", of: request.bucket) }
        guard let document, let rules = try? XMLElement(parsing: document).all("CORSRule") else { return nil }
        return rules.lazy.compactMap { CrossOriginRule($0).grant(to: page) }.first
    }

    /// The configuration's document for a template's `CorsConfiguration`.
    static func crossOriginDocument(_ configuration: JSON) -> XMLWriter {
        XMLWriter(s3: "CORSConfiguration") { text in
            for rule in configuration["CorsRules"]?.array ?? [] {
                text.element("CORSRule") { text in
                    for (property, name) in [
                        ("AllowedOrigins", "AllowedOrigin"), ("AllowedMethods", "AllowedMethod"),
                        ("AllowedHeaders", "AllowedHeader"), ("ExposedHeaders", "ExposeHeader"),
                    ] {
                        for value in rule[property]?.array ?? [] { text.element(name, value.string ?? "") }
                    }
                    if let age = rule["MaxAge"]?.int { text.element("MaxAgeSeconds", String(age)) }
                }
            }
        }
    }
}

extension Snapshot {
    /// A bucket's sub-resource; nil if it has none.
    func configuration(_ name: String, of bucket: String) throws -> [UInt8]? {
        try first(
            "SELECT document FROM s3_configuration WHERE bucket = ? AND name = ?", .text(bucket), .text(name)
        ) { $0.blob(0) }
    }
}
