import Contracts
import Testing

@testable import SilverMerge

@Suite struct SilverColumnTests {
    @Test("the names that a contract must leave to silver are those of the columns that silver adds") func names() {
        #expect(SilverColumn.system(of: .upsert).map(\.name) == Contract.silverColumns)
        #expect(SilverColumn.system(of: .history).map(\.name) == Contract.historyColumns)
    }
}
