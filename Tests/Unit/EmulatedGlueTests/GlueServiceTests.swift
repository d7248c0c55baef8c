import EmulatorCore
import JSON
import Testing
import TestServices
import Time

@testable import EmulatedGlue

@Suite struct GlueServiceTests {
    private let table: JSON = [
        "Name": "Sales", "TableType": "EXTERNAL_TABLE", "Parameters": ["classification": "parquet"],
        "PartitionKeys": [["Name": "year", "Type": "int"], ["Name": "month", "Type": "int"]],
        "StorageDescriptor": ["Location": "s3://lake/sales/", "Columns": [["Name": "a", "Type": "bigint"]]],
    ]

    private func withTable(_ body: (GlueFixture) async throws -> Void) async throws {
        let fixture = try await GlueFixture()
        _ = try await fixture.glue("CreateTable", ["DatabaseName": "db", "TableInput": table])
        try await body(fixture)
        await fixture.close()
    }

    @Test("names are stored in lower case and found in any")
    func names() async throws {
        try await withTable { fixture in
            let found = try await fixture.glue("GetTable", ["DatabaseName": "DB", "Name": "SALES"])["Table"]
            #expect(found?["Name"] == "sales" && found?["DatabaseName"] == "db" && found?["VersionId"] == "0")
            #expect(found?["CreateTime"] == Timestamp.json(fixture.clock.now))
            #expect(found?["StorageDescriptor"]?["Compressed"] == false)
            let again = await fixture.fault("CreateTable", ["DatabaseName": "db", "TableInput": ["Name": "SaLes"]])
            #expect(again == AWSFault("AlreadyExistsException", "Table already exists."))
        }
    }

    @Test("what does not exist is named as AWS names it")
    func missing() async throws {
        try await withTable { fixture in
            let cases: [(String, JSON, String)] = [
                ("GetDatabase", ["Name": "x"], "Database x not found."),
                ("DeleteDatabase", ["Name": "x"], "Database x not found."),
                ("GetTable", ["DatabaseName": "db", "Name": "x"], "Entity Not Found"),
                ("GetTable", ["DatabaseName": "y", "Name": "x"], "Database y not found."),
                ("DeleteTable", ["DatabaseName": "db", "Name": "x"], "Table x not found."),
                (
                    "GetPartition", ["DatabaseName": "db", "TableName": "sales", "PartitionValues": ["1", "2"]],
                    "Cannot find partition."
                ),
                (
                    "GetTableVersion", ["DatabaseName": "db", "TableName": "sales", "VersionId": "9"],
                    "Version 9 not found."
                ),
                ("GetTable", ["CatalogId": "1", "DatabaseName": "db", "Name": "sales"], "Catalog 1 not found."),
            ]
            for (action, input, message) in cases {
                #expect(await fixture.fault(action, input) == AWSFault("EntityNotFoundException", message), "\(action)")
            }
        }
    }

    @Test("a request without a member that the model requires is refused, and an action not emulated is named")
    func badRequests() async throws {
        try await withTable { fixture in
            let cases: [(String, JSON, String)] = [
                ("GetDatabase", [:], "ValidationException"),
                ("GetTable", ["DatabaseName": "db"], "ValidationException"),
                ("CreateTable", ["DatabaseName": "db"], "ValidationException"),
                ("CreateTable", ["DatabaseName": "db", "TableInput": []], "ValidationException"),
                (
                    "CreateTable", ["DatabaseName": "db", "TableInput": ["Name": "x", "Parameters": ["a": 1]]],
                    "SerializationException"
                ),
                ("CreateDatabase", ["DatabaseInput": ["Name": "a/b"]], "InvalidInputException"),
                ("GetTables", ["DatabaseName": "db", "MaxResults": 0], "ValidationException"),
                ("GetTables", ["DatabaseName": "db", "Expression": "("], "InvalidInputException"),
                (
                    "GetPartition", ["DatabaseName": "db", "TableName": "sales", "PartitionValues": [1]],
                    "SerializationException"
                ),
                ("GetTags", ["ResourceArn": "x"], "InvalidInputException"),
                ("GetTags", ["ResourceArn": "arn:aws:glue:us-east-1:0:job/x"], "NotImplemented"),
                ("StartCrawler", [:], "NotImplemented"),
            ]
            for (action, input, code) in cases {
                #expect(await fixture.fault(action, input)?.code == code, "\(action) \(input)")
            }
        }
    }

    @Test("each update makes a version; SkipArchive keeps none; an old VersionId is a conflict")
    func versions() async throws {
        try await withTable { fixture in
            func update(_ value: String, _ more: JSONObject = [:]) async -> AWSFault? {
                var input: JSONObject = [
                    "DatabaseName": "db", "TableInput": ["Name": "sales", "Parameters": ["v": .string(value)]],
                ]
                for (name, member) in more { input[name] = member }
                return await fixture.fault("UpdateTable", .object(input))
            }
            #expect(await update("1") == nil)
            #expect(await update("2", ["SkipArchive": true, "VersionId": "1"]) == nil)
            #expect(
                await update("3", ["VersionId": "1"])
                    == AWSFault(
                        "ConcurrentModificationException", "Update table failed due to concurrent modifications."))
            let place: JSONObject = ["DatabaseName": "db", "TableName": "sales"]
            let all = try await fixture.glue("GetTableVersions", .object(place))["TableVersions"]?.array ?? []
            #expect(all.map { $0["VersionId"] } == ["2", "0"])
            #expect(all[0]["Table"]?["Parameters"] == ["v": "2"] && all[0]["Table"]?["PartitionKeys"] == [])
            #expect(all[1]["Table"]?["Parameters"] == ["classification": "parquet"])
            var page = place
            page["MaxResults"] = 1
            let first = try await fixture.glue("GetTableVersions", .object(page))
            page["NextToken"] = first["NextToken"]
            let second = try await fixture.glue("GetTableVersions", .object(page))
            #expect(second["TableVersions"]?[0]?["VersionId"] == "0" && second["NextToken"] == nil)
            var delete = place
            delete["VersionIds"] = ["0", "2", "7"]
            let errors = try await fixture.glue("BatchDeleteTableVersion", .object(delete))["Errors"]
            #expect(errors?.array?.map { $0["VersionId"] } == ["2", "7"])
            #expect(
                try await fixture.glue("GetTableVersions", .object(place))["TableVersions"]?.array?.count == 1)
        }
    }

    @Test("of many updates on one VersionId exactly one succeeds")
    func concurrentUpdates() async throws {
        try await withTable { fixture in
            let succeeded = await withTaskGroup(of: Bool.self) { group in
                for value in 0..<10 {
                    group.addTask {
                        await fixture.fault(
                            "UpdateTable",
                            [
                                "DatabaseName": "db", "VersionId": "0",
                                "TableInput": ["Name": "sales", "Parameters": ["v": .string("\(value)")]],
                            ]) == nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(succeeded == 1)
        }
    }

    @Test("partitions are created, found by expression and segment, changed and deleted, each alone")
    func partitions() async throws {
        try await withTable { fixture in
            func place(_ more: JSONObject) -> JSON {
                var input: JSONObject = ["DatabaseName": "db", "TableName": "sales"]
                for (name, member) in more { input[name] = member }
                return .object(input)
            }
            func input(_ year: Int, _ month: Int) -> JSON {
                [
                    "Values": [.string("\(year)"), .string("\(month)")],
                    "StorageDescriptor": [
                        "Location": .string("s3://lake/\(year)/\(month)"), "Columns": [["Name": "a"]],
                    ],
                ]
            }
            let months = (1...12).map { input(2025, $0) } + (1...3).map { input(2026, $0) }
            let created = try await fixture.glue("BatchCreatePartition", place(["PartitionInputList": .array(months)]))
            #expect(created["Errors"] == [])
            let again = try await fixture.glue(
                "BatchCreatePartition",
                place(["PartitionInputList": [input(2025, 1), input(2026, 4), ["Values": ["2026"]]]]))
            #expect(
                again["Errors"]?.array?.map { $0["ErrorDetail"]?["ErrorCode"] }
                    == ["AlreadyExistsException", "InvalidInputException"])
            func found(_ more: JSONObject) async throws -> [String] {
                let answer = try await fixture.glue("GetPartitions", place(more))
                return (answer["Partitions"]?.array ?? []).map { partition in
                    (partition["Values"]?.array ?? []).compactMap(\.string).joined(separator: "-")
                }
            }
            #expect(try await found(["Expression": "year = 2026 and month > 2"]) == ["2026-3", "2026-4"])
            #expect(try await found(["Expression": " "]).count == 16)
            var halves: [String] = []
            for number in 0..<2 {
                halves += try await found(["Segment": ["SegmentNumber": .int(number), "TotalSegments": 2]])
            }
            #expect(Set(halves).count == 16 && halves.count == 16)
            var (pages, token): ([String], JSON?) = ([], nil)
            repeat {
                var request: JSONObject = ["MaxResults": 7, "ExcludeColumnSchema": true]
                request["NextToken"] = token
                let answer = try await fixture.glue("GetPartitions", place(request))
                for partition in answer["Partitions"]?.array ?? [] {
                    #expect(partition["StorageDescriptor"]?["Columns"] == nil)
                    pages.append(partition["Values"]?.text ?? "")
                }
                token = answer["NextToken"]
            } while token != nil
            #expect(Set(pages).count == 16 && pages.count == 16)
            let some = try await fixture.glue(
                "BatchGetPartition",
                place(["PartitionsToGet": [["Values": ["2025", "5"]], ["Values": ["1", "1"]]]]))
            #expect(some["Partitions"]?.array?.count == 1)
            _ = try await fixture.glue(
                "UpdatePartition", place(["PartitionValueList": ["2026", "4"], "PartitionInput": input(2027, 1)]))
            #expect(try await found(["Expression": "year >= 2026 and month in (1, 4)"]) == ["2026-1", "2027-1"])
            let taken = await fixture.fault(
                "UpdatePartition", place(["PartitionValueList": ["2027", "1"], "PartitionInput": input(2025, 1)]))
            #expect(taken?.message == "Partition already exists.")
            let deleted = try await fixture.glue(
                "BatchDeletePartition",
                place(["PartitionsToDelete": [["Values": ["2027", "1"]], ["Values": ["9", "9"]]]]))
            #expect(deleted["Errors"]?.array?.map { $0["PartitionValues"] } == [["9", "9"]])
            #expect(
                await fixture.fault("DeletePartition", place(["PartitionValues": ["2027", "1"]]))?.message
                    == "Cannot find partition.")
            _ = try await fixture.glue("DeleteTable", ["DatabaseName": "db", "Name": "sales"])
            _ = try await fixture.glue("CreateTable", ["DatabaseName": "db", "TableInput": table])
            #expect(try await found([:]) == [], "a new table has no partitions of the one before it")
        }
    }

    @Test("statistics are kept for each column, of the table and of a partition")
    func statistics() async throws {
        try await withTable { fixture in
            func place(_ more: JSONObject) -> JSON {
                var input: JSONObject = ["DatabaseName": "db", "TableName": "sales"]
                for (name, member) in more { input[name] = member }
                return .object(input)
            }
            func statistics(_ column: String, _ nulls: Int) -> JSON {
                [
                    "ColumnName": .string(column), "ColumnType": "bigint", "AnalyzedTime": 1,
                    "StatisticsData": [
                        "Type": "LONG",
                        "LongColumnStatisticsData": ["NumberOfNulls": .int(nulls), "NumberOfDistinctValues": 1],
                    ],
                ]
            }
            _ = try await fixture.glue("CreatePartition", place(["PartitionInput": ["Values": ["2026", "1"]]]))
            let updated = try await fixture.glue(
                "UpdateColumnStatisticsForTable",
                place(["ColumnStatisticsList": [statistics("a", 1), statistics("none", 1)]]))
            #expect(updated["Errors"]?.array?.count == 1)
            _ = try await fixture.glue(
                "UpdateColumnStatisticsForPartition",
                place(["PartitionValues": ["2026", "1"], "ColumnStatisticsList": [statistics("A", 2)]]))
            let ofTable = try await fixture.glue(
                "GetColumnStatisticsForTable", place(["ColumnNames": ["a", "year"]]))
            #expect(ofTable["ColumnStatisticsList"] == [statistics("a", 1)])
            #expect(ofTable["Errors"]?[0]?["ColumnName"] == "year")
            let ofPartition = try await fixture.glue(
                "GetColumnStatisticsForPartition", place(["PartitionValues": ["2026", "1"], "ColumnNames": ["a"]]))
            #expect(ofPartition["ColumnStatisticsList"] == [statistics("A", 2)])
            _ = try await fixture.glue("DeleteColumnStatisticsForTable", place(["ColumnName": "a"]))
            let gone = await fixture.fault("DeleteColumnStatisticsForTable", place(["ColumnName": "a"]))
            #expect(gone?.code == "EntityNotFoundException")
        }
    }

    @Test("tags belong to a database or table, and go with it")
    func tags() async throws {
        try await withTable { fixture in
            let arn: JSON = "arn:aws:glue:us-east-1:000000000000:table/db/sales"
            _ = try await fixture.glue("TagResource", ["ResourceArn": arn, "TagsToAdd": ["a": "1", "b": "2"]])
            _ = try await fixture.glue("UntagResource", ["ResourceArn": arn, "TagsToRemove": ["a"]])
            #expect(try await fixture.glue("GetTags", ["ResourceArn": arn])["Tags"] == ["b": "2"])
            _ = try await fixture.glue("DeleteTable", ["DatabaseName": "db", "Name": "sales"])
            #expect(await fixture.fault("GetTags", ["ResourceArn": arn])?.code == "EntityNotFoundException")
            _ = try await fixture.glue("CreateTable", ["DatabaseName": "db", "TableInput": table])
            #expect(try await fixture.glue("GetTags", ["ResourceArn": arn])["Tags"] == [:])
        }
    }

    @Test("GetTables chooses by an expression of the whole name, where * alone stands for any text")
    func expressions() async throws {
        let fixture = try await GlueFixture()
        for name in ["beer", "brewery", "review", "review_old"] {
            _ = try await fixture.glue("CreateTable", ["DatabaseName": "db", "TableInput": ["Name": .string(name)]])
        }
        func found(_ expression: String) async throws -> [String] {
            let answer = try await fixture.glue("GetTables", ["DatabaseName": "db", "Expression": .string(expression)])
            return (answer["TableList"]?.array ?? []).compactMap { $0["Name"]?.string }
        }
        #expect(try await found("be*") == ["beer"])
        #expect(try await found("*EW*") == ["brewery", "review", "review_old"])
        #expect(try await found("review") == ["review"])
        #expect(try await found("review.*") == ["review", "review_old"])
        #expect(try await found("beer|[a-z]+_old") == ["beer", "review_old"])
        await fixture.close()
    }
}
