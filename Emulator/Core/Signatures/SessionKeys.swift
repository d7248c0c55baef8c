internal import Digest
internal import JSON
package import Time

/// Makes the temporary keys of assumed roles, and knows them again: all that they say is in their token, which is signed.
package struct SessionKeys: Sendable {
    /// What a token says.
    package struct Session: Sendable, Hashable {
        /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`
        package let arn: String
        /// Milliseconds since 1970.
        package let expiresAt: Int64

        package init(arn: String, expiresAt: Int64) {
            self.arn = arn
            self.expiresAt = expiresAt
        }
    }

    private let secret: [UInt8]

    package init(_ key: AccessKey) { secret = Array("sessions \(key.secret)".utf8) }

    /// A key for a session, which ends at `expiresAt`.
    package func key(for session: Session, _ clock: ClockAndChance) -> AccessKey {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let id = "ASIA" + String((0..<16).map { _ in letters[Int(clock.random() % 32)] })
        let text = "\(id)\n\(session.expiresAt)\n\(session.arn)"
        let token = Array("\(text)\n\(signature(of: text))".utf8).base64
        return AccessKey(id: id, secret: secretText(of: id), token: token)
    }

    /// The session of a token, and its key; nil for any other token.
    package func session(ofToken token: String) -> (session: Session, key: AccessKey)? {
        guard let bytes = [UInt8](base64: token) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        guard lines.count == 4, let expiresAt = Int64(lines[1]) else { return nil }
        let expected = signature(of: lines[..<3].joined(separator: "\n"))
        guard Array(expected.utf8).equalsInConstantTime(Array(lines[3].utf8)) else { return nil }
        return (
            Session(arn: lines[2], expiresAt: expiresAt),
            AccessKey(id: lines[0], secret: secretText(of: lines[0]), token: token)
        )
    }

    private func signature(of text: String) -> String {
        Digest.hmacSHA256(Array("token \(text)".utf8), key: secret).hexadecimal
    }

    private func secretText(of id: String) -> String {
        String(Digest.hmacSHA256(Array("secret \(id)".utf8), key: secret).base64.prefix(40))
    }
}
