/// From which size on a model is not built by the function: by the bytes of its inputs' columns that a build reads.
struct BuildLimits: Sendable, Hashable {
    /// From here on a task builds; 0 is for none.
    var taskBytes = 0
    /// From here on Spark builds; 0 is for none.
    var sparkBytes = 0

    /// - Throws: ``BuildTooLarge`` if another than the function builds what reads so many bytes.
    func check(_ bytes: Int) throws(BuildTooLarge) {
        if sparkBytes > 0, bytes >= sparkBytes { throw BuildTooLarge(bytes: bytes, target: .spark) }
        if taskBytes > 0, bytes >= taskBytes { throw BuildTooLarge(bytes: bytes, target: .task) }
    }
}

/// What builds a model that is too much for the function. The names are those of control records.
enum BuildTarget: String, Sendable {
    case task = "ecs"
    case spark = "emr"
}

/// A build reads more than the function is for. It is no failure: the state machine has it done elsewhere.
struct BuildTooLarge: Error, Hashable {
    let bytes: Int
    let target: BuildTarget
}
