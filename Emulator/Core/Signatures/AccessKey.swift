package import Time

/// A key with which clients sign requests. Printing it shows its id only.
package struct AccessKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let id: String
    package let secret: String
    /// The session token of temporary keys, which every request carries.
    package let token: String?

    package init(id: String, secret: String, token: String? = nil) {
        self.id = id
        self.secret = secret
        self.token = token
    }

    /// The key that README names, and that functions and tasks have.
    package static let emulator = AccessKey(id: "emulator", secret: "emulator")

    /// A key that nobody can guess.
    package static func random(_ clock: ClockAndChance) -> AccessKey {
        AccessKey(id: "functions", secret: clock.uuid() + clock.uuid())
    }

    /// The environment variables by which clients find it.
    package var variables: [String: String] {
        var variables = ["AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret]
        variables["AWS_SESSION_TOKEN"] = token
        return variables
    }

    package var description: String { "the access key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
