/// How a profile of the shared files gets its credentials.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
extension SharedConfiguration {
    /// The source of the selected profile's credentials; nil if its section sets none.
    func credentialsSource(environment: (String) -> String?) -> CredentialsSource? {
        guard profile(name) != nil else {
            return isNamed ? .unusable("the profile \(name) is missing in \(places)") : nil
        }
        return source(of: name, after: [], environment)
    }

    private func source(
        of name: String, after chain: [String], _ environment: (String) -> String?
    ) -> CredentialsSource? {
        guard let profile = profile(name) else {
            return .unusable("the profile \(name), source_profile of \(chain.last ?? ""), is missing in \(places)")
        }
        // A profile may name itself as the source of its role. Then its own keys are used.
        if profile["role_arn"] != nil, chain.last != name {
            guard !chain.contains(name) else {
                let names = (chain + [name]).joined(separator: ", ")
                return .unusable("the profiles name each other as source_profile: \(names); remove one source_profile")
            }
            return role(of: profile, chain: chain + [name], environment)
        }
        if let keyID = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] {
            return .fixed(
                Credentials(
                    accessKeyID: keyID, secretAccessKey: secret, sessionToken: profile["aws_session_token"]))
        }
        if let command = profile["credential_process"] { return .process(command) }
        for setting in ["sso_session", "sso_start_url", "login_session"] where profile[setting] != nil {
            return .unusable(
                "the profile \(name) signs in through a browser (\(setting)), which only the AWS CLI supports; put "
                    + "credential_process = aws configure export-credentials --profile \(name) into another profile "
                    + "and use that profile")
        }
        return nil
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html>
    private func role(
        of profile: [String: String], chain: [String], _ environment: (String) -> String?
    ) -> CredentialsSource {
        let name = chain.last ?? ""
        let session = profile["role_session_name"] ?? "cupel"
        if let file = profile["web_identity_token_file"], let role = profile["role_arn"] {
            return .webIdentity(tokenFile: file, role: role, session: session)
        }
        guard profile["mfa_serial"] == nil else {
            return .unusable(
                "the profile \(name) needs a one-time password (mfa_serial), which is not supported; put "
                    + "credential_process = aws configure export-credentials --profile \(name) into another profile "
                    + "and use that profile")
        }
        let base: CredentialsSource?
        switch (profile["source_profile"], profile["credential_source"]) {
        case (let source?, nil):
            base = self.source(of: source, after: chain, environment)
        case (nil, "Environment"?):
            base = .keys(environment: environment)
        case (nil, "EcsContainer"?):
            base = .container(environment: environment)
        case (nil, let other?):
            return .unusable(
                "credential_source of the profile \(name) is \(other); expected Environment or EcsContainer")
        default:
            return .unusable(
                "the profile \(name) has a role_arn and needs either source_profile or credential_source")
        }
        guard let base else {
            return .unusable("the source of the role in the profile \(name) has no credentials; add them")
        }
        return .role(
            AssumedRole(
                arn: profile["role_arn"] ?? "", session: session, externalID: profile["external_id"],
                durationSeconds: profile["duration_seconds"]), from: base)
    }
}

/// A role to assume with other credentials.
struct AssumedRole: Sendable {
    let arn: String
    let session: String
    let externalID: String?
    let durationSeconds: String?
}
