import FakeAWS
import Iceberg
import JSON
import Testing

@testable import GoldBuild

/// Whatever happens to a build between two of its requests, the table has the old rows or the new, and the next build makes it
/// right.
@Suite struct CrashTests {
    /// What happens to one request of a build.
    enum Disturbance: CaseIterable {
        /// The process dies before it.
        case crash
        /// The answer does not arrive.
        case loss
        /// The service does not do it now.
        case busy
        /// The service does it and says that it failed.
        case failure
        /// Another build of the same model does all before it.
        case overtaken
    }

    private static let sales = [
        Sale(shop: 1, year: 2020, amount: 10), Sale(shop: 2, year: 2021, amount: 20),
        Sale(shop: 2, year: nil, amount: 40),
    ]
    private static let later = sales.dropFirst() + [Sale(shop: 1, year: 2021, amount: 5)]
    private static let shops: [Int64: String] = [1: "one", 2: "two"]
    private static let renamed: [Int64: String] = [1: "uno", 2: "two"]

    @Test(
        "a build that is disturbed at any of its requests leaves the old rows or the new, and the next one repairs it",
        arguments: Disturbance.allCases, [true, false])
    func everyStep(disturbance: Disturbance, isFirst: Bool) throws {
        var step = 0
        while true {
            let lake = try TestLake(contract: TestLake.contract(isParted: isFirst))
            try lake.put(Self.sales, years: [2020, 2021, nil])
            try lake.put(Self.shops)
            let old = isFirst ? [] : TestLake.expected(Self.sales, Self.shops)
            if !isFirst {
                try lake.build()
                try lake.put(Array(Self.later), years: [2020, 2021])
                try lake.put(Self.renamed)
            }
            let new =
                isFirst ? TestLake.expected(Self.sales, Self.shops) : TestLake.expected(Array(Self.later), Self.renamed)
            let aws = lake.aws
            let start = aws.requests.count
            switch disturbance {
            case .crash: aws.crash(after: step)
            case .loss: aws.loseNextAnswer(after: step)
            case .busy: aws.refuse("", "ServiceUnavailableException", status: 503, after: step)
            case .failure: aws.refuse("", "InternalServerError", status: 500, after: step, tookEffect: true)
            case .overtaken: aws.before("", after: step) { _ = try? lake.build() }
            }
            _ = try? lake.build()
            let requests = Array(aws.requests[start...])
            aws.recover()
            aws.endFaults()
            aws.endInterludes()
            let place = "\(disturbance) at request \(step), \(requests.indices.contains(step) ? requests[step] : "-")"
            let rows = try lake.rows()
            #expect(rows == old || rows == new, "\(place)")
            let snapshots = try lake.metadata()?.snapshots.count ?? 0
            #expect(snapshots == (rows == new ? 1 : 0) + (isFirst ? 0 : 1), "\(place)")
            let outcome = try lake.build()["outcome"]
            #expect(outcome == (rows == new ? "unchanged" : "built"), "\(place)")
            #expect(try lake.rows() == new, "\(place)")
            #expect(aws.openUploads == 0 || disturbance == .crash)
            // A build that ends before the step was not disturbed.
            guard step < requests.count else { break }
            step += 1
        }
        #expect(step > 10)
    }
}
