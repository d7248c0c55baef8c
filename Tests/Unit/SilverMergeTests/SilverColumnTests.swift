import Contracts
import Testing

@testable import SilverMerge

@Suite struct SilverColumnTests {
    @Test("the names that a contract must leave to silver are those of the columns that silver adds") func names() {
        #expect(SilverColumn.system.map(\.name) == Contract.silverColumns)
    }
}
