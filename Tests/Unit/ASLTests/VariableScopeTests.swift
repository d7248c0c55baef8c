import ASL
import JSON
import Testing
import Time

struct VariableScopeTests {
    private func machine(inner: JSON, mode: JSON = ["Mode": "INLINE"]) -> String {
        let definition: JSON = [
            "StartAt": "A",
            "States": [
                "A": ["Type": "Pass", "Assign": ["x": 1], "Next": "M"],
                "M": [
                    "Type": "Map", "End": true,
                    "ItemProcessor": ["ProcessorConfig": mode, "StartAt": "I", "States": ["I": inner]],
                ],
            ],
        ]
        return definition.text
    }

    @Test("a block does not assign a variable of the block around it")
    func assignedTwice() throws {
        let assigns: JSON = ["Type": "Pass", "Assign": ["x.$": "$"], "End": true]
        do throws(InvalidDefinition) {
            _ = try StateMachine(machine(inner: assigns))
            Issue.record("the definition was accepted")
        } catch {
            #expect(error.diagnostics.map(\.location) == ["/States/M/ItemProcessor/States/I/Assign"])
        }
        _ = try StateMachine(machine(inner: ["Type": "Pass", "Assign": ["y.$": "$"], "End": true]))
    }

    @Test("a branch may assign what a catcher around it assigns")
    func assignedByCatcher() throws {
        let definition: JSON = [
            "StartAt": "P",
            "States": [
                "P": [
                    "Type": "Parallel", "End": true,
                    "Catch": [["ErrorEquals": ["States.ALL"], "Assign": ["x.$": "$"], "Next": "Q"]],
                    "Branches": [
                        ["StartAt": "I", "States": ["I": ["Type": "Pass", "Assign": ["x.$": "$"], "End": true]]]
                    ],
                ],
                "Q": ["Type": "Succeed"],
            ],
        ]
        _ = try StateMachine(definition.text)
    }

    @Test("an item of an inline Map reads the variables around it; one of a distributed Map does not")
    func reading() throws {
        func outcome(_ mode: JSON) throws -> Outcome? {
            let reads: JSON = ["Type": "Pass", "Parameters": ["x.$": "$x"], "End": true]
            var host = SimulatedHost()
            return host.run(try StateMachine(machine(inner: reads, mode: mode)), input: [1]).outcome
        }
        #expect(try outcome(["Mode": "INLINE"]) == .succeeded(output: [["x": 1]]))
        #expect(try outcome(["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"])?.status == "FAILED")
    }

    @Test("express workflows have no distributed Maps, and express items wait for nobody")
    func expressItems() throws {
        let pass: JSON = ["Type": "Pass", "End": true]
        let waits: JSON = [
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        ]
        let standard: JSON = ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"]
        let express: JSON = ["Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"]
        #expect(throws: InvalidDefinition.self) {
            try StateMachine(machine(inner: pass, mode: standard), workflow: .express)
        }
        _ = try StateMachine(machine(inner: waits, mode: standard))
        #expect(throws: InvalidDefinition.self) { try StateMachine(machine(inner: waits, mode: express)) }
    }
}
