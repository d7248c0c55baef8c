import JSON
import Testing

@testable import JSONata

/// `%`, `@` and `#`; the values are those of the reference implementation.
struct PathOperatorTests {
    private static let document = """
        {"Account":{"Name":"Firefly","Order":[
        {"OrderID":"order103","Product":[{"Name":"Bowler Hat","Price":34.45,"Quantity":2,"Color":"Purple"},{"Name":"Trilby hat","Price":21.67,"Quantity":1,"Color":"Orange"}]},
        {"OrderID":"order104","Product":[{"Name":"Bowler Hat","Price":34.45,"Quantity":4,"Color":"Purple"},{"Name":"Cloak","Price":107.99,"Quantity":1,"Color":"Black"}]}]},
        "library":{"books":[{"title":"SICP","isbn":"1"},{"title":"K&R","isbn":"2"},{"title":"AWK","isbn":"3"}],
        "loans":[{"customer":"10001","isbn":"2"},{"customer":"10003","isbn":"1"}]},"list":[1,2,3],"one":[{"a":[1]}]}
        """

    @Test(
        "paths keep what leads to their results",
        arguments: [
            (
                #"Account.Order.Product.{'p': Name, 'o': %.OrderID}"#,
                #"[{"p":"Bowler Hat","o":"order103"},{"p":"Trilby hat","o":"order103"},{"p":"Bowler Hat","o":"order104"},{"p":"Cloak","o":"order104"}]"#
            ),
            (
                #"Account.Order.Product[%.OrderID='order104'].Name"#,
                #"["Bowler Hat","Cloak"]"#
            ),
            (
                #"Account.Order.Product.{'p': Name, 'a': %.%.Name}"#,
                #"[{"p":"Bowler Hat","a":"Firefly"},{"p":"Trilby hat","a":"Firefly"},{"p":"Bowler Hat","a":"Firefly"},{"p":"Cloak","a":"Firefly"}]"#
            ),
            (
                #"Account.Order.Product.Name.%.Price"#,
                #"[34.45,21.67,34.45,107.99]"#
            ),
            (
                #"Account.Order.Product.Name.%.%.OrderID"#,
                #"["order103","order103","order104","order104"]"#
            ),
            (
                #"library.loans@$l.books@$b[$l.isbn=$b.isbn].{'t': $b.title, 'c': $l.customer}"#,
                #"[{"t":"K&R","c":"10001"},{"t":"SICP","c":"10003"}]"#
            ),
            (
                #"library.loans@$L.%.books[isbn=$L.isbn].{'t': title, 'c': $L.customer}"#,
                #"[{"t":"K&R","c":"10001"},{"t":"SICP","c":"10003"}]"#
            ),
            (
                #"library.books#$i.{'t': title, 'i': $i}"#,
                #"[{"t":"SICP","i":0},{"t":"K&R","i":1},{"t":"AWK","i":2}]"#
            ),
            (
                #"library.books#$i[$i=1].title"#,
                #""K&R""#
            ),
            (
                #"library.books[title!='K&R']#$i.{'t': title, 'i': $i}"#,
                #"[{"t":"SICP","i":0},{"t":"AWK","i":1}]"#
            ),
            (
                #"list#$i.($*$i)"#,
                #"[0,2,6]"#
            ),
            (
                #"Account.Order#$o.Product#$p.{'o': $o, 'p': $p}"#,
                #"[{"o":0,"p":0},{"o":0,"p":1},{"o":1,"p":0},{"o":1,"p":1}]"#
            ),
            (
                #"Account.Order.Product^(%.OrderID, >Price).Name"#,
                #"["Bowler Hat","Trilby hat","Cloak","Bowler Hat"]"#
            ),
            (
                #"Account.Order.Product^(>Price)#$i.{'n': Name, 'i': $i}"#,
                #"[{"n":"Cloak","i":0},{"n":"Bowler Hat","i":1},{"n":"Bowler Hat","i":2},{"n":"Trilby hat","i":3}]"#
            ),
            (
                #"library.loans@$l.books@$b[$l.isbn=$b.isbn]{$l.customer: $b.title}"#,
                #"{"10001":"K&R","10003":"SICP"}"#
            ),
            (
                #"library.loans@$l.customer"#,
                nil
            ),
            (
                #"one.a#$i"#,
                #"1"#
            ),
            (
                #"list#$i[$i<2]"#,
                #"[1,2]"#
            ),
            (
                #"Account.Order[0].Product.%.OrderID"#,
                #"["order103","order103"]"#
            ),
            (
                #"Account.Order.Product[0].%.OrderID"#,
                #""order103""#
            ),
        ] as [(String, String?)])
    func paths(text: String, expected: String?) throws {
        var random = RandomSource(seed: 1)
        let bindings = ["doc": try JSON(parsing: Self.document)]
        let result = try JSONataExpression("$doc.(\(text))").evaluate(bindings: bindings, random: &random, now: 0)
        let value: JSON? = if case .json(let value) = result { value } else { nil }
        #expect(try value == expected.map { try JSON(parsing: $0) })
    }

    @Test(
        "a binding in the wrong place has its code",
        arguments: [
            ("a@b", "S0214"), ("a#1", "S0214"), ("a[0]@$b", "S0215"), ("a^(b)@$c", "S0216"),
        ])
    func faults(text: String, code: String) {
        let fault = #expect(throws: JSONataFault.self) { try JSONataExpression(text) }
        #expect(fault?.code == code)
    }
}
