internal import EmulatorCore
internal import JSON

/// Where and how a query's results are kept, and whether earlier ones may stand for them.
struct ResultSettings: Sendable {
    /// AWS's `ResultConfiguration`.
    let configuration: JSONObject
    /// AWS's `ResultReuseConfiguration`.
    let reuse: JSON
    /// In minutes; nil if no earlier results may be used.
    let reuseAge: Int64?

    /// - Parameters:
    ///   - given: AWS's `ResultConfiguration`, of the request or its work group.
    ///   - location: of the result's file.
    init(_ given: JSON, reuse: JSON?, location: String) throws(AWSFault) {
        var configuration = try Self.checked(given)
        configuration["OutputLocation"] = .string(location)
        self.configuration = configuration
        let byAge = reuse?["ResultReuseByAgeConfiguration"]
        guard byAge?["Enabled"]?.bool == true else {
            self.reuse = ["ResultReuseByAgeConfiguration": ["Enabled": false]]
            reuseAge = nil
            return
        }
        let age = byAge?.present("MaxAgeInMinutes")?.looseInt ?? 60
        guard (0...10_080).contains(age) else {
            throw .invalidRequest("MaxAgeInMinutes is \(age); expected 0 to 10080")
        }
        self.reuse = ["ResultReuseByAgeConfiguration": ["Enabled": true, "MaxAgeInMinutes": .int(age)]]
        reuseAge = Int64(age)
    }

    /// A `ResultConfiguration` without nulls. What is encrypted on AWS is not here: S3 keeps the objects as they are.
    /// - Throws: ``AWSFault`` for what has an effect that is not emulated.
    static func checked(_ given: JSON) throws(AWSFault) -> JSONObject {
        var configuration = given.object ?? [:]
        for (name, value) in configuration where value.isNull { configuration[name] = nil }
        let known = ["OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration"]
        if let unknown = configuration.first(where: { !known.contains($0.name) }) {
            throw .notEmulated("The setting \(unknown.name) of a ResultConfiguration")
        }
        switch configuration["EncryptionConfiguration"]?["EncryptionOption"]?.string {
        case nil, "SSE_S3": break
        case "SSE_KMS":
            guard configuration["EncryptionConfiguration"]?.present("KmsKey") != nil else {
                throw .invalidRequest("KmsKey is required for the encryption option SSE_KMS")
            }
        case "CSE_KMS": throw .notEmulated("Client-side encryption (CSE_KMS) of results")
        case let other?:
            throw .invalidRequest("EncryptionOption is '\(other)'; expected SSE_S3, SSE_KMS or CSE_KMS")
        }
        return configuration
    }
}
