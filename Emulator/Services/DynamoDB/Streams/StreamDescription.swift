internal import EmulatorCore
internal import JSON

/// The properties of a stream.
struct StreamDescription: Sendable {
    var arn: String
    var label: String
    var tableName: String
    var view: String
    var keySchema: JSON

    init(arn: String, label: String, tableName: String, view: String, keySchema: JSON) {
        self.arn = arn
        self.label = label
        self.tableName = tableName
        self.view = view
        self.keySchema = keySchema
    }

    init(stored: JSON) {
        arn = stored["arn"]?.string ?? ""
        label = stored["label"]?.string ?? ""
        tableName = stored["tableName"]?.string ?? ""
        view = stored["view"]?.string ?? ""
        keySchema = stored["keySchema"] ?? []
    }

    var stored: JSON {
        [
            "arn": .string(arn), "label": .string(label), "tableName": .string(tableName), "view": .string(view),
            "keySchema": keySchema,
        ]
    }
}
