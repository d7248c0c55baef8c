/// The emulated account and region, and their ARNs.
package struct Account: Sendable, Hashable {
    package var id: String
    package var region: String

    package init(id: String = "000000000000", region: String = "us-east-1") {
        self.id = id
        self.region = region
    }

    /// `arn:aws:<service>:<region>:<account>:<resource>`
    package func arn(_ service: String, _ resource: String) -> String {
        "arn:aws:\(service):\(region):\(id):\(resource)"
    }
}
