internal import EmulatorCore
internal import JSON
internal import Time

/// Parameters by their path or by filters.
extension ParameterStore {
    /// - SeeAlso: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>
    func getByPath(_ input: JSON) throws -> JSON {
        let text = input["Path"]?.string ?? ""
        guard text.hasPrefix("/") else {
            throw AWSFault(
                "ValidationException",
                "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
                    + "slash \"/\".")
        }
        let path = text.hasSuffix("/") ? text : text + "/"
        let isRecursive = input["Recursive"]?.bool ?? false
        let names = try all().map(\.name).filter { name in
            name.hasPrefix(path) && (isRecursive || !name.dropFirst(path.count).contains("/"))
        }
        let page = try Self.page(of: names, input, most: 10)
        let decrypted = input["WithDecryption"]?.bool ?? false
        var answer: JSONObject = ["Parameters": .array(try page.items.map { try parameter($0, decrypted: decrypted) })]
        answer["NextToken"] = page.next
        return .object(answer)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>
    func describe(_ input: JSON) throws -> JSON {
        let filters = input["ParameterFilters"]?.array ?? []
        let found = try all().filter { parameter in
            try filters.allSatisfy { try Self.matches(parameter, $0) }
        }
        let page = try Self.page(of: found, input, most: 50)
        var answer: JSONObject = [
            "Parameters": .array(
                page.items.map { parameter in
                    [
                        "Name": .string(parameter.name), "ARN": .string(arn(of: parameter.name)),
                        "Type": .string(parameter.type), "Version": .int(parameter.version),
                        "LastModifiedDate": Timestamp.json(parameter.modifiedAt), "Tier": "Standard",
                        "DataType": "text", "Policies": [],
                    ]
                })
        ]
        answer["NextToken"] = page.next
        return .object(answer)
    }

    private static func matches(_ parameter: StoredParameter, _ filter: JSON) throws -> Bool {
        let values = (filter["Values"]?.array ?? []).compactMap(\.string)
        let option = filter["Option"]?.string ?? "Equals"
        switch (filter["Key"]?.string ?? "", option) {
        case ("Name", "Equals"): return values.contains(parameter.name)
        case ("Name", "BeginsWith"): return values.contains { parameter.name.hasPrefix($0) }
        case ("Name", "Contains"): return values.contains { parameter.name.contains($0) }
        case ("Type", "Equals"): return values.contains(parameter.type)
        case ("Path", "Recursive"): return values.contains { parameter.name.hasPrefix($0 == "/" ? $0 : $0 + "/") }
        case ("Path", "OneLevel"), ("Path", "Equals"):
            return values.contains { path in
                let prefix = path == "/" ? path : path + "/"
                return parameter.name.hasPrefix(prefix) && !parameter.name.dropFirst(prefix.count).contains("/")
            }
        case (let key, _): throw AWSFault.notEmulated("The parameter filter \(key) with the option \(option)")
        }
    }

    func deleteSome(_ input: JSON) async throws -> JSON {
        var (deleted, missing): ([JSON], [JSON]) = ([], [])
        for name in (input["Names"]?.array ?? []).compactMap(\.string) {
            do throws(AWSFault) {
                _ = try await perform("DeleteParameter", ["Name": .string(name)])
                deleted.append(.string(name))
            } catch {
                guard error.code == "ParameterNotFound" else { throw error }
                missing.append(.string(name))
            }
        }
        return ["DeletedParameters": .array(deleted), "InvalidParameters": .array(missing)]
    }

    private func all() throws -> [StoredParameter] { try store.read { try StoredParameter.all(in: $0) } }

    /// A page by `MaxResults` and `NextToken`, which is the position after the page before.
    private static func page<Item>(
        of items: [Item], _ input: JSON, most: Int
    ) throws -> (items: [Item], next: JSON?) {
        let size = input["MaxResults"]?.int ?? most
        guard (1...most).contains(size) else {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value '\(size)' at 'maxResults' failed to satisfy constraint: Member must have "
                    + "value \(size < 1 ? "greater than or equal to 1" : "less than or equal to \(most)")")
        }
        let token = input["NextToken"]?.string
        guard let start = token.map({ Int($0) }) ?? 0, (0...items.count).contains(start) else {
            throw AWSFault("InvalidNextToken", "The specified token isn't valid.")
        }
        let rest = items[start...]
        return (Array(rest.prefix(size)), rest.count > size ? .string("\(start + size)") : nil)
    }
}
