package import JSON

/// A resource of a CloudFormation template, its intrinsic functions resolved.
package struct DeclaredResource: Sendable {
    package var logicalID: String
    package var type: String
    package var properties: JSON
    /// The stack that it belongs to.
    package var stack: String

    package init(logicalID: String, type: String, properties: JSON, stack: String = "") {
        self.logicalID = logicalID
        self.type = type
        self.properties = properties
        self.stack = stack
    }
}

extension JSON {
    /// An integer, also when a template's parameter carried it as text.
    package var looseInt: Int? { int ?? string.flatMap { Int($0) } }
}

/// What `Ref` and `Fn::GetAtt` give for a resource that exists.
package struct ProvisionedResource: Sendable {
    package var ref: String
    package var attributes: [String: String]
    /// Names the resource among all of its type.
    package var physicalID: String

    /// - Parameter physicalID: nil if `ref` names it.
    package init(ref: String, attributes: [String: String] = [:], physicalID: String? = nil) {
        self.ref = ref
        self.attributes = attributes
        self.physicalID = physicalID ?? ref
    }
}

/// A service that provides some of CloudFormation's resource types.
package protocol ResourceProviding: Peer {
    /// Such as `AWS::S3::Bucket`.
    var resourceTypes: [String] { get }
    /// Creates the resource, or changes the existing one to match the declaration. Its data are kept.
    func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource
    /// Removes a resource that ``provision(_:)`` created, by its type and its physical ID. A missing resource is not an
    /// error.
    func remove(_ type: String, _ physicalID: String) async throws(AWSFault)
    /// Makes durable what ``provision(_:)`` gathered. A deployment calls it behind its last resource, failed or not.
    func keepProvisioned() async throws(AWSFault)
}

extension ResourceProviding {
    /// Most services keep each resource at once.
    package func keepProvisioned() async throws(AWSFault) {}
}
