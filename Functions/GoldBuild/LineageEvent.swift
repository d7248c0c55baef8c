internal import Contracts
internal import Iceberg
internal import JSON
internal import Time

/// An event of a run: it starts, completes or fails.
///
/// - SeeAlso: <https://openlineage.io/docs/spec/object-model>
struct LineageEvent: Sendable {
    enum Kind: String, Sendable {
        case start = "START"
        case complete = "COMPLETE"
        case fail = "FAIL"
    }

    let kind: Kind
    let time: Timestamp
    let runID: String
    let model: TableName
    /// What is known of the model; nil if it could not be read.
    var source: Model?
    var inputs: [TableVersion] = []
    var table: GoldTable?
    /// Of a run that completes.
    var outcome: ModelBuild.Outcome?
    /// Of a run that fails.
    var error: String?

    private static let producer = JSON.string("urn:cupel:gold-build")
    private static let specification = "https://openlineage.io/spec"

    func document(jobs: String, datasets: String) -> JSON {
        var run: JSONObject = ["runId": .string(runID)]
        if let error {
            run["facets"] = [
                "errorMessage": Self.facet(
                    "1-0-1", "ErrorMessageRunFacet",
                    ["message": .string(error), "programmingLanguage": "SQL"])
            ]
        }
        var jobFacets: JSONObject = [
            "jobType": Self.facet(
                "2-0-3", "JobTypeJobFacet", ["processingType": "BATCH", "integration": "CUPEL", "jobType": "MODEL"])
        ]
        if let source {
            jobFacets["sql"] = Self.facet("1-1-0", "SQLJobFacet", ["query": .string(source.sql), "dialect": "duckdb"])
        }
        return [
            "eventType": .string(kind.rawValue), "eventTime": .string(time.rfc3339), "producer": Self.producer,
            "schemaURL": .string("\(Self.specification)/2-0-2/OpenLineage.json#/$defs/RunEvent"),
            "run": .object(run),
            "job": [
                "namespace": .string(jobs), "name": .string("gold-build.\(model)"), "facets": .object(jobFacets),
            ],
            "inputs": .array(inputs.map { input(of: $0, datasets) }), "outputs": [output(datasets)],
        ]
    }

    private static func facet(_ version: String, _ name: String, _ members: JSONObject) -> JSON {
        var object: JSONObject = [
            "_producer": producer,
            "_schemaURL": .string("\(specification)/facets/\(version)/\(name).json#/$defs/\(name)"),
        ]
        for (key, value) in members { object[key] = value }
        return .object(object)
    }

    // MARK: Tables

    private static func name(_ table: TableName) -> JSON { .string("table/\(table.namespace)/\(table.table)") }

    private static func schema(_ fields: [IcebergField]) -> JSON {
        let columns = fields.enumerated().map { place, field -> JSON in
            var column: JSONObject = [
                "name": .string(field.name), "type": .string("\(field.type)"), "ordinal_position": .int(place + 1),
            ]
            column["description"] = field.documentation.map { .string($0) }
            return .object(column)
        }
        return facet("1-2-0", "SchemaDatasetFacet", ["fields": .array(columns)])
    }

    private static func version(_ id: Int64) -> JSON {
        facet("1-0-1", "DatasetVersionDatasetFacet", ["datasetVersion": .string("\(id)")])
    }

    private func input(of version: TableVersion, _ datasets: String) -> JSON {
        [
            "namespace": .string(datasets), "name": Self.name(version.name),
            "facets": [
                "schema": Self.schema(version.metadata.currentSchema.fields),
                "version": Self.version(version.snapshot.id),
            ],
        ]
    }

    private func output(_ datasets: String) -> JSON {
        var facets: JSONObject = [:]
        if let table { facets["schema"] = Self.schema(table.schema.fields) }
        if let lineage = source?.lineage { facets["columnLineage"] = Self.columns(lineage, datasets) }
        if let id = outcome?.snapshotID { facets["version"] = Self.version(id) }
        var output: JSONObject = [
            "namespace": .string(datasets), "name": Self.name(model), "facets": .object(facets),
        ]
        if let outcome {
            output["outputFacets"] = [
                "outputStatistics": Self.facet(
                    "1-0-2", "OutputStatisticsOutputDatasetFacet", ["rowCount": .int(outcome.writtenCount)])
            ]
        }
        return .object(output)
    }

    private static func columns(_ lineage: ModelLineage, _ datasets: String) -> JSON {
        func field(_ source: ModelLineage.Source, _ type: String) -> JSON {
            [
                "namespace": .string(datasets), "name": name(source.table), "field": .string(source.column),
                "transformations": [["type": .string(type), "subtype": .string(source.kind), "masking": false]],
            ]
        }
        let fields = lineage.columns.sorted { $0.key < $1.key }.map { name, sources -> (String, JSON) in
            (name, ["inputFields": .array(sources.map { field($0, "DIRECT") })])
        }
        return facet(
            "1-2-0", "ColumnLineageDatasetFacet",
            [
                "fields": .object(JSONObject(fields)), "dataset": .array(lineage.rows.map { field($0, "INDIRECT") }),
            ])
    }
}
