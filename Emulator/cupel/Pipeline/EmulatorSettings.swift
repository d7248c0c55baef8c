internal import JSON

/// What an emulator was started with, as far as other commands share it. All paths are absolute.
struct EmulatorSettings: Hashable, Sendable {
    var contracts: String
    var templates: [String]
    var functions: String
    /// The values of the templates' parameters that were given.
    var parameters: [String: String]
    /// The values of other options that were given, by name.
    var options: [String: String]

    init(
        contracts: String, templates: [String], functions: String, parameters: [String: String],
        options: [String: String] = [:]
    ) {
        self.options = options
        self.contracts = contracts
        self.templates = templates
        self.functions = functions
        self.parameters = parameters
    }

    init?(_ json: JSON) {
        guard let contracts = json["contracts"]?.string, let functions = json["functions"]?.string else { return nil }
        self.contracts = contracts
        self.functions = functions
        templates = (json["templates"]?.array ?? []).compactMap(\.string)
        parameters = [:]
        options = [:]
        for parameter in json["parameters"]?.object ?? [:] { parameters[parameter.name] = parameter.value.string }
        for option in json["options"]?.object ?? [:] { options[option.name] = option.value.string }
    }

    var json: JSON {
        func object(_ values: [String: String]) -> JSON {
            .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }))
        }
        return [
            "contracts": .string(contracts), "templates": .array(templates.map(JSON.string)),
            "functions": .string(functions), "parameters": object(parameters),
            "options": object(options),
        ]
    }
}
