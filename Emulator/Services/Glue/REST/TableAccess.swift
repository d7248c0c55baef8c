internal import EmulatorCore
internal import JSON

/// How clients reach the files of tables: the emulator's S3.
struct TableAccess: Sendable {
    let endpoint: EndpointAddress
    let region: String
    /// The environment of functions, whose access key may read everything.
    let environment: [String: String]

    /// Settings by the names that Iceberg's clients know.
    /// - SeeAlso: <https://py.iceberg.apache.org/configuration/#s3>
    var settings: JSONObject {
        [
            "client.region": .string(region), "s3.region": .string(region), "s3.path-style-access": "true",
            "s3.endpoint": .string(endpoint.url),
        ]
    }

    /// The settings with the keys to the files.
    var settingsWithCredentials: JSONObject {
        var settings = settings
        for (name, variable) in [
            ("s3.access-key-id", "AWS_ACCESS_KEY_ID"), ("s3.secret-access-key", "AWS_SECRET_ACCESS_KEY"),
            ("s3.session-token", "AWS_SESSION_TOKEN"),
        ] {
            settings[name] = environment[variable].map { .string($0) }
        }
        return settings
    }
}
