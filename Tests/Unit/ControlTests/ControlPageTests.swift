import AWSModels
import FakeAWS
import Testing

@testable import Control

@Suite struct ControlPageTests {
    @Test(
        "the pages of a query together have each of its records once, also where the index has several partitions",
        arguments: [
            ControlQuery.schema(.bronze), .status(.pending, in: .bronze), .table("beer", in: .bronze),
            .status(.success, in: .bronze),
        ])
    func pages(query: ControlQuery) throws {
        let aws = FakeAWS()
        let table = ControlTable(name: "control", client: aws.client, now: { [aws] in aws.now })
        for number in 0..<9 { _ = try table.register(try ControlKeyTests.record("raw/beer/\(number).csv.gz")) }
        var found: [ControlID] = []
        var place: ControlPage.Place?
        var pages = 0
        repeat {
            let page = try table.page(query, limit: 2, from: place)
            found += page.records.map(\.controlID)
            place = page.next
            pages += 1
        } while place != nil && pages < 100
        let all = try table.records(query).map(\.controlID)
        #expect(found.sorted { $0.text < $1.text } == all.sorted { $0.text < $1.text })
        #expect(query == .status(.success, in: .bronze) ? found.isEmpty : found.count == 9)
        #expect(pages < 100)
        let beyond = try table.page(query, limit: 2, from: .init(partition: 99))
        #expect(beyond == ControlPage(records: [], next: nil))
    }
}
