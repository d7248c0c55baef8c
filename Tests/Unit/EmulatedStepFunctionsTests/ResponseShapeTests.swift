import ASL
import JSON
import Testing

@testable import EmulatedStepFunctions

@Suite struct ResponseShapeTests {
    @Test("every shape that the model names is in it, and every member has a type") func model() {
        let model = ResponseModel(responseShapes)
        #expect(model.shapes.count > 30)
        for (call, shape) in model.shapes { #expect(model.members[shape] != nil, "\(call): \(shape)") }
        for (shape, members) in model.members {
            for member in members { check(member.shape, "\(shape).\(member.name)", model) }
        }
    }

    private func check(_ shape: ResponseShape, _ place: String, _ model: ResponseModel) {
        switch shape {
        case .structure(let name): #expect(model.members[name] != nil, "\(place): \(name)")
        case .list(let element), .map(let element): check(element, place, model)
        case .choice(let values):
            #expect(values.count > 1, "\(place)")
            #expect(values.first?.contains(":") == false, "\(place)")
        default: break
        }
    }

    @Test(
        "a mock is refused by what its service can answer",
        arguments: [
            ("dynamodb:getItem", #"{"Item":{"id":{"S":1}}}"#, "Field 'S' must be a string"),
            ("dynamodb:getItem", #"{"Item":{"id":{"L":[{"BOOL":"true"}]}}}"#, "Field 'BOOL' must be a boolean"),
            ("dynamodb:putItem", #"{"Attributes":[]}"#, "Field 'Attributes' must be an object"),
            ("lambda:invoke", #"{"ExecutedVersion":""}"#, "Field 'ExecutedVersion' is smaller than the minimum length"),
            ("lambda:invoke", #"{"Payload":{"any":[1]},"StatusCode":200}"#, nil),
            ("aws-sdk:s3:listObjectsV2", #"{"Contents":[{"Size":"1"}]}"#, "Field 'Size' must be a number"),
            (
                "aws-sdk:lambda:getFunction", #"{"Configuration":{"State":"Gone"}}"#,
                "Field 'State' is not an expected value"
            ),
            ("aws-sdk:lambda:getFunction", #"{"Configuration":7}"#, "Field 'Configuration' must be an object"),
            ("aws-sdk:lambda:getFunction", #"{"Configuration":{"NewerThanTheModel":7}}"#, nil),
            ("states:startExecution", #"{"ExecutionArn":"a"}"#, "Required field 'StartDate' is missing"),
            ("aws-sdk:glue:getTable", #"{"Item":1}"#, nil),
        ] as [(String, String, String?)])
    func refusals(call: String, mock: String, reason: String?) throws {
        let resource = try #require(TaskResource("arn:aws:states:::\(call)"))
        let result = try JSON(parsing: mock)
        guard let reason else {
            try ResponseShape.check(result, against: resource, mode: "STRICT")
            return
        }
        #expect {
            try ResponseShape.check(result, against: resource, mode: "STRICT")
        } throws: {
            "\($0)".hasSuffix("Mock result schema validation error: \(reason)")
        }
        try ResponseShape.check(result, against: resource, mode: "NONE")
    }
}
