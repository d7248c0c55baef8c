internal import JSON
internal import URLCoding

/// Pieces that several pages show.
enum Parts {
    /// A word for a state, with its colour. The word says the same as the colour.
    static func state(_ text: String?) -> HTML {
        let text = text ?? Shown.none
        let kind: HTML =
            switch text.lowercased() {
            case "success", "succeeded", "ok", "passed", "active": "good"
            case "error", "failed", "timed_out", "aborted", "fail", "alarm": "bad"
            case "running", "pending_redrive": "busy"
            case "caught", "retried", "unchecked", "warning": "odd"
            default: "calm"
            }
        return "<span class=\"state \(kind)\">\(text.lowercased().replacing("_", with: " "))</span>"
    }

    static func problem(_ fault: ConsoleFault) -> HTML {
        "<div class=\"problem\" role=\"alert\"><p>\(fault.description)</p><p><a href=\"\(Console.root)\">All of the pipeline</a></p></div>"
    }

    /// What an empty page says: what is missing, and the command that brings it.
    static func empty(_ text: String, command: String? = nil) -> HTML {
        let line: HTML = command.map { "<pre class=\"command\">\($0)</pre>" } ?? ""
        return "<div class=\"empty\"><p>\(text)</p>\(line)</div>"
    }

    /// Names and values.
    static func facts(_ facts: [(String, HTML)]) -> HTML {
        let rows = facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" as HTML }
        return "<dl class=\"facts\">\(rows)</dl>"
    }

    /// A table that scrolls sideways by itself where it is wider than the page.
    static func table(_ caption: String, _ head: [(name: String, isNumber: Bool)], _ rows: [[HTML]]) -> HTML {
        table(caption, head.map { Column(title: "\($0.name)", isNumber: $0.isNumber) }, rows)
    }

    /// A column whose title is more than a name.
    struct Column {
        let title: HTML
        let isNumber: Bool
        /// How the rows are sorted by it: `ascending` or `descending`.
        var order: String?
    }

    static func table(_ caption: String, _ head: [Column], _ rows: [[HTML]]) -> HTML {
        let titles = head.map { (column) -> HTML in
            let number: HTML = column.isNumber ? " class=\"number\"" : ""
            let order: HTML = column.order.map { " aria-sort=\"\($0)\"" } ?? ""
            return "<th scope=\"col\"\(number)\(order)>\(column.title)</th>"
        }
        let lines = rows.map { row -> HTML in
            let cells = zip(row, head).map { (cell, column) -> HTML in
                column.isNumber ? "<td class=\"number\">\(cell)</td>" : "<td>\(cell)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table>
            <thead><tr>\(titles)</tr></thead>
            <tbody>\(lines)</tbody></table></div>
            """
    }

    /// A part that the page fetches after it is shown, so that it waits for nothing slow.
    static func later(_ address: String, _ waiting: String) -> HTML {
        "<div class=\"later\" data-from=\"\(address)\"><p class=\"quiet\">\(waiting)</p><noscript><a href=\"\(address)\">open</a></noscript></div>"
    }

    /// A live part. With counts that are old it reads itself again as soon as newer ones are there.
    static func live(_ name: String, _ answer: JSON, _ body: HTML) -> HTML {
        let isOld: HTML = answer["is_old"]?.bool == true ? " data-counting" : ""
        return "<div data-live=\"\(name)\"\(isOld)>\(body)</div>"
    }

    /// A live part whose counts are being read: the page reads itself again when they are there.
    static func counting(_ name: String, _ text: String) -> HTML {
        """
        <div data-live="\(name)" data-counting aria-busy="true"><div class="empty"><p>\(text)</p>
        <noscript><p>Load this page again in a moment.</p></noscript></div></div>
        """
    }

    static func details(_ title: HTML, _ body: HTML, isOpen: Bool = false) -> HTML {
        let open: HTML = isOpen ? " open" : ""
        return "<details\(open)><summary>\(title)</summary>\(body)</details>"
    }

    static func code(_ text: String?) -> HTML { "<pre tabindex=\"0\">\(text ?? Shown.none)</pre>" }

    /// An address below the console, of parts that are encoded.
    static func address(_ parts: String..., query: [(String, String)] = []) -> String {
        let path = parts.map { $0.percentEncoded() }.joined(separator: "/")
        let pairs = query.filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1.percentEncoded())" }
        return Console.root + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    static func fileLink(_ id: String, _ text: String) -> HTML {
        "<a href=\"\(address("files", id))\">\(text)</a>"
    }

    /// A select of a filter.
    static func select(_ name: String, _ label: String, _ choices: [(value: String, name: String)], _ chosen: String)
        -> HTML
    {
        let options = choices.map { choice -> HTML in
            let selected: HTML = choice.value == chosen ? " selected" : ""
            return "<option value=\"\(choice.value)\"\(selected)>\(choice.name)</option>"
        }
        return "<label>\(label)<select name=\"\(name)\">\(options)</select></label>"
    }

    static func field(_ name: String, _ label: String, _ value: String, hint: String = "") -> HTML {
        "<label>\(label)<input name=\"\(name)\" value=\"\(value)\" placeholder=\"\(hint)\" autocomplete=\"off\" spellcheck=\"false\"></label>"
    }
}
