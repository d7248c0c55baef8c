internal import EmulatorCore

/// The function that changes records before they are delivered.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html>
struct Transformation: Sendable {
    let function: String
    /// A batch is sent when it has this many bytes, or when its first record has waited this long.
    let bufferBytes: Int
    let bufferMilliseconds: Int64
    let retries: Int

    /// - Parameter parameters: those of a processor of the type `Lambda`.
    init(_ parameters: [String: String]) throws(AWSFault) {
        guard let function = parameters["LambdaArn"] else {
            throw .firehoseArgument("The processor Lambda needs the parameter LambdaArn.")
        }
        func number(_ name: String, _ range: ClosedRange<Double>, orElse value: Double) throws(AWSFault) -> Double {
            guard let text = parameters[name] else { return value }
            guard let number = Double(text), range ~= number else {
                throw .firehoseArgument("\(name) is \(text); expected \(range.lowerBound) to \(range.upperBound).")
            }
            return number
        }
        self.function = function
        bufferBytes = Int(try number("BufferSizeInMBs", 0.2...3, orElse: 1) * 1_048_576)
        bufferMilliseconds = Int64(try number("BufferIntervalInSeconds", 0...900, orElse: 60) * 1000)
        retries = Int(try number("NumberOfRetries", 0...300, orElse: 3))
    }
}
