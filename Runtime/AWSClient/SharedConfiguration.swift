/// The files `~/.aws/config` and `~/.aws/credentials`, as AWS's SDKs and CLI share them.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
struct SharedConfiguration {
    /// The profile that is meant: named by the caller, else `AWS_PROFILE`, else `default`.
    let name: String
    /// Whether somebody named it, so that it must be there.
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

    /// What the profile sets as `endpoint_url`, for all services and for single ones in the section that it names under
    /// `services`, those as `<service>.endpoint_url`.
    var endpoints: (ofAll: String?, ofServices: [String: String]) {
        let profile = configuration(of: name)
        guard profile["ignore_configured_endpoint_urls"]?.lowercased() != "true" else { return (nil, [:]) }
        let services = profile["services"].flatMap { Self.settings(of: ["services \($0)"], in: configurationFile) }
        return (profile["endpoint_url"], services ?? [:])
    }

    /// What both files say about a profile, the credentials file before the configuration file; nil when neither knows it.
    func profile(_ name: String) -> [String: String]? {
        let credentials = Self.settings(of: [name], in: credentialsFile)
        let configuration = Self.settings(of: Self.sections(name), in: configurationFile)
        guard credentials != nil || configuration != nil else { return nil }
        return (configuration ?? [:]).merging(credentials ?? [:]) { $1 }
    }

    /// Where a profile is looked for, to be said when it is in neither place.
    var places: String { [configurationFile, credentialsFile].compactMap { $0 }.joined(separator: " nor in ") }

    private func configuration(of name: String) -> [String: String] {
        Self.settings(of: Self.sections(name), in: configurationFile) ?? [:]
    }

    private static func sections(_ name: String) -> Set<String> {
        name == "default" ? ["default", "profile default"] : ["profile \(name)"]
    }

    /// The settings of the sections with these names, nested ones as `parent.name`; nil when there is no such section.
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
