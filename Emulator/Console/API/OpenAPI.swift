internal import JSON

/// The API's description.
/// - SeeAlso: <https://spec.openapis.org/oas/v3.1.0>
enum OpenAPI {
    static let document: JSON = {
        var paths: [String: JSONObject] = [:]
        for operation in Operation.all {
            paths["/\(operation.path)", default: [:]][operation.method.rawValue.lowercased()] = describe(operation)
        }
        let session: JSONObject = [
            "get": [
                "operationId": "session", "summary": "The token for requests by POST, and what this console may do",
                "responses": ["200": answer("The session", "token:text read_only:bool pipeline:text")],
            ]
        ]
        paths["/session"] = session
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Cupel console", "version": "1",
                "description": .string(
                    "What the console's pages show. Requests by POST need the header X-Cupel-Token with the token of "
                        + "/session."),
            ],
            "servers": [["url": "/console/api"]],
            "paths": .object(
                JSONObject(paths.sorted { $0.key < $1.key }.map { ($0.key, JSON.object($0.value)) })),
            "components": [
                "securitySchemes": ["token": ["type": "apiKey", "in": "header", "name": "X-Cupel-Token"]],
                "schemas": [
                    "Error": [
                        "type": "object", "required": ["error"],
                        "properties": ["error": ["type": "string"]],
                    ]
                ],
            ],
        ]
    }()

    /// An answer with its members, as ``Operation/answer`` writes them.
    private static func answer(_ about: String, _ members: String) -> JSON {
        let types = [
            "text": "string", "number": "integer", "bool": "boolean", "list": "array", "object": "object",
        ]
        var (properties, required) = (JSONObject(), [JSON]())
        for member in members.split(separator: " ") {
            let parts = member.split(separator: ":").map(String.init)
            guard parts.count == 2 else { continue }
            let isOptional = parts[1].hasSuffix("?")
            let type = JSON.string(types[isOptional ? String(parts[1].dropLast()) : parts[1]] ?? "object")
            properties[parts[0]] = ["type": isOptional ? [type, "null"] : type]
            if !isOptional { required.append(.string(parts[0])) }
        }
        return [
            "description": .string(about),
            "content": [
                "application/json": [
                    "schema": [
                        "type": "object", "properties": .object(properties), "required": .array(required),
                    ]
                ]
            ],
        ]
    }

    private static func describe(_ operation: Operation) -> JSON {
        let error: JSON = [
            "description": "what is wrong, and what to do next",
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
        ]
        var responses: JSONObject = ["200": answer(operation.summary, operation.answer), "400": error, "403": error]
        for status in ["404", "413", "502"] { responses[status] = error }
        var object: JSONObject = [
            "operationId": .string(operation.id), "summary": .string(operation.summary),
            "responses": .object(responses),
        ]
        if !operation.parameters.isEmpty { object["parameters"] = .array(operation.parameters.map(describe)) }
        if operation.method == .post { object["security"] = [["token": []]] }
        guard !operation.body.isEmpty else { return .object(object) }
        var properties = JSONObject()
        for member in operation.body { properties[member.name] = describe(member) }
        object["requestBody"] = [
            "required": true,
            "content": [
                "application/json": [
                    "schema": [
                        "type": "object", "additionalProperties": false, "properties": .object(properties),
                        "required": .array(operation.body.filter(\.isRequired).map { .string($0.name) }),
                    ]
                ]
            ],
        ]
        return .object(object)
    }

    private static func describe(_ parameter: Operation.Parameter) -> JSON {
        let schema: JSON =
            switch parameter.kind {
            case .text: ["type": "string", "minLength": 1]
            case .number(let range):
                ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
            case .choice(let choices): ["type": "string", "enum": .array(choices.map { .string($0) })]
            }
        var object: JSONObject = [
            "name": .string(parameter.name), "in": parameter.isInPath ? "path" : "query",
            "required": .bool(parameter.isRequired), "description": .string(parameter.about), "schema": schema,
        ]
        object["example"] = parameter.example.map { .string($0) }
        return .object(object)
    }

    private static func describe(_ member: Operation.Member) -> JSON {
        switch member.kind {
        case .text:
            [
                "type": "string", "minLength": 1, "description": .string(member.about),
                "examples": .array(member.example.map { [.string($0)] } ?? []),
            ]
        case .bool: ["type": "boolean", "description": .string(member.about)]
        case .choice(let choices):
            [
                "type": "string", "enum": .array(choices.map { .string($0) }), "description": .string(member.about),
            ]
        case .texts:
            [
                "type": "array", "maxItems": 1000, "items": ["type": "string"],
                "description": .string(member.about),
            ]
        }
    }
}
