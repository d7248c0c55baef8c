/// The files `~/.aws/config` and `~/.aws/credentials`, read for one profile, when the environment says no more.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
struct SharedConfiguration {
    /// `AWS_PROFILE`, or `default`.
    let name: String
    private let configurationFile: String?
    private let credentialsFile: String?

    init(environment: (String) -> String?) {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

        let folder = value("HOME").map { "\($0)/.aws" }
        name = value("AWS_PROFILE") ?? "default"
        configurationFile = value("AWS_CONFIG_FILE") ?? folder.map { "\($0)/config" }
        credentialsFile = value("AWS_SHARED_CREDENTIALS_FILE") ?? folder.map { "\($0)/credentials" }
    }

    var region: String? { configuration["region"] }

    /// The profile's own keys; the credentials file goes before the configuration file.
    var credentials: Credentials? {
        for settings in [Self.settings(of: [name], in: credentialsFile), configuration] {
            if let keyID = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] {
                let token = settings["aws_session_token"]
                return Credentials(accessKeyID: keyID, secretAccessKey: secret, sessionToken: token)
            }
        }
        return nil
    }

    private var configuration: [String: String] {
        let sections: Set = name == "default" ? ["default", "profile default"] : ["profile \(name)"]
        return Self.settings(of: sections, in: configurationFile)
    }

    private static func settings(of sections: Set<String>, in file: String?) -> [String: String] {
        guard let contents = file.flatMap(contentsOfSmallFile) else { return [:] }
        var settings: [String: String] = [:]
        var isWanted = false
        for line in String(decoding: contents, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let text = line.trimmed
            if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") { continue }
            if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
                let words = text[text.index(after: text.startIndex)..<end].split(separator: " ")
                isWanted = sections.contains(words.joined(separator: " "))
            } else if isWanted, line.first?.isWhitespace == false, let sign = text.firstIndex(of: "=") {
                // An indented line belongs to a nested setting, such as "s3 =".
                settings[text[..<sign].trimmed.lowercased()] = text[text.index(after: sign)...].trimmed
            }
        }
        return settings
    }
}
