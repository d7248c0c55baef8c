import ASL
import Foundation
import JSON
import Testing
import YAML

/// The templates, the state machines and the code must name the same things.
@Suite struct WiringTests {
    static let machines = InfraTemplates.names(in: "StateMachines")
    private let resources: [InfraTemplates.Resource]

    init() throws { resources = try InfraTemplates.resources() }

    private func text(_ machine: String) throws -> String {
        try String(contentsOfFile: "\(InfraTemplates.root)/StateMachines/\(machine)", encoding: .utf8)
    }

    private func resource(playing machine: String) throws -> InfraTemplates.Resource {
        try #require(
            resources.first { $0.properties?["DefinitionS3Location"]?.string == "../StateMachines/\(machine)" },
            "no resource of a template plays \(machine)")
    }

    @Test func thereAreTemplatesAndStateMachinesToLookAt() {
        #expect(InfraTemplates.files.contains("pipeline.yaml"))
        #expect(!Self.machines.isEmpty)
    }

    @Test(arguments: machines)
    func aMachineIsValidAndEveryStateOfItCanBeReached(machine: String) throws {
        let definition = try JSON(parsing: try text(machine))
        let type = try resource(playing: machine).properties?["StateMachineType"]?.string
        _ = try StateMachine(try text(machine), workflow: type == "EXPRESS" ? .express : .standard)
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
    func everyNameInAMachineIsBoundByTheTemplateAndNothingBoundIsUnused(machine: String) throws {
        let used = Set(try text(machine).matches(of: #/\$\{(\w+)\}/#).map { String($0.output.1) })
        let bound = try resource(playing: machine).properties?["DefinitionSubstitutions"]?.mapping?.keys ?? []
        #expect(Set(bound) == used)
    }

    /// Variables that no template sets, and why.
    private static let setElsewhere = [
        "AWS_LAMBDA_RUNTIME_API": "Lambda says where it listens",
        "CONTRACTS_DIR": "contracts travel in the package, where they are looked for",
        "CONTROL_ID": "a state machine hands a task its record",
        "LEASE_OWNER": "a state machine hands a task its name",
        "CONVERSION_THREADS": "the program's own number fits every size of function and task",
        "MASKING_KEY": "a secret is in no template; its name in Parameter Store is",
        "MASKING_KEY_FILE": "there are no files of secrets on Lambda and Fargate",
    ]

    @Test func everyFunctionsVariablesAreReadByItsProgramAndNoneThatItReadsIsForgotten() throws {
        let functions = resources.filter { $0.type == "AWS::Lambda::Function" }
        #expect(functions.count == InfraTemplates.names(in: "Functions").count)
        for function in functions {
            let code = try #require(function.properties?["Code"]?.string, "\(function.path) has no code")
            let program = try #require(code.split(separator: "/").last.map { String($0.dropLast(".zip".count)) })
            let set = function.properties?["Environment"]?["Variables"]?.mapping?.keys ?? []
            try check(Set(set), of: function, program: program)
        }
    }

    @Test func everyContainersVariablesAreReadByItsProgramTooAndItLacksNoneOfTheFunctions() throws {
        for task in resources where task.type == "AWS::ECS::TaskDefinition" {
            for container in task.properties?["ContainerDefinitions"]?.sequence ?? [] {
                let path = try #require(container["EntryPoint"]?.sequence?.first?.string)
                let program = try #require(path.split(separator: "/").last.map { String($0) })
                // A variable may stand in `Fn::If`.
                let variables = (container["Environment"]?.sequence ?? []).flatMap(\.tree)
                let set = Set(variables.compactMap { $0["Name"]?.string })
                try check(set, of: task, program: program)
                let function = resources.first { $0.properties?["Code"]?.string?.hasSuffix("/\(program).zip") == true }
                let functions = function?.properties?["Environment"]?["Variables"]?.mapping?.keys ?? []
                #expect(set == Set(functions), "\(task.path) and the function \(program) differ")
            }
        }
    }

    private func check(_ set: Set<String>, of resource: InfraTemplates.Resource, program: String) throws {
        let folder = program.split(separator: "-").map(\.capitalized).joined()
        let source = try sources(in: "Functions/\(folder)")
        let quoted = Set(source.matches(of: #/"([A-Z][A-Z0-9_]+)"/#).map { String($0.output.1) })
        let read = Set(
            source.matches(of: #/environment\s*(?:\[|\.\w+\()\s*"([A-Z][A-Z0-9_]+)"/#).map { String($0.output.1) })
        #expect(set.isSubset(of: quoted), "\(resource.path) sets what \(folder) does not read")
        #expect(
            !read.isEmpty && read.subtracting(Self.setElsewhere.keys).isSubset(of: set),
            "\(resource.path) lacks what \(folder) reads: \(read.subtracting(set).sorted())")
    }

    @Test func everyIndexThatTheCodeQueriesIsInTheTemplateAndEveryOneThereIsQueried() throws {
        let table = try #require(resources.first { $0.type == "AWS::DynamoDB::Table" })
        let declared = (table.properties?["GlobalSecondaryIndexes"]?.sequence ?? []).compactMap {
            $0["IndexName"]?.string
        }
        let source = try sources(in: "Runtime/Control")
        #expect(Set(declared) == Set(source.matches(of: #/"(dm-gsi-[a-z-]+)"/#).map { String($0.output.1) }))
        let expiry = try #require(table.properties?["TimeToLiveSpecification"]?["AttributeName"]?.string)
        #expect(source.contains("case expiresAt = \"\(expiry)\""))
    }

    @Test func aNestedTemplateIsGivenEachOfItsParametersThatHasNoDefaultAndNoOther() throws {
        var nested: Set<String> = []
        for stack in resources where stack.type == "AWS::CloudFormation::Stack" {
            let file = try #require(stack.properties?["TemplateURL"]?.string)
            nested.insert(file)
            let parameters = try InfraTemplates.read(file)["Parameters"]?.mapping?.entries ?? []
            let given = Set(stack.properties?["Parameters"]?.mapping?.keys ?? [])
            #expect(given.isSubset(of: parameters.map(\.key)), "\(stack.path)")
            #expect(given.isSuperset(of: parameters.filter { $0.value["Default"] == nil }.map(\.key)), "\(stack.path)")
        }
        #expect(Set(InfraTemplates.files).subtracting(nested).isSubset(of: ["pipeline.yaml", "artifacts.yaml"]))
    }

    private func sources(in folder: String) throws -> String {
        try InfraTemplates.names(in: folder).filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOfFile: "\(InfraTemplates.root)/\(folder)/\($0)", encoding: .utf8)
        }.joined()
    }
}
