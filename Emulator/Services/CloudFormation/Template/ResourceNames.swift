internal import Synchronization

/// The names of the resources that are deployed together.
///
/// The stacks of `cupel up` name a resource by its logical ID where its template gives no name. Two of them may have the same
/// logical ID: the first stack keeps the name, and the other's resource gets one of AWS's form.
final class ResourceNames: Sendable {
    private struct Name: Hashable {
        let type: String
        let text: String
    }

    /// The stack of each name.
    private let owners = Mutex<[Name: String]>([:])

    /// Gives a name to a stack, unless another has it.
    /// - Returns: whether the stack has the name.
    @discardableResult
    func take(_ name: String, ofType type: String, for stack: String) -> Bool {
        owners.withLock { owners in
            let name = Name(type: type, text: name)
            guard let owner = owners[name] else {
                owners[name] = stack
                return true
            }
            return owner == stack
        }
    }
}
