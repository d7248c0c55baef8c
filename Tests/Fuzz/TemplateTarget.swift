import Dispatch
import EmulatorCore

@testable import EmulatedCloudFormation

/// A template is refused with a reason or deployed. No service is there, so every resource is a stand-in.
struct TemplateTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(TemplateError) {
            let template = try Template(parsing: text, file: ArtifactLocation.templateBody)
            let parameters = Dictionary(template.parameters.map { ($0.name, "a,b") }) { $1 }
            for values in [[:], parameters] {
                if let stack = try? Stack(template, name: "fuzz", parameters: values) { deploy(stack) }
            }
        } catch {
            require(!error.description.isEmpty, "refused for no reason")
        }
    }

    private func deploy(_ stack: Stack) {
        let ended = DispatchSemaphore(value: 0)
        Task {
            if let report = try? await stack.deploy(to: []) {
                require(!report.resources.isEmpty, "a stack without resources")
            }
            ended.signal()
        }
        ended.wait()
    }
}
