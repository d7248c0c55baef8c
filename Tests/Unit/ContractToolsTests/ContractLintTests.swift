import Contracts
import Foundation
import Testing

@testable import ContractTools

@Suite struct ContractLintTests {
    private func findings(_ files: (name: String, text: String)...) throws -> [String] {
        try withTemporaryFolder { folder in
            var lint = ContractLint()
            for file in files {
                try Data(file.text.utf8).write(to: URL(filePath: "\(folder)/\(file.name)"))
                try lint.check("\(folder)/\(file.name)")
            }
            #expect(lint.hasErrors == lint.findings.contains { $0.isError })
            return lint.findings.map { "\($0)".replacingOccurrences(of: "\(folder)/", with: "") }
        }
    }

    private let good = contractText(["name: id, logicalType: integer, primaryKey: true"])

    @Test func aGoodContractHasNoFinding() throws {
        #expect(try findings(("orders.odcs.yaml", good)) == [])
    }

    @Test func anErrorHasItsFileLineColumnAndKeyAndSaysWhatIsAllowed() throws {
        let text = contractText(["name: id, logicalType: int"])
        let found = try findings(("orders.odcs.yaml", text))
        #expect(found.count == 1)
        #expect(
            found[0].hasPrefix(
                "orders.odcs.yaml:3:28: error: schema[0].properties[0].logicalType: 'int' is not one of string, "))
    }

    @Test func whatIsNoYAMLHasItsPlaceToo() throws {
        #expect(try findings(("a.odcs.yaml", "a: [1\nb: 2\n"))[0].hasPrefix("a.odcs.yaml:2:"))
    }

    @Test func twoContractsOfOneTableAreAnError() throws {
        let found = try findings(("orders.odcs.yaml", good), ("copy.odcs.yaml", good))
        #expect(
            found.contains(
                "copy.odcs.yaml: error: the table 'orders' has a contract already, orders.odcs.yaml; keep one"))
    }

    @Test func adviceSaysWhatHadBetterBeOtherwiseAndWhere() throws {
        let text = contractText(
            ["name: a, logicalType: string", "name: b, logicalType: string, classification: public"], version: "first")
        #expect(
            try findings(("x.yaml", text)) == [
                "x.yaml: advice: functions read files named <table>.odcs.yaml; call this one orders.odcs.yaml",
                "x.yaml: advice: version: the version 'first' is not of the form 1.2.3, so no next one can be suggested",
                "x.yaml: advice: schema[0].properties: no column is the primary key; later layers cannot apply updates and deletes",
                "x.yaml:3:11: advice: schema[0].properties[0]: the text of 'a' has no classification; say whether it is personal",
            ])
    }

    @Test func aFileThatCannotBeReadIsNoFinding() {
        #expect(throws: ContractError.self) {
            var lint = ContractLint()
            try lint.check("/nonexistent/orders.odcs.yaml")
        }
    }
}
