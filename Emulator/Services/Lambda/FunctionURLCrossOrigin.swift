internal import EmulatorCore
internal import JSON

extension FunctionURL {
    /// What the URL's `Cors` lets a page of another origin do; nil if nothing.
    ///
    /// A preflight is answered without the function.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html>
    func grant(to page: CrossOriginRequest) -> CrossOriginGrant? {
        guard let cors else { return nil }
        let origins = Self.texts("AllowOrigins", of: cors)
        let methods = Self.texts("AllowMethods", of: cors)
        let headers = Self.texts("AllowHeaders", of: cors).map { $0.lowercased() }
        let isForAll = origins.contains("*")
        guard isForAll || origins.contains(where: { $0.lowercased() == page.origin }),
            methods.contains("*") || methods.contains(page.method)
                || (!page.isPreflight && Self.simpleMethods.contains(page.method)),
            headers.contains("*") || page.headers.allSatisfy(headers.contains)
        else { return nil }
        let allowsCredentials = cors["AllowCredentials"]?.looseBool ?? false
        var grant = CrossOriginGrant(methods: methods, headers: headers.contains("*") ? page.headers : headers)
        // A browser sends no credentials where all origins are allowed by a star.
        grant.isForAll = isForAll && !allowsCredentials
        grant.allowsCredentials = allowsCredentials
        grant.exposedHeaders = Self.texts("ExposeHeaders", of: cors)
        grant.maximumAge = cors["MaxAge"]?.looseInt
        return grant
    }

    /// What a page may send without asking first.
    private static let simpleMethods: Set = ["GET", "HEAD", "POST"]

    private static func texts(_ name: String, of cors: JSON) -> [String] {
        (cors[name]?.array ?? []).compactMap(\.string)
    }
}

extension JSON {
    /// A truth value, also when a template's parameter carried it as text.
    fileprivate var looseBool: Bool? { bool ?? string.map { $0.lowercased() == "true" } }
}
