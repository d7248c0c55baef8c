import Foundation
import TestEmulator
import Testing

/// Real Spark with Iceberg beside silver-merge; `make soak` runs more of it.
@Suite struct SparkTests {
    @Test(
        "Spark and silver-merge take turns at the same tables; pyiceberg, DuckDB, Polars and Spark read the same rows")
    func turns() async throws {
        let folder = try TemporaryDirectory()
        let run = try await Command.run(
            Programs.python,
            ["\(Programs.packageRoot)/Tests/Soak/spark_silver.py", Programs.directory, folder.path, "--short"],
            environment: ["SPARK_KIT": "\(Programs.packageRoot)/.venv-spark-lake"])
        print(run.text)
        #expect(run.status == 0, "\(run.text.suffix(2000))\(run.errors.suffix(4000))")
    }
}
