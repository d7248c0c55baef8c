import Contracts
import YAML

/// A text is a contract that keeps its own promises, or the error names a place in it.
struct ContractTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) throws {
        do throws(YAMLError) {
            _ = try YAMLNode(parsing: bytes, file: "fuzz")
        } catch {
            require(error.mark != nil, "no place in \(error)")
        }
        let contract: Contract
        do throws(ContractError) {
            contract = try Contract(parsing: String(decoding: bytes, as: UTF8.self), file: "fuzz")
        } catch {
            if case .invalid(_, let line, let column, _, _) = error {
                require(line >= 1 && column >= 1, "\(error)")
            }
            return
        }
        let columns = contract.bronzeColumns
        require(columns.count > BronzeColumn.system.count, "a table without columns")
        require(Set(columns.map { $0.name.lowercased() }).count == columns.count, "a name that is there twice")
        require(Set(columns.map(\.fieldID)).count == columns.count, "a field id that is there twice")
        require(Contract.isTableName(contract.table), "\(contract.table) cannot be in a key")
        let names = Set(contract.columns.map(\.name))
        require(names.isSuperset(of: contract.primaryKey + contract.partitioning), "a key outside of the table")
        require((0...1).contains(contract.tolerance.share), "tolerates \(contract.tolerance.share)")
    }
}
