// An object version under raw/ becomes one pending control record.
internal import AWSClient
internal import Contracts
internal import Control
internal import LambdaRuntime

LambdaRuntime(.process()).run { environment in
    let contracts = try ContractCatalog(directory: environment.folder("CONTRACTS_DIR", default: "contracts"))
    for warning in contracts.warnings { Log(environment).warning("\(warning)") }
    let aws = try AWSClient { environment[$0] }
    let control = ControlTable(name: try environment.require("CONTROL_TABLE"), client: aws)
    return ControlRecorder(control: control, tables: Set(contracts.tables))
}
