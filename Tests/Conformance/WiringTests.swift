import ASL
import Foundation
import JSON
import Testing
import YAML

/// The template, the state machines and the code must name the same things.
@Suite struct WiringTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let machines = ((try? FileManager.default.contentsOfDirectory(atPath: "\(root)/StateMachines")) ?? [])
        .sorted()
    let template: YAMLNode
    let resources: [(name: String, node: YAMLNode)]

    init() throws {
        template = try YAMLNode(contentsOf: "\(Self.root)/infra/pipeline.yaml")
        resources = (template["Resources"]?.mapping?.entries ?? []).map { ($0.key, $0.value) }
    }

    private func text(_ machine: String) throws -> String {
        try String(contentsOfFile: "\(Self.root)/StateMachines/\(machine)", encoding: .utf8)
    }

    @Test func `there are state machines to look at`() { #expect(!Self.machines.isEmpty) }

    @Test(arguments: machines)
    func `a machine is valid, and every state of it can be reached`(machine: String) throws {
        let definition = try JSON(parsing: try text(machine))
        _ = try StateMachine(try text(machine), workflow: .standard)
        let states = try #require(definition["States"]?.object)
        var reached: Set<String> = []
        var ahead = [try #require(definition["StartAt"]?.string)]
        while let name = ahead.popLast() {
            guard reached.insert(name).inserted else { continue }
            let state = try #require(states[name], "\(machine): '\(name)' is named, and is no state")
            ahead += [state["Next"]?.string, state["Default"]?.string].compactMap { $0 }
            for list in ["Choices", "Catch"] { ahead += (state[list]?.array ?? []).compactMap { $0["Next"]?.string } }
        }
        #expect(reached == Set(states.names))
    }

    @Test(arguments: machines)
    func `every name in a machine is bound by the template, and nothing bound is unused`(machine: String) throws {
        let used = Set(try text(machine).matches(of: #/\$\{(\w+)\}/#).map { String($0.output.1) })
        let resource = try #require(
            resources.first { $0.node["Properties"]?["DefinitionS3Location"]?.string == "../StateMachines/\(machine)" },
            "no resource of the template plays \(machine)")
        let bound = resource.node["Properties"]?["DefinitionSubstitutions"]?.mapping?.keys ?? []
        #expect(Set(bound) == used)
    }

    @Test func `every function's variables are read by its program, and those it cannot do without are set`() throws {
        for (name, node) in resources where node["Type"]?.string == "AWS::Lambda::Function" {
            let code = try #require(node["Properties"]?["Code"]?.string, "\(name) has no code")
            let program = try #require(code.split(separator: "/").last?.replacing(".zip", with: ""))
            let folder = program.split(separator: "-").map(\.capitalized).joined()
            let source = try sources(in: "\(Self.root)/Functions/\(folder)")
            let quoted = Set(source.matches(of: #/"([A-Z][A-Z0-9_]+)"/#).map { String($0.output.1) })
            let required = Set(source.matches(of: #/require\("([A-Z][A-Z0-9_]+)"\)/#).map { String($0.output.1) })
            let set = Set(node["Properties"]?["Environment"]?["Variables"]?.mapping?.keys ?? [])
            #expect(set.isSubset(of: quoted), "\(name) sets what \(folder) does not read")
            #expect(required.isSubset(of: set), "\(name) lacks what \(folder) requires")
        }
    }

    @Test func `every index that the code queries is in the template, and every one there is queried`() throws {
        let table = try #require(resources.first { $0.node["Type"]?.string == "AWS::DynamoDB::Table" })
        let declared = (table.node["Properties"]?["GlobalSecondaryIndexes"]?.sequence ?? []).compactMap {
            $0["IndexName"]?.string
        }
        let source = try sources(in: "\(Self.root)/Runtime/Control")
        #expect(Set(declared) == Set(source.matches(of: #/"(dm-gsi-[a-z-]+)"/#).map { String($0.output.1) }))
    }

    private func sources(in folder: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        return try names.sorted().map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }.joined()
    }
}
