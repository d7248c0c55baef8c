public import ArgumentParser
public import Control

extension ControlRecord.Status: ExpressibleByArgument {}

/// A layer of the lake, as the command line names it.
enum Layer: String, CaseIterable, ExpressibleByArgument {
    case bronze, silver, gold

    var schema: ControlRecord.Schema {
        switch self {
        case .bronze: .bronze
        case .silver: .silver
        case .gold: .gold
        }
    }
}
