/// The account and region that the emulator plays, and the ARNs in them.
public struct Account: Sendable, Hashable {
    public var id: String
    public var region: String

    public init(id: String = "000000000000", region: String = "us-east-1") {
        self.id = id
        self.region = region
    }

    /// `arn:aws:<service>:<region>:<account>:<resource>`
    public func arn(_ service: String, _ resource: String) -> String {
        "arn:aws:\(service):\(region):\(id):\(resource)"
    }
}
