internal import EmulatorCore

/// `StreamSpecification` of a request.
struct StreamRequest: Sendable {
    let isEnabled: Bool?
    private let view: TableStream.View?

    init(_ request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        guard let structure = try request.structure("StreamSpecification", type: "StreamSpecification") else {
            isEnabled = nil
            view = nil
            return
        }
        isEnabled = try structure.boolean("StreamEnabled")
        constraints.notNull("streamSpecification.streamEnabled", isPresent: isEnabled != nil)
        view = constraints.oneOf(
            "streamSpecification.streamViewType", try structure.string("StreamViewType"), TableStream.View.self)
    }

    /// The view of the requested stream; nil if none is requested.
    func checkedView() throws(DynamoDBFault) -> TableStream.View? {
        if isEnabled == true, view == nil {
            throw .invalidParameter("StreamSpecification.StreamViewType is required when StreamEnabled is true")
        }
        if isEnabled == false, view != nil {
            throw .invalidParameter("StreamSpecification.StreamViewType cannot be set when StreamEnabled is false")
        }
        return isEnabled == true ? view : nil
    }
}
