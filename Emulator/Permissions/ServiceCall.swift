/// What an operation needs: one action on one resource.
struct ServiceCall: Sendable, Hashable {
    /// Such as `s3:GetObject`.
    let action: String
    /// The ARN, or `*`.
    let resource: String
    /// Values of the service's condition keys.
    var context: [String: [String]] = [:]
    /// The policy of a role that is to be assumed.
    var trust: String?

    init(_ action: String, _ resource: String, _ context: [String: [String]] = [:]) {
        self.action = action
        self.resource = resource
        self.context = context
    }
}
