import JSON
import Testing

@testable import EmulatorCore

@Suite struct FormBodyTests {
    private func document(_ form: String) -> JSON { FormBody(Array(form.utf8)).document }

    @Test("member and entry keys become lists and maps")
    func listsAndMaps() {
        #expect(
            document(
                "Action=Publish&Tags.member.2.Key=b&Tags.member.1.Key=a%20+c&Attributes.entry.1.key=X&Attributes.entry.1.value=1"
                    + "&M.entry.1.Name=n&M.entry.1.Value.DataType=String&M.entry.1.Value.StringValue=%C3%A9")
                == [
                    "Action": "Publish", "Attributes": ["X": "1"],
                    "M": ["n": ["DataType": "String", "StringValue": "\u{e9}"]],
                    "Tags": [["Key": "a  c"], ["Key": "b"]],
                ])
    }

    @Test("list members are ordered by number: 10 follows 9")
    func numericOrder() {
        let form = (1...11).map { "L.member.\($0)=\($0)" }.joined(separator: "&")
        #expect(document(form)["L"]?.array == (1...11).map { .string(String($0)) })
    }

    @Test("a key that is nested too deeply is ignored")
    func deepName() {
        let deep = String(repeating: "a.", count: 200_000)
        #expect(document("\(deep)=x&b=y") == ["b": "y"])
    }
}
