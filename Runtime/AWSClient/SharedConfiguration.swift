/// The files `~/.aws/config` and `~/.aws/credentials`, which AWS's SDKs and CLI share.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
struct SharedConfiguration {
    /// The selected profile: the caller's, else `AWS_PROFILE`, else `default`.
    let name: String
    /// Whether the caller or `AWS_PROFILE` names the profile, so that it must exist.
    let isNamed: Bool
    private let configurationFile: String?
    private let credentialsFile: String?

    init(environment: (String) -> String?, profile: String? = nil) {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

        let folder = value("HOME").map { "\($0)/.aws" }
        let named = profile ?? value("AWS_PROFILE")
        name = named ?? "default"
        isNamed = named != nil
        configurationFile = value("AWS_CONFIG_FILE") ?? folder.map { "\($0)/config" }
        credentialsFile = value("AWS_SHARED_CREDENTIALS_FILE") ?? folder.map { "\($0)/credentials" }
    }

    var region: String? { configuration(of: name)["region"] }

    /// The profile's `endpoint_url` for all services, and the settings of the section that it names under `services`,
    /// such as `<service>.endpoint_url`.
    var endpoints: (ofAll: String?, ofServices: [String: String]) {
        let profile = configuration(of: name)
        guard profile["ignore_configured_endpoint_urls"]?.lowercased() != "true" else { return (nil, [:]) }
        let services = profile["services"].flatMap { Self.settings(of: ["services \($0)"], in: configurationFile) }
        return (profile["endpoint_url"], services ?? [:])
    }

    /// The settings of a profile in both files, where the credentials file takes precedence; nil if neither has the
    /// profile.
    func profile(_ name: String) -> [String: String]? {
        let credentials = Self.settings(of: [name], in: credentialsFile)
        let configuration = Self.settings(of: Self.sections(name), in: configurationFile)
        guard credentials != nil || configuration != nil else { return nil }
        return (configuration ?? [:]).merging(credentials ?? [:]) { $1 }
    }

    /// The files in which profiles are searched, for error messages.
    var places: String { [configurationFile, credentialsFile].compactMap { $0 }.joined(separator: " and ") }

    private func configuration(of name: String) -> [String: String] {
        Self.settings(of: Self.sections(name), in: configurationFile) ?? [:]
    }

    private static func sections(_ name: String) -> Set<String> {
        name == "default" ? ["default", "profile default"] : ["profile \(name)"]
    }

    /// The settings of the sections with these names, nested settings as `parent.name`; nil if no such section exists.
    private static func settings(of sections: Set<String>, in file: String?) -> [String: String]? {
        guard let contents = file.flatMap(contentsOfSmallFile) else { return nil }
        var settings: [String: String]?
        var isWanted = false
        var parent = ""
        for line in String(decoding: contents, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let text = line.trimmed
            if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") { continue }
            if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
                let words = text[text.index(after: text.startIndex)..<end].split(separator: " ")
                isWanted = sections.contains(words.joined(separator: " "))
                if isWanted { settings = settings ?? [:] }
            } else if isWanted, let sign = text.firstIndex(of: "=") {
                let name = text[..<sign].trimmed.lowercased()
                let isNested = line.first?.isWhitespace == true
                if !isNested { parent = name }
                settings?[isNested ? "\(parent).\(name)" : name] = text[text.index(after: sign)...].trimmed
            }
        }
        return settings
    }
}
