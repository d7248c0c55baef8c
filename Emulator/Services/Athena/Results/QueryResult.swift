internal import DuckDB
internal import EmulatorCore
internal import JSON

/// The result of a query, as Athena writes it to S3.
struct QueryResult {
    let columns: [ResultColumn]
    /// A file of the engine's with the rows, without their header.
    let file: String

    /// The whole result, piece by piece.
    var contents: RequestBody {
        get throws { try FileBytes.pieces(of: file, after: ResultText.header(columns)) }
    }

    /// Runs a query in an engine.
    /// - Parameter preparation: statements that make what it reads.
    static func run(_ query: ParsedQuery, after preparation: [String], in engine: QueryEngine) async throws
        -> QueryResult
    {
        try await prepare(preparation, in: engine)
        let columns = try await columns(of: query, in: engine)
        let file = "\(engine.folder)/result.csv"
        let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
        let values = columns.enumerated().map { $1.type.text(of: "c\($0)") }.joined(separator: ", ")
        let start = "COPY (SELECT \(values) FROM ("
        do throws(QueryEngine.Failure) {
            _ = try await engine.run(
                "\(start)\(query.fragment.text)) AS t(\(names))) TO \(DuckDBText.string(file)) "
                    + "(FORMAT csv, HEADER false, FORCE_QUOTE *)")
        } catch {
            throw Self.problem(error) { query.fragment.origin(of: max(0, $0 - start.utf8.count)) }
        }
        return QueryResult(columns: columns.map(\.column), file: file)
    }

    static func prepare(_ statements: [String], in engine: QueryEngine) async throws {
        guard !statements.isEmpty else { return }
        do throws(QueryEngine.Failure) { _ = try await engine.run(statements.joined(separator: "; ")) } catch {
            throw Self.problem(error, origin: { _ in nil })
        }
    }

    /// The columns of a query, as they are shown and as the engine has them.
    static func columns(
        of query: ParsedQuery, in engine: QueryEngine
    ) async throws -> [(column: ResultColumn, type: EngineType)] {
        let prefix = "DESCRIBE "
        do throws(QueryEngine.Failure) {
            var columns: [(column: ResultColumn, type: EngineType)] = []
            for (place, line) in try await engine.run(prefix + query.fragment.text).enumerated() {
                let document = (try? JSON(parsing: Array(line.utf8))) ?? .null
                let name = (document["column_name"]?.string ?? "").lowercased()
                let typeName = document["column_type"]?.string ?? ""
                guard let type = EngineType(typeName), type.athenaName != nil else {
                    throw .statement(
                        kind: "Binder", message: "the result's type \(typeName) is not emulated", subtype: nil,
                        offset: nil)
                }
                columns.append((ResultColumn(Self.shown(name, place), type), type))
            }
            return columns
        } catch {
            throw Self.problem(error) { query.fragment.origin(of: max(0, $0 - prefix.utf8.count)) }
        }
    }

    /// The lines of the engine's plan.
    static func plan(
        of query: ParsedQuery, after preparation: [String], in engine: QueryEngine
    ) async throws -> [String] {
        try await prepare(preparation, in: engine)
        let prefix = "EXPLAIN "
        do throws(QueryEngine.Failure) {
            return try await engine.output(of: prefix + query.fragment.text)
                .filter { line in line.contains { !$0.isWhitespace } }
        } catch {
            throw Self.problem(error) { query.fragment.origin(of: max(0, $0 - prefix.utf8.count)) }
        }
    }

    /// A column without a name has one by its place.
    private static func shown(_ name: String, _ place: Int) -> String {
        name.hasPrefix("_col") && Int(name.dropFirst(4)) != nil ? "_col\(place)" : name
    }

    static func problem(_ failure: QueryEngine.Failure, origin: (Int) -> Int?) -> any Error {
        guard case .statement(let kind, let message, let subtype, let offset) = failure else {
            return SQLProblem.semantic(
                "GENERIC_INTERNAL_ERROR", "the engine ended; the query may need more memory", at: nil)
        }
        return EngineFailure.problem(kind: kind, message: message, subtype: subtype, origin: offset.flatMap(origin))
    }
}

extension QueryEngine {
    /// Runs one statement that has parts of the user's.
    /// - Throws: ``SQLProblem`` with the place in the user's text.
    func run(_ statement: SQLFragment) async throws -> [String] {
        do throws(Failure) { return try await run(statement.text) } catch {
            throw QueryResult.problem(error, origin: statement.origin(of:))
        }
    }
}
