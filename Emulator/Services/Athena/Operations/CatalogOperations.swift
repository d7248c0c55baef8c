internal import EmulatorCore
internal import JSON

// What Athena shows of the catalog. See <https://docs.aws.amazon.com/athena/latest/APIReference/API_GetTableMetadata.html>

extension AthenaService {
    private static let catalog = "AwsDataCatalog"

    func listDataCatalogs(_ input: JSON) -> JSON {
        ["DataCatalogsSummary": [["CatalogName": .string(Self.catalog), "Type": "GLUE", "Status": "CREATE_COMPLETE"]]]
    }

    func dataCatalog(_ input: JSON) throws -> JSON {
        try Self.check(try input.required("Name"))
        return [
            "DataCatalog": [
                "Name": .string(Self.catalog), "Type": "GLUE", "Parameters": ["catalog-id": .string(account.id)],
                "Status": "CREATE_COMPLETE",
            ]
        ]
    }

    func database(_ input: JSON) async throws -> JSON {
        try Self.check(try input.required("CatalogName"))
        let answer = try await glue("GetDatabase", ["Name": .string(try input.required("DatabaseName"))])
        return ["Database": Self.database(answer["Database"] ?? [:])]
    }

    func listDatabases(_ input: JSON) async throws -> JSON {
        try Self.check(try input.required("CatalogName"))
        var request: JSONObject = ["MaxResults": .int(try input.pageSize(limit: 50))]
        request["NextToken"] = input.present("NextToken")
        let answer = try await glue("GetDatabases", .object(request))
        var shown: JSONObject = ["DatabaseList": .array((answer["DatabaseList"]?.array ?? []).map(Self.database))]
        shown["NextToken"] = answer["NextToken"]
        return .object(shown)
    }

    func tableMetadata(_ input: JSON) async throws -> JSON {
        try Self.check(try input.required("CatalogName"))
        let answer = try await glue(
            "GetTable",
            [
                "DatabaseName": .string(try input.required("DatabaseName")),
                "Name": .string(try input.required("TableName")),
            ])
        return ["TableMetadata": Self.table(answer["Table"] ?? [:])]
    }

    func listTableMetadata(_ input: JSON) async throws -> JSON {
        try Self.check(try input.required("CatalogName"))
        var request: JSONObject = [
            "DatabaseName": .string(try input.required("DatabaseName")),
            "MaxResults": .int(try input.pageSize(limit: 50)),
        ]
        request["Expression"] = input.present("Expression")
        request["NextToken"] = input.present("NextToken")
        let answer = try await glue("GetTables", .object(request))
        var shown: JSONObject = ["TableMetadataList": .array((answer["TableList"]?.array ?? []).map(Self.table))]
        shown["NextToken"] = answer["NextToken"]
        return .object(shown)
    }

    private static func check(_ catalog: String) throws(AWSFault) {
        guard catalog.lowercased() == Self.catalog.lowercased() else {
            throw .metadata("Catalog \(catalog) does not exist; \(Self.catalog) is the only one here")
        }
    }

    private func glue(_ action: String, _ input: JSON) async throws -> JSON {
        do {
            return try await LakeReader(peers: peers).glue(action, input)
        } catch let fault as AWSFault where fault.code == "EntityNotFoundException" {
            throw AWSFault.metadata(fault.message)
        }
    }

    private static func database(_ glue: JSON) -> JSON {
        var database: JSONObject = ["Name": glue["Name"] ?? .null, "Parameters": glue.present("Parameters") ?? [:]]
        database["Description"] = glue.present("Description")
        return .object(database)
    }

    private static func table(_ glue: JSON) -> JSON {
        var parameters = glue["Parameters"]?.object ?? [:]
        let storage = glue["StorageDescriptor"]
        parameters["location"] = storage?.present("Location")
        parameters["inputformat"] = storage?.present("InputFormat")
        parameters["outputformat"] = storage?.present("OutputFormat")
        parameters["serde.serialization.lib"] = storage?["SerdeInfo"]?.present("SerializationLibrary")
        var table: JSONObject = [
            "Name": glue["Name"] ?? .null, "TableType": glue.present("TableType") ?? "EXTERNAL_TABLE",
            "Columns": .array((storage?["Columns"]?.array ?? []).map(column)),
            "PartitionKeys": .array((glue["PartitionKeys"]?.array ?? []).map(column)),
            "Parameters": .object(parameters),
        ]
        table["CreateTime"] = glue.present("CreateTime")
        return .object(table)
    }

    private static func column(_ glue: JSON) -> JSON {
        var column: JSONObject = ["Name": glue["Name"] ?? .null, "Type": glue["Type"] ?? "string"]
        column["Comment"] = glue.present("Comment")
        return .object(column)
    }
}
