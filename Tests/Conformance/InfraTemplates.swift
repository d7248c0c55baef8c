import Foundation
import YAML

/// The CloudFormation templates in `infra`, as the tests read them.
enum InfraTemplates {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    struct Resource {
        /// Such as `pipeline.yaml/ControlTable`.
        let path: String
        let name: String
        let type: String
        let node: YAMLNode

        var properties: YAMLNode? { node["Properties"] }
    }

    /// File names, sorted.
    static let files = names(in: "infra").filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }

    static func read(_ file: String) throws -> YAMLNode { try YAMLNode(contentsOf: "\(root)/infra/\(file)") }

    static func resources(of file: String) throws -> [Resource] {
        (try read(file)["Resources"]?.mapping?.entries ?? []).map { entry in
            Resource(
                path: "\(file)/\(entry.key)", name: entry.key, type: entry.value["Type"]?.string ?? "",
                node: entry.value)
        }
    }

    static func resources() throws -> [Resource] { try files.flatMap { try resources(of: $0) } }

    static func resources(ofType type: String) throws -> [Resource] { try resources().filter { $0.type == type } }

    /// The names in a folder of the package, sorted.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []).sorted()
    }
}

extension YAMLNode {
    /// The elements of a sequence, or the value itself, because a policy may have one or several.
    var elements: [YAMLNode] { sequence ?? (isNull ? [] : [self]) }

    /// This node and every node below it.
    var tree: [YAMLNode] {
        [self] + (sequence ?? []).flatMap(\.tree) + (mapping?.entries ?? []).flatMap { $0.value.tree }
    }
}
