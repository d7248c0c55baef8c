import Dispatch
import EmulatorCore

@testable import EmulatedCloudFormation

/// A template is refused with a reason or deployed. No service is there, so every resource is a stand-in. Conditions may
/// leave none of them.
struct TemplateTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(TemplateError) {
            let template = try Template(parsing: text, file: ArtifactLocation.templateBody)
            let parameters = Dictionary(template.parameters.map { ($0.name, "a,b") }) { $1 }
            for values in [[:], parameters] {
                if let stack = try? Stack(template, name: "fuzz", parameters: values) { deploy(stack, of: template) }
            }
        } catch {
            require(!error.description.isEmpty, "refused for no reason")
        }
    }

    private func deploy(_ stack: Stack, of template: Template) {
        let ended = DispatchSemaphore(value: 0)
        let names = template.resources.map(\.logicalID)
        let certain = template.resources.filter { $0.condition == nil }.map(\.logicalID)
        Task {
            if let report = try? await stack.deploy(to: []) {
                let deployed = Set(report.resources.map(\.logicalID))
                require(deployed.count == report.resources.count, "a resource was deployed twice")
                require(deployed.isSubset(of: names), "a resource that the template does not have")
                require(deployed.isSuperset(of: certain), "a resource without a condition was left out")
            }
            ended.signal()
        }
        ended.wait()
    }
}
