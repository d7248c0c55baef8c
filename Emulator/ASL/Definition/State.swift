internal import JSON

/// The language of a state's expressions.
enum QueryLanguage: String, Sendable, Equatable {
    case jsonPath = "JSONPath"
    case jsonata = "JSONata"
}

/// One state: what its type does, and what all types share.
struct State: Sendable {
    let name: String
    let kind: Kind
    let flow: Flow
    /// The names of the variables in its fields, sorted.
    let variablesRead: [String]

    enum Kind: Sendable {
        case pass(PassState)
        case task(TaskState)
        case choice(ChoiceState)
        case wait(WaitState)
        case succeed
        case fail(FailState)
        case parallel(ParallelState)
        case map(MapState)
    }

    /// `Pass`, `Task`…: also the first half of the names of its history events.
    var typeName: String {
        switch kind {
        case .pass: "Pass"
        case .task: "Task"
        case .choice: "Choice"
        case .wait: "Wait"
        case .succeed: "Succeed"
        case .fail: "Fail"
        case .parallel: "Parallel"
        case .map: "Map"
        }
    }
}

/// How data comes into a state and leaves it, and where the execution goes from there.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html>
struct Flow: Sendable {
    var language = QueryLanguage.jsonPath
    var inputPath = PathField.whole
    /// `Parameters`, or `Arguments` in JSONata.
    var parameters: Template?
    var resultSelector: Template?
    var resultPath = ResultPath.replace
    var outputPath = PathField.whole
    /// JSONata only.
    var output: Template?
    var assign: Template?
    var next = Next.end
    var retriers: [Retrier] = []
    var catchers: [Catcher] = []
}

/// `InputPath` and `OutputPath`.
enum PathField: Sendable, Equatable {
    case whole
    /// `null`: an empty object takes the place.
    case discard
    case path(JSONPath)

    /// - Throws: States.Runtime when the path names nothing.
    func apply(to value: JSON, in scope: Scope) throws(ASLFault) -> JSON {
        switch self {
        case .whole: return value
        case .discard: return [:]
        case .path(let path):
            do {
                return try scope.with(input: value).value(at: path)
            } catch {
                throw .runtime("Invalid path '\(path.text)' : \(error.message)")
            }
        }
    }
}

enum ResultPath: Sendable, Equatable {
    case replace
    /// `null`: the input is the output, as if there were no result.
    case discard
    case put(ReferencePath)

    func apply(_ result: JSON, to input: JSON) throws(ASLFault) -> JSON {
        switch self {
        case .replace: result
        case .discard: input
        case .put(let path): try path.put(result, into: input)
        }
    }
}

enum Next: Sendable, Equatable {
    case state(String)
    case end
}
