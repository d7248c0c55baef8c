public import ArgumentParser
public import Control

extension ControlRecord.Status: ExpressibleByArgument {}

/// A layer that files are taken to.
enum FileLayer: String, CaseIterable, ExpressibleByArgument {
    case bronze, silver

    var schema: ControlRecord.Schema { self == .bronze ? .bronze : .silver }
}

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
