internal import EmulatorCore

/// The faults of Step Functions, with its own messages.
extension AWSFault {
    /// An ARN of another service or of another kind of resource, or a text that is none.
    static func invalidARN(_ text: String) -> AWSFault {
        guard let arn = ARN(text), arn.service == "states" else {
            return AWSFault("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: \(text)'")
        }
        let type = arn.resource.prefix { $0 != ":" }
        return AWSFault("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: \(type)'")
    }

    static func stateMachineDoesNotExist(_ arn: String) -> AWSFault {
        AWSFault("StateMachineDoesNotExist", "State Machine Does Not Exist: '\(arn)'")
    }

    static func stateMachineAlreadyExists(_ arn: String) -> AWSFault {
        AWSFault("StateMachineAlreadyExists", "State Machine Already Exists: '\(arn)'")
    }

    static func executionDoesNotExist(_ arn: String) -> AWSFault {
        AWSFault("ExecutionDoesNotExist", "Execution Does Not Exist: '\(arn)'")
    }

    static func executionAlreadyExists(_ arn: String) -> AWSFault {
        AWSFault("ExecutionAlreadyExists", "Execution Already Exists: '\(arn)'")
    }

    static func activityDoesNotExist(_ arn: String) -> AWSFault {
        AWSFault("ActivityDoesNotExist", "Activity Does Not Exist: '\(arn)'")
    }

    static func stateMachineTypeNotSupported() -> AWSFault {
        AWSFault("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    }

    static func invalidToken(_ token: String) -> AWSFault {
        AWSFault("InvalidToken", "Invalid Token: '\(token)'")
    }

    static func taskTimedOut() -> AWSFault {
        AWSFault("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    }

    static func stepFunctionsValidation(_ message: String) -> AWSFault { AWSFault("ValidationException", message) }

    /// A text above its limit. AWS does not show the values of its sensitive fields.
    static func tooLong(_ field: String, limit: Int) -> AWSFault {
        .stepFunctionsValidation(
            "1 validation error detected: Value at '\(field)' failed to satisfy constraint: Member must have length less "
                + "than or equal to \(limit)")
    }

    static func constraint(_ value: String, at field: String, _ rule: String) -> AWSFault {
        .stepFunctionsValidation(
            "1 validation error detected: Value '\(value)' at '\(field)' failed to satisfy constraint: Member must \(rule)"
        )
    }
}
