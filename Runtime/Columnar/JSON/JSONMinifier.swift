internal import CKernels
internal import Contracts

/// Checks JSON texts and takes the white space out of them; digits and escapes stay as they are written.
struct JSONMinifier: ~Copyable {
    private var buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 4096)
    private var capacity = 4096

    deinit { buffer.deallocate() }

    /// The text without white space, valid until the next; nil for a JSON null.
    mutating func minified(_ text: FieldText, _ root: ColumnType.JSONRoot) throws(FieldFault) -> FieldText? {
        let copy = line(of: text)
        var line = JSONLine(copy, from: 0, of: "text")
        let value: JSONLine.Value
        do throws(JSONLineFault) {
            value = try line.readOnlyValue()
        } catch {
            throw FieldFault(error.reason, "cannot be read: \(error.message)")
        }
        let written = FieldText(start: copy + value.start, count: value.end - value.start)
        guard !written.isJSONNull else { return nil }
        try root.check(written)
        return minify(written)
    }

    /// The same of an object or array that has been checked before, as those in JSON lines have.
    mutating func minified(checked text: FieldText, _ root: ColumnType.JSONRoot) throws(FieldFault) -> FieldText {
        try root.check(text)
        makeRoom(for: text)
        return minify(text)
    }

    /// A copy of the text in one line. A carriage return is white space between values as a newline is, and as wrong
    /// inside a string, so one stands in for the other.
    private mutating func line(of text: FieldText) -> UnsafePointer<UInt8> {
        makeRoom(for: text)
        for (index, byte) in text.enumerated() { buffer[index] = byte == 0x0A ? 0x0D : byte }
        buffer[text.count] = 0x0A
        return UnsafePointer(buffer)
    }

    private mutating func makeRoom(for text: FieldText) {
        // The kernels read in fixed sizes and so beyond a text's end.
        let needed = text.count + 1 + Int(CK_PADDING)
        guard needed > capacity else { return }
        buffer.deallocate()
        capacity = needed
        buffer = .allocate(capacity: capacity)
    }

    /// Copies a checked text to the buffer, where it may stand already, without its white space.
    private func minify(_ text: FieldText) -> FieldText {
        guard let source = text.baseAddress else { return text }
        var end = 0
        var at = 0
        while at < text.count {
            let byte = source[at]
            if byte == UInt8(ascii: "\"") {
                let next = endOfString(in: source, from: at)
                (buffer + end).update(from: source + at, count: next - at)
                end += next - at
                at = next
                continue
            }
            if byte != 0x20, byte != 0x09, byte != 0x0D {
                buffer[end] = byte
                end += 1
            }
            at += 1
        }
        return FieldText(start: buffer, count: end)
    }

    /// The offset after the string that begins at `start`.
    private func endOfString(in text: UnsafePointer<UInt8>, from start: Int) -> Int {
        var at = start + 1
        while true {
            at = ck_json_string_stop(text, at)
            if text[at] == UInt8(ascii: "\"") { return at + 1 }
            at += 2
        }
    }
}

extension ColumnType.JSONRoot {
    /// Checks what the outermost value of a text is.
    func check(_ text: FieldText) throws(FieldFault) {
        switch (self, text.first) {
        case (.object, UInt8(ascii: "{")), (.array, UInt8(ascii: "[")), (.any, _): break
        case (.object, _): throw FieldFault(.notAnObject, "is not a JSON object")
        case (.array, _): throw FieldFault(.notAnArray, "is not a JSON array")
        }
    }
}
