@testable import EmulatedCloudFormation
import EmulatorCore
import JSON
import Synchronization

/// Emulates resource types by recording declarations; each resource gets a name as `Ref`, and an `Arn`.
final class RecordingProvider: ResourceProviding {
    let resourceTypes: [String]
    private let declared = Mutex<[DeclaredResource]>([])
    private let removals = Mutex<[String]>([])
    private let keepings = Mutex(0)

    init(_ resourceTypes: [String]) { self.resourceTypes = resourceTypes }

    var all: [DeclaredResource] { declared.withLock { $0 } }
    /// How many times it was asked to keep what it provisioned.
    var timesKept: Int { keepings.withLock { $0 } }
    /// The removed resources, by their `Ref`.
    var removed: [String] { removals.withLock { $0 } }
    subscript(logicalID: String) -> JSON? { all.first { $0.logicalID == logicalID }?.properties }

    func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.properties["Refuse"] != nil { throw AWSFault("ValidationException", "it is refused") }
        if resource.properties["Foreign"] != nil { throw AWSFault.notEmulated("That") }
        declared.withLock { $0.append(resource) }
        let name = "the-\(resource.logicalID.lowercased())"
        return ProvisionedResource(
            ref: name, attributes: ["Arn": "arn:of:\(name)", "StreamArn": "arn:of:\(name):stream"])
    }

    func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if ref.hasSuffix("full") { throw AWSFault("BucketNotEmpty", "it is not empty") }
        removals.withLock { $0.append(ref) }
    }

    func keepProvisioned() async throws(AWSFault) { keepings.withLock { $0 += 1 } }
}
