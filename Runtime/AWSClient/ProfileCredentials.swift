/// How a profile of the shared files comes by credentials.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
extension SharedConfiguration {
    /// Where the credentials of the profile that is meant come from; nil when its section says nothing about them.
    func credentialsSource(environment: (String) -> String?) -> CredentialsSource? {
        guard profile(name) != nil else {
            return isNamed ? .unusable("the profile \(name) is neither in \(places)") : nil
        }
        return source(of: name, after: [], environment)
    }

    private func source(
        of name: String, after chain: [String], _ environment: (String) -> String?
    ) -> CredentialsSource? {
        guard let profile = profile(name) else {
            return .unusable("the profile \(name), source_profile of \(chain.last ?? ""), is neither in \(places)")
        }
        // A profile may name itself as the source of its role: then its own keys are meant.
        if profile["role_arn"] != nil, chain.last != name {
            guard !chain.contains(name) else {
                let names = (chain + [name]).joined(separator: ", ")
                return .unusable("profiles name each other as source_profile: \(names)")
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
                "the profile \(name) signs in through a browser (\(setting)), which only the AWS CLI can: put "
                    + "credential_process = aws configure export-credentials --profile \(name) into a profile of its own, "
                    + "and use that one")
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
                "the profile \(name) wants a one-time password (mfa_serial), which is not asked for here: put "
                    + "credential_process = aws configure export-credentials --profile \(name) into a profile of its own, "
                    + "and use that one")
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
            return .unusable("credential_source of the profile \(name) is \(other); Environment or EcsContainer is due")
        default:
            return .unusable(
                "the profile \(name) with a role_arn needs source_profile or credential_source, one of them")
        }
        guard let base else {
            return .unusable("what the profile \(name) takes its role from has no credentials")
        }
        return .role(
            AssumedRole(
                arn: profile["role_arn"] ?? "", session: session, externalID: profile["external_id"],
                durationSeconds: profile["duration_seconds"]), from: base)
    }
}

/// A role to be taken with other credentials.
struct AssumedRole: Sendable {
    let arn: String
    let session: String
    let externalID: String?
    let durationSeconds: String?
}
