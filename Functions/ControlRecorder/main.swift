// An object version under raw/ becomes one pending control record.
internal import AWSClient
internal import Control
internal import LambdaRuntime
internal import PublishedContracts

LambdaRuntime(.process()).run { environment in
    let contracts = try ContractSource(environment)
    let aws = try AWSClient { environment[$0] }
    let control = ControlTable(name: try environment.require("CONTROL_TABLE"), client: aws)
    return ControlRecorder(control: control, objects: ObjectStore(aws), contracts: contracts)
}
