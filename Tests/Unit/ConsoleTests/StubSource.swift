import JSON

@testable import Console

/// A source whose answers a test writes, and which remembers what it was asked to change.
final class StubSource: ConsoleSource, @unchecked Sendable {
    // Sendable: a test sends one request after the other.
    var answers: [String: JSON] = [:]
    var faults: [String: ConsoleFault] = [:]
    private(set) var replays: [ReplayRequest] = []
    private(set) var filters: [FileFilter] = []
    private(set) var published: [String] = []

    private func answer(_ name: String) throws(ConsoleFault) -> JSON {
        if let fault = faults[name] { throw fault }
        return answers[name] ?? [:]
    }

    func flow(patience: Duration?) throws(ConsoleFault) -> JSON {
        if patience != nil, let late = answers["late flow"] { return late }
        return try answer("flow")
    }
    func files(_ filter: FileFilter) throws(ConsoleFault) -> JSON {
        filters.append(filter)
        return try answer("files")
    }
    func file(_ id: String) throws(ConsoleFault) -> JSON { try answer("file") }
    func log(_ request: LogRequest) throws(ConsoleFault) -> JSON { try answer("log") }
    func part(_ name: String) throws(ConsoleFault) -> JSON { try answer("part") }
    func executions(_ filter: ExecutionFilter) throws(ConsoleFault) -> JSON { try answer("executions") }
    func execution(_ arn: String) throws(ConsoleFault) -> JSON { try answer("execution") }
    func tables(patience: Duration?) throws(ConsoleFault) -> JSON {
        if patience != nil, let late = answers["late tables"] { return late }
        return try answer("tables")
    }
    func table(_ name: String) throws(ConsoleFault) -> JSON { try answer("table") }
    func query(_ statement: String, limit: Int) throws(ConsoleFault) -> JSON { try answer("query") }
    func parquet(_ statement: String) throws(ConsoleFault) -> JSON { try answer("parquet") }
    func quarantine(table: String?, limit: Int) throws(ConsoleFault) -> JSON { try answer("quarantine") }
    func lineage() throws(ConsoleFault) -> JSON { try answer("lineage") }
    func streams() throws(ConsoleFault) -> JSON { try answer("streams") }
    func cost(patience: Duration?) throws(ConsoleFault) -> JSON {
        if patience != nil, let late = answers["late cost"] { return late }
        return try answer("cost")
    }
    func replay(_ request: ReplayRequest) throws(ConsoleFault) -> JSON {
        replays.append(request)
        return ["records": []]
    }
    func redrive(_ arn: String) throws(ConsoleFault) -> JSON { try answer("redrive") }
    func rerun(_ arn: String) throws(ConsoleFault) -> JSON { try answer("rerun") }
    func start(machine: String) throws(ConsoleFault) -> JSON { try answer("start") }
    func publish(contract text: String) throws(ConsoleFault) -> JSON {
        published.append(text)
        return try answer("publish")
    }
    func progress(of ids: [String]) throws(ConsoleFault) -> JSON { try answer("progress") }
    func rawLines(_ request: RawLineRequest) throws(ConsoleFault) -> JSON { try answer("lines") }
    func tryContract(_ text: String, quarantineKey: String) throws(ConsoleFault) -> JSON { try answer("try") }
}
