internal import EmulatorCore
internal import JSON

/// What the catalog knows of an Iceberg table: where its metadata is.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/populate-otf.html>
extension StoredTable {
    /// Nil for a table of another format.
    var metadataLocation: String? {
        let parameters = input["Parameters"]
        guard parameters?["table_type"]?.string?.uppercased() == "ICEBERG" else { return nil }
        return parameters?["metadata_location"]?.string
    }

    /// Makes the metadata at `location` the table's current one. What engines keep beside it stays.
    mutating func point(to metadata: TableMetadata, at location: String) throws(AWSFault) {
        var parameters = input["Parameters"]?.object ?? [:]
        parameters["previous_metadata_location"] = parameters["metadata_location"]
        parameters["table_type"] = "ICEBERG"
        parameters["metadata_location"] = .string(location)
        input["Parameters"] = .object(parameters)
        input["TableType"] = "EXTERNAL_TABLE"
        if let comment = metadata.properties["comment"] { input["Description"] = comment }
        var storage = input["StorageDescriptor"]?.object ?? [:]
        storage["Columns"] = try GlueColumns(metadata).columns
        storage["Location"] = .string(metadata.location)
        input["StorageDescriptor"] = .object(storage)
    }
}
