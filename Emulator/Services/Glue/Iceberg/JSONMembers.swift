internal import EmulatorCore
internal import JSON

/// Members of a document that a client wrote, each with an error that names it.
extension JSON {
    func text(_ name: String) throws(AWSFault) -> String {
        guard let value = self[name]?.string else { throw .badRequest("Cannot parse missing string: \(name)") }
        return value
    }

    func integer(_ name: String) throws(AWSFault) -> Int {
        guard let value = self[name]?.int else { throw .badRequest("Cannot parse missing long: \(name)") }
        return value
    }

    /// The id of a schema, field, spec or order: an integer of 32 bits, so that the next one can be counted from it.
    func id(_ name: String) throws(AWSFault) -> Int {
        let id = try integer(name)
        guard (0...Int(Int32.max)).contains(id) else { throw .badRequest("\(name) is not an id: \(id)") }
        return id
    }

    /// An id that may be missing.
    func checkID(_ name: String) throws(AWSFault) {
        if present(name) != nil { _ = try id(name) }
    }

    func list(_ name: String) throws(AWSFault) -> [JSON] {
        guard let value = self[name]?.array else { throw .badRequest("Cannot parse missing list: \(name)") }
        return value
    }

    func members(_ name: String) throws(AWSFault) -> JSONObject {
        guard let value = self[name]?.object else { throw .badRequest("Cannot parse missing object: \(name)") }
        return value
    }

    /// A list of texts or integers.
    func integers(_ name: String) throws(AWSFault) -> [Int] {
        let list = try list(name)
        let integers = list.compactMap(\.int)
        guard integers.count == list.count else { throw .badRequest("Cannot parse \(name): expected a list of longs") }
        return integers
    }

    func texts(_ name: String) throws(AWSFault) -> [String] {
        let list = try list(name)
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw .badRequest("Cannot parse \(name): expected a list of strings") }
        return texts
    }

    /// A map from text to text.
    func properties(_ name: String) throws(AWSFault) -> JSONObject {
        let members = try members(name)
        for (key, value) in members where value.string == nil {
            throw .badRequest("Cannot parse \(name): the value of \(key) is not a string")
        }
        return members
    }

}
